#include "plugins/blend/client.hpp"

#include <charconv>
#include <utility>

#include "plugins/blend/account.hpp"

namespace milepost::blend {
namespace {

using namespace std::chrono_literals;

/// When user and password were refused last, in microseconds since 1970: shared by all instances of the connection.
constexpr const char* kRefusedAt = "basic_refused_at";
constexpr auto kAfterRefusal = 10min;
/// The host opens a refused account again by itself, unless it is told to wait.
constexpr auto kNextTry = 24h;

/// True when the vendor's text mentions `name` as a word of its own.
bool mentions(std::string_view text, std::string_view name) {
  const auto letter = [](char c) { return is_id(std::string_view(&c, 1)); };
  for (auto at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
    const auto end = at + name.size();
    if ((at == 0 || !letter(text[at - 1])) && (end == text.size() || !letter(text[end]))) return true;
  }
  return false;
}

void gather_names(const Json& body, std::vector<std::string>& names) {
  if (body.is_object()) {
    for (const auto& [name, value] : body.items()) {
      if (is_id(name)) names.push_back(name);
      gather_names(value, names);
    }
  } else if (body.is_array()) {
    for (const auto& value : body) gather_names(value, names);
  }
}

/// The fields of our own body which the vendor's text mentions: the text itself may quote a borrower.
std::string about(const Json& sent, const Json& answer) {
  const auto words = text_at(answer, "/error") + ' ' + text_at(answer, "/display");
  std::vector<std::string> names;
  gather_names(sent, names);
  std::string out;
  for (const auto& name : names)
    if (name.size() > 2 && mentions(words, name) && !mentions(out, name)) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string advice(int status, bool basic) {
  switch (status) {
    case 401:
      // Three wrong passwords lock the user (api-auth-security-details, read 2026-11).
      return basic ? "Blend refused user and password, and three refusals lock the user: it is not asked again for a "
                     "day; "
                     "correct them, wait ten minutes, and start the host anew"
                   : "Blend refused the credentials";
    case 403:
      return "the credentials may not do this here: check target_instance, the user's rights and the caller's address";
    case 404:
      return "Blend knows no such record or path";
    case 409:
      return "it is in that state already, or may not go there";
    case 422:
      return "Blend's rules refuse the values";
    default:
      return "Blend answered " + std::to_string(status);
  }
}

Error refused(const HttpResponse& response, const Ask& ask, const std::string& origin, bool basic, Time now) {
  auto error = *classify(response, ask.intent, origin, std::chrono::system_clock::time_point(now.time_since_epoch()));
  error.message = advice(response.status, basic);
  if (response.status == 401 && basic) error.retry_after = kNextTry;
  const auto body = read_json(response.body).value_or(Json::object());
  if (const auto names = about(ask.body, body); !names.empty()) error.message += " (about " + names + ")";
  if (const auto tracking = id_at(body, "/trackingId"); !tracking.empty()) error.origin += ", tracking " + tracking;
  return error;
}

}  // namespace

bool reads_milestones(const std::string& api_version) {
  int major = 0, minor = 0;
  const char* const end = api_version.data() + api_version.size();
  const auto first = std::from_chars(api_version.data(), end, major);
  if (first.ptr != end && *first.ptr == '.') std::from_chars(first.ptr + 1, end, minor);
  return (major == 2 && minor >= 2) || major == 3 || major == 4 || (major == 5 && minor <= 1) || major == 6;
}

Client::Client(const Account& account, Host host)
    : paths_(account.api_version),
      headers_{{"blend-target-instance", account.target_instance},
               {"blend-api-version", account.api_version},
               {"Accept", "application/json; charset=utf-8"}},
      profile_(account.events_profile),
      basic_(account.auth == "basic"),
      host_(host) {}

Reply Client::send(Ask ask, const Call& call) const {
  HttpRequest request{ask.method, ask.target, headers_, {}, ask.intent};
  if (ask.profiled) request.headers.emplace_back("bons-profile", profile_);
  if (!ask.body.is_null()) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = text(ask.body);
  }
  return exchange(ask, std::move(request), call);
}

Reply Client::upload(Ask ask, const std::string& content_type, std::string body, const Call& call) const {
  HttpRequest request{ask.method, ask.target, headers_, std::move(body), ask.intent};
  request.headers.emplace_back("Content-Type", content_type);
  return exchange(ask, std::move(request), call);
}

bool Client::refused_lately(const Call& call) const {
  if (!basic_) return false;
  const auto had = host_.state().get(kRefusedAt, call);
  if (!had || had->version == 0) return false;
  long long at = 0;
  std::from_chars(had->value.data(), had->value.data() + had->value.size(), at);
  return host_.clock().now() < Time(std::chrono::microseconds(at)) + kAfterRefusal;
}

/// Where it cannot be kept, the host's own waits are what is left.
void Client::remember_refusal(const Call& call) const {
  const auto had = host_.state().get(kRefusedAt, call);
  if (!had) return;
  const auto now = std::to_string(host_.clock().now().time_since_epoch().count());
  if (auto kept = host_.state().put(kRefusedAt, now, had->version, call); !kept)
    host_.log().warn("refusal_not_remembered", {});
}

Reply Client::exchange(const Ask& ask, HttpRequest request, const Call& call) const {
  std::string origin = "blend: " + request.method + ' ' + request.target.substr(0, request.target.find('?'));
  const auto started = host_.clock().now();
  const auto response = host_.http().send(request, call);
  const auto now = host_.clock().now();
  host_.metrics().seconds("request", std::chrono::duration<double>(now - started).count(),
                          {{"operation", ask.operation}});
  if (!response) {
    Error error = response.error();
    if (error.origin.empty()) error.origin = std::move(origin);
    return std::unexpected(Refusal{std::move(error)});
  }
  if (response->status == 401 && basic_) remember_refusal(call);
  if (!response->ok()) return std::unexpected(Refusal{refused(*response, ask, origin, basic_, now), response->status});
  origin += " -> " + std::to_string(response->status);
  const bool empty = response->body.find_first_not_of(" \t\r\n") == std::string::npos;
  if (empty && ask.may_be_empty) return Json(nullptr);
  auto body = read_json(response->body);
  if (!body) {
    // A 2xx that cannot be read: whether a write was done is unknown, unless it may simply be sent again.
    const auto kind = ask.intent == Intent::once ? ErrorKind::indeterminate : ErrorKind::retryable;
    return std::unexpected(Refusal{{kind, empty ? "the answer is empty" : "the answer is no JSON", origin, {}}});
  }
  // Bulk answers have a list of that name; a text is a refusal that came under a 2xx.
  if (const auto* error = find(*body, "/error");
      error != nullptr && error->is_string() && find(*body, "/id") == nullptr)
    return std::unexpected(Refusal{{ErrorKind::permanent, "Blend answered with an error under a 2xx", origin, {}}});
  return std::move(*body);
}

}  // namespace milepost::blend
