// Any text as a cron text: reading ends, and what was read names minutes, each later than the one before.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "host/config/cron.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace milepost::config;
  const auto cron = Cron::parse({reinterpret_cast<const char*>(data), size});
  if (!cron) return 0;
  LocalMinutes at{std::chrono::minutes(29'750'000)};
  for (int i = 0; i < 3; ++i) {
    const auto next = cron->next(at);
    if (!next || *next <= at) std::abort();
    at = *next;
  }
  return 0;
}
