#include "plugins/blend/account.hpp"

#include <utility>

#include "milepost/plugin.hpp"
#include "plugins/blend/vocabulary.hpp"

namespace milepost::blend {
namespace {

bool is_header_value(std::string_view text) {
  return !text.empty() && text.size() <= 200 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

bool is_version(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == text.npos && text.front() != '.' &&
         text.find('.') != text.npos;
}

}  // namespace

Settings<Account> account_settings() {
  return Settings<Account>("A tenant at Blend.")
      .optional(
          "base_url", &Account::base_url, "https://api.blendlabs.com",
          "API root; beta is https://api.beta.blendlabs.com. Newer pages show api.blend.com: take what Blend gave you.")
      .required("target_instance", &Account::target_instance,
                "The tenant: `tenant` in production, `tenant~default` in lower environments.")
      .optional("api_version", &Account::api_version, "7.0.0",
                "Sent as blend-api-version; 2.x speaks the older /loans family.")
      .optional("auth", &Account::auth, "bearer",
                "bearer: token; basic: user and password; oauth: client_id and client_secret.",
                {{"enum", {"bearer", "basic", "oauth"}}})
      .secret("token", "API secret of the tenant (auth: bearer).", false)
      .optional("user", &Account::user, "", "API user (auth: basic).")
      .secret("password", "Its password (auth: basic); three wrong ones lock the user.", false)
      .secret("client_id", "OAuth client (auth: oauth).", false)
      .secret("client_secret", "Its secret (auth: oauth).", false)
      .optional("grant_type", &Account::grant_type, "client_credentials", "OAuth grant (auth: oauth).",
                {{"enum", {"client_credentials"}}})
      .optional("events_profile", &Account::events_profile, "default",
                "Name of the event profile, for blend.recovery and blend.update_event_status.")
      .optional("source_type", &Account::source_type, "CRM", "applicationSource of what is created here.",
                {{"enum", {"LOS", "CRM", "Other"}}})
      .optional("source_name", &Account::source_name, "Milepost",
                "Its name, which lenders filter their pipeline by; at most 15 characters.")
      .optional("deep_link", &Account::deep_link, "",
                "Address of an application in the lender's deployment, with {id} in it; empty: answers carry none.")
      .optional("unknown_fields", &Account::unknown_fields, "refuse",
                "Fields that version 7.0.0 does not have: refuse them here, or send them.",
                {{"enum", {"refuse", "send"}}});
}

Json account_credentials() {
  const Json login = credentials::login(
      "/oauth-token", {{"client_id", "client_id"}, {"client_secret", "client_secret"}, {"grant_type", "grant_type"}},
      "/access_token", "/expires_in", std::chrono::minutes(5));
  return credentials::choose({{{{"auth", "basic"}}, credentials::basic("user", "password")},
                              {{{"auth", "oauth"}}, login},
                              {Json::object(), credentials::bearer("token")}});
}

Status validate(const Account& account) {
  const auto wrong = [](const std::string& what) { return fail(ErrorKind::permanent, what); };
  if (!is_header_value(account.target_instance))
    return wrong("target_instance: expected a name such as tenant~default");
  if (!is_version(account.api_version)) return wrong("api_version: expected a version such as 7.0.0");
  if (!is_header_value(account.events_profile)) return wrong("events_profile: expected a profile's name");
  if (auto source = check_fields("source", {{"type", account.source_type}, {"name", account.source_name}}, ""); !source)
    return wrong("source_" + source.error().message);
  if (!account.deep_link.empty() &&
      (!account.deep_link.starts_with("https://") || account.deep_link.find("{id}") == std::string::npos))
    return wrong("deep_link: expected an https address with {id} in it");
  return {};
}

BlendConnection::BlendConnection(Account account, Host host) : account_(std::move(account)), client_(account_, host) {}

Status BlendConnection::open(const Call& call) {
  if (auto valid = validate(account_); !valid) return valid;
  return probe(call);
}

Status BlendConnection::probe(const Call& call) {
  if (client_.refused_lately(call))
    return fail(Error{ErrorKind::auth,
                      "user and password were refused less than ten minutes ago: they are not sent again, since the "
                      "third refusal locks the user",
                      "blend: GET " + client_.paths().authentication(), std::chrono::hours(24)});
  auto reply = client_.read("authentication", client_.paths().authentication(), call);
  if (!reply) {
    auto error = std::move(reply.error().error);
    if (reply.error().missing()) {
      // The account's fault, never an event's: a wrong tenant or version is told in these ways too.
      error.kind = ErrorKind::auth;
      error.message = "Blend does not take this account: check base_url, target_instance and api_version";
    }
    return fail(std::move(error));
  }
  if (const auto good = get<bool>(*reply, "/isAuthenticated"); good && !*good)
    return fail(ErrorKind::auth, "Blend says that the credentials are not authenticated",
                "blend: GET " + client_.paths().authentication());
  return {};
}

std::string BlendConnection::deep_link(const std::string& id) const {
  auto out = account_.deep_link;
  for (std::size_t at = 0; (at = out.find("{id}", at)) != out.npos; at += id.size()) out.replace(at, 4, id);
  return out;
}

Result<Answer> BlendAction::run_one(const Delivery& delivery, const Call& call) {
  auto result = act(delivery, call);
  const auto outcome = result ? name(result->effect) : name(result.error().kind);
  host_.metrics().count("items", 1, {{"action", name_}, {"outcome", outcome}});
  return result;
}

Status BlendAction::needs_v3() const {
  if (!client_.paths().legacy()) return {};
  return fail(ErrorKind::permanent, "api_version: " + connection_.account().api_version + " has no " + name_ +
                                        " here; it needs 3.0.0 or later");
}

Result<std::string> id_setting(const Json& value, const std::string& name) {
  auto id = scalar_text(value);
  if (!id || !is_id(*id)) return fail(ErrorKind::permanent, name + ": expected an id of Blend's");
  return std::move(*id);
}

}  // namespace milepost::blend
