#include "host/conformance/error_table.hpp"

#include <ctime>

namespace milepost::conformance {
namespace {

using namespace std::chrono_literals;
using How = Fault::How;

constexpr const char* kQuotes =
    R"({"message": "{echo}", "error": {"message": "{echo}"}, "status": "error", "category": "VALIDATION_ERROR"})";
constexpr const char* kInAnHour = "{in an hour}";
const http::Headers kJson{{"Content-Type", "application/json"}};

Fault answer(int status, http::Headers headers = {}) {
  headers.insert(headers.end(), kJson.begin(), kJson.end());
  return {How::answer, status, std::move(headers), kQuotes, false};
}
Fault replace(int status, http::Headers headers, std::string body, bool keeps = false) {
  return {How::replace, status, std::move(headers), std::move(body), keeps};
}

/// "Mon, 02 Nov 2026 12:00:00 GMT".
std::string http_date(telemetry::Time time) {
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(time));
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char out[40];
  std::strftime(out, sizeof out, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return out;
}

}  // namespace

Fault TableRow::at(telemetry::Time now) const {
  Fault out = fault;
  for (auto& [header, value] : out.headers)
    if (value == kInAnHour) value = http_date(now + 1h);
  return out;
}

std::vector<TableRow> error_table() {
  using enum TableRow::Meaning;
  using K = ErrorKind;
  const http::Headers date{{"Retry-After", kInAnHour}};
  return {
      {"400 that quotes the request", answer(400), known, K::permanent},
      {"401", answer(401), known, K::auth},
      {"403", answer(403), known, K::auth},
      {"429, seconds", answer(429, {{"Retry-After", "77"}}), known, K::rate_limited, 77s},
      {"429, date", answer(429, date), known, K::rate_limited, 3590s},
      {"500", answer(500)},
      {"502", answer(502)},
      {"503", answer(503), known, K::retryable},
      {"503, date", answer(503, date), known, K::rate_limited, 3590s},
      {"hang", {.how = How::hang}, unknown, K::retryable, 0s, 1200ms},
      {"trickle", {.how = How::trickle}, unknown, K::retryable, 0s, 1200ms},
      {"cut before", {.how = How::cut_before}},
      {"cut after", {.how = How::cut_after}},
      {"HTML", replace(200, {{"Content-Type", "text/html"}}, "<html><body>Please sign in {echo}</body></html>"),
       nonsense},
      {"empty", replace(200, {}, ""), nonsense},
      {"huge", {.how = How::huge}, nonsense},
      {"wrong content type", replace(0, {{"Content-Type", "text/plain"}}, "", true), nonsense},
      {"redirect", answer(302, {{"Location", "/elsewhere"}}), known, K::permanent},
  };
}

}  // namespace milepost::conformance
