#include "plugins/sheets/sandbox/token.hpp"

#include <algorithm>

#include "plugins/sheets/sandbox/rsa.hpp"

namespace milepost::sheets::sandbox {
namespace {

using namespace std::chrono_literals;

/// Of demo-key.json.
constexpr std::string_view kModulus =
    "df4b48ee5b4b82a2e0ea8e9aa17ae6f0895f8531c77a95ee3310c3b6f067e2bbada0a5f36b3b387b2f1b15b8214b89ec"
    "c7116cbdb035736702da65cb8a67e12344213774d40cb6ab1877a3b542c7750102288243e5190bce44d4420a2ca7fc1f"
    "56be7d1a2c3eb1eda76d7a32ebd3ed1dc545b0cc233db9d00705ba2c0cb1b707d0078b74f2d6a9d481ec810b93079691"
    "b36c0fa6d45f87547978f116046ff4d47a2e96b34ef094b6342456ffac236331c86500fc3e01eea1c3d3f4ebd634b038"
    "d268c564d38353365e7f2180a9ee8ba12a91729b5d1bd677abdd2b4c9ccda01a853791bb4183572637691d4c056feefe"
    "bfba0665a142e51e99a94e452c71f5b9";

/// How far a clock may be off (not documented: UNCONFIRMED).
constexpr auto kSkew = 300s;
constexpr auto kMostLife = 3600s;
constexpr std::string_view kEndpoint = "https://oauth2.googleapis.com/token";

std::optional<std::string> decoded(std::string text) {
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  return testing::base64_decode(text);
}

HttpResponse refuse(const std::string& error, const std::string& description) {
  return testing::json_answer(400, {{"error", error}, {"error_description", description}});
}

}  // namespace

HttpResponse Tokens::exchange(const HttpRequest& request, Time now) {
  const auto form = testing::form(request.body);
  if (form["grant_type"] != "urn:ietf:params:oauth:grant-type:jwt-bearer")
    return refuse("unsupported_grant_type", "Invalid grant_type: " + form["grant_type"]);
  const auto& assertion = form["assertion"];
  const auto first = assertion.find('.'), last = assertion.rfind('.');
  if (first == assertion.npos || first == last) return refuse("invalid_request", "Bad Request");
  const auto head_text = decoded(assertion.substr(0, first));
  const auto claims_text = decoded(assertion.substr(first + 1, last - first - 1));
  const auto signature = decoded(assertion.substr(last + 1));
  const auto head = read_json(head_text.value_or("")), claims = read_json(claims_text.value_or(""));
  if (!head || !claims || !signature) return refuse("invalid_grant", "Invalid JWT: Failed audience check.");
  if (get<std::string>(*head, "/alg").value_or("") != "RS256")
    return refuse("invalid_grant", "Invalid JWT: unsupported algorithm.");
  // The wording of these two: UNCONFIRMED.
  if (get<std::string>(*claims, "/iss").value_or("") != kAccount)
    return refuse("invalid_grant", "Invalid grant: account not found");
  if (!rs256_verifies(kModulus, assertion.substr(0, last), *signature))
    return refuse("invalid_grant", "Invalid JWT Signature.");
  const auto audience = get<std::string>(*claims, "/aud").value_or("");
  const std::string host(request.header("Host"));
  const bool ours = audience.ends_with("/token") && audience.find("://" + host + "/") != audience.npos;
  if (audience != kEndpoint && !ours) return refuse("invalid_grant", "Invalid JWT: Failed audience check.");
  const std::chrono::seconds from(get<long long>(*claims, "/iat").value_or(0)),
      to(get<long long>(*claims, "/exp").value_or(0));
  const auto at = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
  if (from > at + kSkew || to <= at - kSkew || to <= from || to - from > kMostLife)
    return refuse(
        "invalid_grant",
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your "
        "iat and exp values in the JWT claim.");
  const auto scopes = " " + get<std::string>(*claims, "/scope").value_or("") + " ";
  const bool writes = scopes.find("/auth/spreadsheets ") != scopes.npos;
  if (!writes && scopes.find("/auth/spreadsheets.readonly ") == scopes.npos)
    return refuse("invalid_scope", "Invalid OAuth scope or ID token audience provided.");
  const auto token = "ya29.c." + testing::hex(testing::sha256(assertion + std::to_string(++made_)));
  tokens_[token] = {std::string(kAccount), writes, now + life_};
  return testing::json_answer(200,
                              {{"access_token", token}, {"expires_in", life_.count() - 1}, {"token_type", "Bearer"}});
}

const Tokens::Token* Tokens::find(const std::string& token, Time now) const {
  static const Token for_ever{std::string(kAccount), true, Time::max()};
  if (token == "sandbox-token") return &for_ever;
  const auto found = tokens_.find(token);
  return found == tokens_.end() || found->second.until <= now ? nullptr : &found->second;
}

}  // namespace milepost::sheets::sandbox
