#include "plugins/crfconnect/sandbox/access.hpp"

#include "plugins/crfconnect/date_time.hpp"
#include "plugins/crfconnect/store.hpp"

namespace milepost::crfconnect {
namespace {

/// The text that is signed: one field a line, an empty one keeps its line (service SAS, read 2026-11).
std::string to_sign(const testing::Params& query, const std::string& resource) {
  std::string out = query["sp"] + '\n' + query["st"] + '\n' + query["se"] + '\n' + resource + '\n' + query["si"] +
                    '\n' + query["sip"] + '\n' + query["spr"] + '\n' + query["sv"];
  if (!resource.starts_with("/blob/")) return out;
  out += '\n' + query["sr"] + '\n';              // then the snapshot's time, which is none
  if (query["sv"] >= "2020-12-06") out += '\n';  // the encryption scope
  for (auto header : {"rscc", "rscd", "rsce", "rscl", "rsct"}) out += '\n' + query[header];
  return out;
}

std::string signed_by_account(const std::string& text) {
  return testing::base64(testing::hmac_sha256(*testing::base64_decode(kAccountKey), text));
}

}  // namespace

std::optional<StoreFault> refused(const testing::Params& query, const std::string& resource, std::string_view needs,
                                  Time now) {
  const auto failed =
      StoreFault{403, "AuthenticationFailed",
                 "Server failed to authenticate the request. Make sure the value of Authorization header is "
                 "formed correctly including the signature."};
  if (!query.has("sig"))
    return StoreFault{401, "NoAuthenticationInformation", "Server failed to authenticate the request."};
  if (query["sig"] != signed_by_account(to_sign(query, resource))) return failed;
  const auto until = parse_date_time(query["se"]), from = parse_date_time(query["st"]);
  if (!until || now >= *until || (query.has("st") && (!from || now < *from))) return failed;
  // The double listens on plain HTTP alone.
  if (query["spr"] == "https")
    return StoreFault{403, "AuthorizationProtocolMismatch",
                      "This request is not authorized to perform this operation using this protocol."};
  if (!needs.empty() && query["sp"].find_first_of(needs) == std::string::npos)
    return StoreFault{403, "AuthorizationPermissionMismatch",
                      "This request is not authorized to perform this operation using this permission."};
  return std::nullopt;
}

std::string signature_for(const std::string& resource, const std::string& permissions) {
  const bool blob = resource.starts_with("/blob/");
  std::string query = "sp=" + permissions + "&se=2030-01-01T00:00:00Z&sv=" + (blob ? "2020-08-04&sr=c" : "2020-02-10");
  return query + "&sig=" + url_encoded(signed_by_account(to_sign(testing::form(query), resource)));
}

}  // namespace milepost::crfconnect
