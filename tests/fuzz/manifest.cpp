// What a stranger's library may hold: any bytes as a manifest, and as the ELF file around it. Nothing may crash, and a reason must fit
// one line of a log.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "host/plugins/elf.hpp"
#include "host/plugins/preflight.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// For a manifest too: what is found there may hold anything but what is shown of it.
void check_reason(const std::string& reason) {
  require(reason.size() < 4096);
  require(reason.find('\n') == std::string::npos && reason.find('\0') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_reason(milepost::plugins::check_elf(bytes, "2.36"));
  if (const auto manifest = milepost::read_json(bytes)) {
    const std::string reason = milepost::plugins::check_manifest(*manifest);
    check_reason(reason);
    // As the report crosses the pipe.
    const auto again = milepost::read_json(milepost::text(*manifest));
    require(again && milepost::plugins::check_manifest(*again) == reason);
  }
  return 0;
}
