#include "plugins/blend/application.hpp"

#include <algorithm>
#include <array>

namespace milepost::blend {
namespace {

/// Never told on: keys to an account, and data that no pipeline needs (GLBA's nonpublic personal information).
constexpr std::array<std::string_view, 6> kNeverTold = {"redirecturl", "taxpayeridentifier", "ssn", "dateofbirth",
                                                        "credit",      "verificationdata"};
/// Ids, which are texts whether Blend sent texts or numbers (referenceNumber's own example is a number).
constexpr std::array<std::string_view, 6> kIds = {"id", "crmId", "losId", "leadId", "referenceNumber", "losPartyId"};

bool is_never_told(const std::string& name) {
  return std::find(kNeverTold.begin(), kNeverTold.end(), lower(name)) != kNeverTold.end();
}

/// "25000.00" and "25000" are one value. What has an exponent stays as it is.
std::string plain_number(std::string text) {
  if (text.find_first_of("eE") != text.npos || text.find('.') == text.npos) return text;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

const Json* borrower_of(const Json& application) {
  const auto* parties = find(application, "/parties");
  if (parties == nullptr) parties = find(application, "/borrowers");  // v2.x
  if (parties == nullptr || !parties->is_array()) return nullptr;
  for (const auto& party : *parties)
    if (word_at(party, "/type") == "BORROWER") return &party;
  return nullptr;
}

}  // namespace

Result<std::vector<Json>> by_crm_id(const Client& client, const std::string& crm_id, const Call& call) {
  std::vector<Json> found;
  // Archived ones are hidden by default, and would then be created a second time.
  const auto query = "crmId-eq=" + escaped(crm_id) + "&ignoreArchivedStatus=true&limit=100";
  const auto list = client.paths().legacy() ? "loans" : "applications";
  auto walked =
      walk(client, "find_application", client.paths().applications(), query, list, call, [&](const Json& entry) {
        if (text_at(entry, "/crmId") == crm_id && !id_at(entry, "/id").empty()) found.push_back(entry);
        return true;
      });
  if (!walked) return fail(walked.error());
  std::reverse(found.begin(), found.end());  // newest first, says Blend
  std::stable_sort(found.begin(), found.end(), [](const Json& a, const Json& b) {
    return text_at(a, "/createdDate") < text_at(b, "/createdDate");
  });
  return found;
}

Result<std::optional<Json>> by_id(const Client& client, const std::string& id, const Call& call) {
  const auto target = client.paths().application(id);
  auto reply = client.read("get_application", target, call);
  if (!reply) {
    if (reply.error().missing()) return std::optional<Json>();
    return fail(std::move(reply.error().error));
  }
  if (lower(text_at(*reply, "/id")) != lower(id))
    return fail(ErrorKind::permanent, "the answer is about another application", "blend: GET " + target);
  return std::optional<Json>(std::move(*reply));
}

Result<std::optional<Json>> named_application(const Client& client, const Json& id, const Json& crm_id,
                                              const Call& call) {
  auto wanted = scalar_text(id).value_or("");
  if (wanted.empty()) {
    const auto ours = scalar_text(crm_id).value_or("");
    if (ours.empty()) return fail(ErrorKind::permanent, "id: missing, and so is crm_id; give one of them");
    auto found = by_crm_id(client, ours, call);
    if (!found) return fail(found.error());
    if (found->empty()) return std::optional<Json>();
    if (found->size() > 1)
      return fail(ErrorKind::permanent, std::to_string(found->size()) +
                                            " applications carry this crm_id, the first is " +
                                            id_at(found->front(), "/id") + ": name one by id");
    wanted = id_at(found->front(), "/id");
  }
  if (!is_id(wanted)) return fail(ErrorKind::permanent, "id: expected an id of Blend's");
  return by_id(client, wanted, call);
}

Json safe(const Json& value) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const auto& member : value) out.push_back(safe(member));
    return out;
  }
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [name, member] : value.items()) {
    if (is_never_told(name)) continue;
    const bool id = is_number(member) && std::find(kIds.begin(), kIds.end(), name) != kIds.end();
    out[name] = id ? Json(number_text(member)) : safe(member);
  }
  return out;
}

Json summary(const BlendConnection& connection, const Json& application) {
  const auto id = id_at(application, "/id");
  Json out{{"id", id}};
  for (const auto& [ours, theirs] : {std::pair{"crm_id", "/crmId"}, {"los_id", "/losId"}})
    if (auto value = text_at(application, theirs); !value.empty()) out[ours] = std::move(value);
  if (auto status = word_at(application, "/applicationStatus"); !status.empty()) out["status"] = std::move(status);
  if (const auto* archived = find(application, "/archivedStatus"))
    out["archived"] = archived->is_boolean() ? archived->get<bool>() : !archived->is_null();
  if (const auto* borrower = borrower_of(application)) out["borrower"] = safe(*borrower);
  if (auto link = connection.deep_link(id); !link.empty()) out["deep_link"] = std::move(link);
  return out;
}

Record record_of(const BlendConnection& connection, const std::string& id) {
  return {"blend", "application", id, "", connection.deep_link(id)};
}

bool holds(const Json& current, const Json& wanted) {
  if (wanted.is_object()) {
    if (!current.is_object()) return false;
    for (const auto& [name, value] : wanted.items()) {
      const auto found = current.find(name);
      if (found == current.end() || !holds(*found, value)) return false;
    }
    return true;
  }
  if (is_number(wanted))
    return is_number(current) && plain_number(number_text(current)) == plain_number(number_text(wanted));
  if (wanted.is_string() && is_number(current)) return number_text(current) == wanted.get_ref<const std::string&>();
  return current == wanted;
}

}  // namespace milepost::blend
