// Any text as a time, in each way that one is read: reading ends, and never crashes; a wait is within its bounds.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "host/telemetry/clock.hpp"
#include "milepost/http.hpp"
#include "milepost/times.hpp"
#include "plugins/crfconnect/date_time.hpp"

using namespace milepost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  static_cast<void>(read_time(Json(input)));
  if (const auto json = read_json(input)) static_cast<void>(read_time(*json));
  static_cast<void>(crfconnect::parse_date_time(input));
  static_cast<void>(crfconnect::parse_http_date(input));
  telemetry::Time time;
  if (telemetry::from_text(input, time)) {
    telemetry::Time again;
    if (!telemetry::from_text(telemetry::to_text(time), again) || again != time) std::abort();
  }
  const auto wait = retry_after(input, std::chrono::system_clock::time_point(std::chrono::seconds(1'800'000'000)));
  if (wait && (wait->count() < 0 || *wait > std::chrono::hours(24 * 7))) std::abort();
  return 0;
}
