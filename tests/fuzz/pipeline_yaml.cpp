// A pipeline's text through the parser and all checks: whatever comes in, faults come out, each at a place that is there.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "host/config/load.hpp"
#include "tests/host/config/fake_catalog.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const milepost::config::FakeCatalog catalog;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = milepost::config::load_pipeline(text, "fuzz.yaml", catalog);
  const auto lines = 1 + std::ranges::count(text, '\n');
  for (const auto& fault : loaded.faults)
    if (fault.code.empty() || fault.message.empty() || fault.at.line < 0 || fault.at.line > lines || fault.at.column < 0) std::abort();
  if (!loaded.pipeline && std::ranges::all_of(loaded.faults, &milepost::config::Fault::warning)) std::abort();
  return 0;
}
