// The scheme "login": a call that yields a token, made by one caller while the others wait for it.
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>

#include "host/config/units.hpp"
#include "host/http/deadline.hpp"
#include "host/http/schemes.hpp"
#include "milepost/http.hpp"

namespace milepost::http {

namespace {

using std::chrono::seconds;
using telemetry::Time;

constexpr std::size_t kMaxAnswer = 1u << 20;
constexpr long long kUnixTimesBegin = 1'000'000'000;  // 2001; as a lifetime it would be 31 years

struct Session {
  config::Secret token;
  Time renew_at;
};

class Login : public Signer {
 public:
  struct Settings {
    std::string url, path, token_at, expires_at;
    std::map<std::string, config::Secret> body;
    std::chrono::milliseconds lifetime;
  };
  Login(Settings settings, const telemetry::Clock& clock) : settings_(std::move(settings)), clock_(clock) {}

  Status sign(Request& request, Client& client, const Options& options) override;
  bool refresh() override {
    const std::lock_guard guard(mutex_);
    session_.reset();
    return true;
  }
  bool refresh_after(const Request& refused) override {
    const std::lock_guard guard(mutex_);
    for (const auto& [name, value] : refused.headers)
      if (session_ && same_header(name, "Authorization") && value == "Bearer " + session_->token.reveal())
        session_.reset();
    return true;
  }
  std::vector<std::string> hidden() const override;

 private:
  Result<Session> log_in(Client& client, const Options& options) const;
  Result<Session> read_answer(const Response& response) const;
  std::optional<Time> expiry(const Json& answer, Time now) const;

  const Settings settings_;
  const telemetry::Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable finished_;
  std::optional<Session> session_;
  std::optional<Error> failure_;  // of the latest login
  std::uint64_t logins_ = 0;
  bool logging_in_ = false;
};

Status Login::sign(Request& request, Client& client, const Options& options) {
  Deadline deadline(options.timeout, options.stopped);
  std::unique_lock lock(mutex_);
  while (!session_ || clock_.now() >= session_->renew_at) {
    if (logging_in_) {
      const auto awaited = logins_;
      while (logins_ == awaited) {
        lock.unlock();
        const auto verdict = deadline.check();
        lock.lock();
        if (verdict == Deadline::Verdict::cancelled) return fail(ErrorKind::cancelled, "cancelled while logging in");
        if (verdict == Deadline::Verdict::timeout)
          return fail(ErrorKind::retryable, "the login did not finish in time");
        finished_.wait_for(lock, deadline.slice(), [&] { return logins_ != awaited; });
      }
      // One refusal is enough for all who waited; only a cancelled login says nothing about the next.
      if (failure_ && failure_->kind != ErrorKind::cancelled) return fail(*failure_);
      continue;
    }
    logging_in_ = true;
    lock.unlock();
    auto made = log_in(client, options);
    lock.lock();
    logging_in_ = false;
    ++logins_;
    failure_.reset();
    if (made)
      session_ = std::move(*made);
    else
      failure_ = made.error();
    finished_.notify_all();
    if (failure_) return fail(*failure_);
    break;  // even a token that is about to expire is good for this request
  }
  set_header(request, "Authorization", "Bearer " + session_->token.reveal());
  return {};
}

Result<Session> Login::log_in(Client& client, const Options& options) const {
  Json body = Json::object();
  for (const auto& [key, secret] : settings_.body) body[key] = secret.reveal();
  Request request{.method = "POST",
                  .url = settings_.url,
                  .headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}},
                  .body = text(body),
                  .intent = Intent::repeatable};
  Options bounded = options;
  bounded.max_response_bytes = std::min(options.max_response_bytes, kMaxAnswer);
  const auto response = client.exchange(request, bounded);
  // A login leaves nothing behind: as far as doubt goes, it is a read.
  if (!response) return fail(to_error(response.error(), Intent::read, "login: POST " + settings_.path));
  return read_answer(*response);
}

Result<Session> Login::read_answer(const Response& response) const {
  const std::string origin = "login: POST " + settings_.path + " -> " + std::to_string(response.status);
  if (response.status < 200 || response.status > 299) {
    auto error =
        *classify(HttpResponse{response.status, response.headers, {}}, milepost::Intent::read, origin, clock_.now());
    // A refused login is the account's fault, never the event's: the connection waits for a person.
    if (error.kind == ErrorKind::permanent) error.kind = ErrorKind::auth;
    error.message = "the login was refused with " + std::to_string(response.status);
    return fail(std::move(error));
  }
  const auto answer = read_json(response.body);
  if (!answer) return fail(ErrorKind::retryable, "the login's answer is no JSON", origin);
  const auto token = get<std::string>(*answer, settings_.token_at);
  if (!token || token->empty())
    return fail(ErrorKind::retryable, "the login's answer has no token at " + settings_.token_at, origin);

  const Time now = clock_.now();
  const Time expires = expiry(*answer, now).value_or(now + settings_.lifetime);
  return Session{config::Secret(*token), now + std::max(expires - now, Time::duration::zero()) / 5 * 4};
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

std::vector<std::string> Login::hidden() const {
  std::vector<std::string> out;
  for (const auto& [key, secret] : settings_.body)
    if (!secret.empty()) out.push_back(secret.reveal());
  const std::lock_guard guard(mutex_);
  if (session_) out.push_back(session_->token.reveal());
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
