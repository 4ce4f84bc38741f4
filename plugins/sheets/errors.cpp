#include "plugins/sheets/errors.hpp"

#include <algorithm>

namespace milepost::sheets {
namespace {

using namespace std::chrono_literals;

/// Quotas fill again each minute, and a 429 has no Retry-After (limits page, read 2026-11): a third of it, then the
/// host's own backoff grows.
constexpr auto kQuotaWait = 20s;

/// RESOURCE_EXHAUSTED, WriteRequestsPerMinutePerUser, or nothing: other text may be somebody's.
std::string code(const Json& body, std::string_view pointer) {
  auto out = get<std::string>(body, pointer).value_or("");
  const bool plain = out.size() <= 60 && std::ranges::all_of(out, [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
                     });
  return plain ? out : "";
}

/// What a person should do, by the words of the vendor's sentence (none of them documented: UNCONFIRMED, so unknown
/// ones are simply not explained).
std::string advice(const std::string& says, const Asked& asked) {
  const auto has = [&](std::string_view words) { return says.find(words) != says.npos; };
  if (has("number of cells"))
    return "the spreadsheet is full: it may have 10,000,000 cells over all its tabs, empty ones included. Delete empty "
           "rows and columns, or begin a new spreadsheet, then retry";
  if (has("Unable to parse range"))
    return "the spreadsheet has no tab \"" + asked.tab + "\": was it renamed? Rename it back, or change `tab`";
  if (has("protected"))
    return "a cell or the tab is protected: let the service account edit it, in Data, Protected sheets and ranges";
  if (has("not supported for this document"))
    return "the file is no Google sheet (an uploaded Excel file?): open it and save it as a Google sheet";
  if (has("exceeds grid limits")) return "the tab is smaller than what was asked for";
  if (has("50000 characters")) return "a cell may hold 50,000 characters";
  if (has("has not been used in project") || has("is disabled"))
    return "the Google Sheets API is not enabled in the service account's project: enable it there";
  return "";
}

}  // namespace

std::optional<Error> refusal(const HttpResponse& response, const Asked& asked, Time now) {
  auto error = classify(response, asked.intent, asked.origin, now);
  if (!error) return std::nullopt;
  const auto body = read_json(response.body).value_or(Json::object());
  const int status = response.status;
  const auto help = advice(get<std::string>(body, "/error/message").value_or(""), asked);
  if (status == 401) {
    error->message = "the token is not valid";
  } else if (status == 403) {
    error->message = "the service account may not do this: share the spreadsheet with its e-mail address, as an editor";
  } else if (status == 404) {
    error->kind = ErrorKind::auth;
    error->message = "no such spreadsheet, or no such API at this address: check `spreadsheet` and `base_url`";
  } else if (status == 429) {
    error->retry_after = std::max<std::chrono::milliseconds>(error->retry_after.value_or(0ms), kQuotaWait);
    const auto limit = code(body, "/error/details/0/metadata/quota_limit");
    error->message = "over the quota" + (limit.empty() ? "" : " " + limit);
  }
  if (!help.empty()) error->message = help;
  if (const auto name = code(body, "/error/status"); !name.empty()) error->message += " (" + name + ")";
  return error;
}

Error nonsense(const Asked& asked, const std::string& what) {
  const auto kind = asked.intent == Intent::once ? ErrorKind::indeterminate : ErrorKind::retryable;
  return {kind, what, asked.origin + " -> 200", std::nullopt};
}

}  // namespace milepost::sheets
