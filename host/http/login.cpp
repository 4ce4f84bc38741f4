// The scheme "login": a call that yields a token.
#include <map>
#include <optional>

#include "host/config/units.hpp"
#include "host/http/session.hpp"

namespace milepost::http {

namespace {

using std::chrono::seconds;
using telemetry::Time;

constexpr long long kUnixTimesBegin = 1'000'000'000;  // 2001; as a lifetime it would be 31 years

class Login : public SessionSigner {
 public:
  struct Settings {
    std::string url, path, token_at, expires_at;
    std::map<std::string, config::Secret> body;
    std::chrono::milliseconds lifetime;
  };
  Login(Settings settings, const telemetry::Clock& clock) : SessionSigner(clock), settings_(std::move(settings)) {}

 private:
  Result<Session> fetch(Client& client, const Options& options) const override;
  std::vector<std::string> known() const override;
  std::optional<Time> expiry(const Json& answer, Time now) const;

  const Settings settings_;
};

Result<Login::Session> Login::fetch(Client& client, const Options& options) const {
  Json body = Json::object();
  for (const auto& [key, secret] : settings_.body) body[key] = secret.reveal();
  const Request request{.method = "POST",
                        .url = settings_.url,
                        .headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}},
                        .body = text(body),
                        .intent = Intent::repeatable};
  const std::string origin = "login: POST " + settings_.path;
  const auto response = ask(request, client, options, "the login", origin);
  if (!response) return fail(response.error());
  const auto answer = read_json(response->body);
  if (!answer) return fail(ErrorKind::retryable, "the login's answer is no JSON", origin);
  const auto token = get<std::string>(*answer, settings_.token_at);
  if (!token || token->empty())
    return fail(ErrorKind::retryable, "the login's answer has no token at " + settings_.token_at, origin);
  const Time now = clock_.now();
  return session(*token, expiry(*answer, now).value_or(now + settings_.lifetime) - now);
}

std::optional<Time> Login::expiry(const Json& answer, Time now) const {
  if (settings_.expires_at.empty()) return std::nullopt;
  const Json* const found = find(answer, settings_.expires_at);
  if (found == nullptr) return std::nullopt;
  const std::string written = found->is_string()  ? found->get<std::string>()
                              : is_number(*found) ? number_text(*found)
                                                  : "";
  if (Time time; telemetry::from_text(written, time)) return time;
  long long count = 0;
  const char* const end = written.data() + written.size();
  const auto [stop, fault] = std::from_chars(written.data(), end, count);  // of 3600.5 the whole seconds
  if (fault != std::errc() || count <= 0 || (stop != end && *stop != '.')) return std::nullopt;
  if (count >= kUnixTimesBegin * 1000) count /= 1000;  // milliseconds since 1970
  return count >= kUnixTimesBegin ? Time(seconds(std::min(count, 253'402'300'799LL))) : now + seconds(count);
}

std::vector<std::string> Login::known() const {
  std::vector<std::string> out;
  for (const auto& [key, secret] : settings_.body)
    if (!secret.empty()) out.push_back(secret.reveal());
  return out;
}

}  // namespace

Result<std::unique_ptr<Signer>> make_login(const SettingReader& settings, const std::string& base_url,
                                           const telemetry::Clock& clock) {
  const auto path = settings.literal("path"), token = settings.literal("token");
  const auto expires = settings.literal("expires", true), lifetime = settings.literal("lifetime", true);
  for (const auto* field : {&path, &token, &expires, &lifetime})
    if (!*field) return fail(field->error());

  Login::Settings made{.url = base_url,
                       .path = *path,
                       .token_at = *token,
                       .expires_at = *expires,
                       .body = {},
                       .lifetime = std::chrono::hours(1)};
  while (made.url.ends_with('/')) made.url.pop_back();
  made.url += (path->starts_with('/') ? "" : "/") + *path;
  if (!lifetime->empty()) {
    const auto parsed = config::parse_duration(*lifetime);
    if (!parsed) return fail(ErrorKind::permanent, "the connector's credentials: lifetime: " + parsed.error().message);
    made.lifetime = *parsed;
  }
  if (const Json* body = settings.object("body"))
    for (const auto& [key, setting] : body->items()) {
      if (!setting.is_string())
        return fail(ErrorKind::permanent, "the connector's credentials: body must name a setting for each key");
      auto value = settings.setting(setting.get<std::string>());
      if (!value) return fail(value.error());
      made.body.emplace(key, std::move(*value));
    }
  return std::unique_ptr<Signer>(std::make_unique<Login>(std::move(made), clock));
}

}  // namespace milepost::http
