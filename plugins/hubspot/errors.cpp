#include "plugins/hubspot/errors.hpp"

#include <algorithm>

#include "plugins/hubspot/names.hpp"

namespace milepost::hubspot {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kDaily = "DAILY";

/// Waits by `policyName`: CRM's 429 carries no Retry-After. The first two are those of the official client
/// (@hubspot/api-client 13.5.0, read 2026-11); the daily one lasts until midnight in the account's zone: where that is not
/// known, HubSpot is asked again once an hour.
std::chrono::milliseconds policy_wait(const std::string& policy) {
  if (policy == "SECONDLY") return 1s;
  if (policy == kDaily) return 1h;
  return 10s;  // TEN_SECONDLY_ROLLING, and what is new
}
constexpr auto kLockedWait = 2s;     // 423: "at least 2 s" (error handling page, read 2026-11)
constexpr auto kMigrationWait = 1h;  // 477 without Retry-After: an account's move lasts up to 24 h (same page)

/// A code such as INVALID_EMAIL or Properties.PROPERTY_WITH_NAME_EXISTS, or nothing: other text may be a borrower's.
std::string plain(std::string text) {
  const bool code = text.size() <= 80 && std::all_of(text.begin(), text.end(), [](char c) {
                      return c == '.' || is_name(std::string_view(&c, 1));
                    });
  return code ? text : std::string();
}
std::string code(const Json& body, std::string_view pointer) {
  return plain(get<std::string>(body, pointer).value_or(""));
}

/// True when the vendor's text mentions `name` as a word of its own.
bool mentions(std::string_view text, std::string_view name) {
  const auto letter = [](char c) { return is_name(std::string_view(&c, 1)); };
  for (auto at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
    const auto end = at + name.size();
    if ((at == 0 || !letter(text[at - 1])) && (end == text.size() || !letter(text[end]))) return true;
  }
  return false;
}

/// "VALIDATION_ERROR, PROPERTY_DOESNT_EXIST, about loan_colour".
std::string summary(const Json& body, const Asked& asked) {
  std::vector<std::string> codes;
  const auto add = [&](std::string found) {
    if (!found.empty() && std::find(codes.begin(), codes.end(), found) == codes.end() && codes.size() < 6)
      codes.push_back(std::move(found));
  };
  add(code(body, "/category"));
  add(code(body, "/subCategory"));
  std::string words = get<std::string>(body, "/message").value_or("");
  if (const auto* context = find(body, "/context")) words += ' ' + text(*context);
  if (const auto* errors = find(body, "/errors"); errors != nullptr && errors->is_array()) {
    for (const auto& error : *errors) {
      add(code(error, "/code"));
      add(code(error, "/subCategory"));
      words += ' ' + text(error);
    }
  }
  std::string about;
  for (const auto& name : asked.names)
    if (mentions(words, name)) about += (about.empty() ? ", about " : ", ") + name;
  std::string out;
  for (const auto& found : codes) out += (out.empty() ? "" : ", ") + found;
  return out + about;
}

/// "Contact already exists. Existing ID: 123".
std::string existing_id(const Json& body) {
  constexpr std::string_view kMark = "Existing ID: ";
  const auto message = get<std::string>(body, "/message").value_or("");
  const auto at = message.find(kMark);
  if (at == message.npos) return {};
  const auto rest = std::string_view(message).substr(at + kMark.size());
  const auto digits = rest.substr(0, std::min(rest.find_first_not_of("0123456789"), rest.size()));
  return is_id(digits) ? std::string(digits) : std::string();
}

}  // namespace

std::optional<Refusal> refusal(const HttpResponse& response, const Asked& asked, Time now) {
  auto error =
      classify(response, asked.intent, asked.origin, std::chrono::system_clock::time_point(now.time_since_epoch()));
  if (!error) return std::nullopt;
  const auto body = read_json(response.body).value_or(Json::object());
  const int status = response.status;
  if (status == 423) {
    error->kind = ErrorKind::retryable;
    error->retry_after = std::max<std::chrono::milliseconds>(error->retry_after.value_or(0ms), kLockedWait);
    error->message = "the record is locked";
  } else if (status == 477) {
    error->kind = ErrorKind::rate_limited;
    error->retry_after = error->retry_after.value_or(kMigrationWait);
    error->message = "the account is being moved";
  } else if (status == 429) {
    const auto policy = code(body, "/policyName");
    error->retry_after = std::max(error->retry_after.value_or(0ms), policy_wait(policy));
    error->message = "over the limit" + (policy.empty() ? "" : " " + policy);
  } else if (status == 403) {
    error->message = "the token may not do this: grant it the scope that README names, or another token";
  } else if (status == 401) {
    error->message = "the token is not valid";
  }
  if (const auto more = summary(body, asked); !more.empty()) error->message += " (" + more + ")";
  auto correlation = code(body, "/correlationId");
  if (correlation.empty()) correlation = plain(std::string(response.header("X-HubSpot-Correlation-Id")));
  if (!correlation.empty()) error->origin += ", correlation " + correlation;
  const bool daily = status == 429 && code(body, "/policyName") == kDaily;
  return Refusal{std::move(*error), status, status == 409 ? existing_id(body) : std::string(), daily};
}

Refusal until_midnight(Refusal refusal, const std::string& time_zone, const Clock& clock) {
  if (!refusal.daily || time_zone.empty()) return refusal;
  const auto midnight = clock.next_midnight(time_zone);
  if (!midnight) return refusal;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*midnight - clock.now());
  // Half a minute later, for clocks that differ from ours.
  refusal.error.retry_after = wait + 30s;
  refusal.error.message += ", until midnight in " + time_zone;
  return refusal;
}

Refusal item_refusal(const Json& entry, const Asked& asked) {
  Error error{ErrorKind::permanent, "the vendor refused this item", asked.origin, std::nullopt};
  if (code(entry, "/category") == "RATE_LIMITS") {
    error.kind = ErrorKind::rate_limited;
    error.retry_after = policy_wait(code(entry, "/policyName"));
  }
  if (const auto more = summary(entry, asked); !more.empty()) error.message += " (" + more + ")";
  const bool daily = error.kind == ErrorKind::rate_limited && code(entry, "/policyName") == kDaily;
  return {std::move(error), 0, existing_id(entry), daily};
}

}  // namespace milepost::hubspot
