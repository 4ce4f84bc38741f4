// A schema and a value, split at the first NUL: compiling and checking end, and never crash.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "host/config/json_schema.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto cut = input.find('\0');
  if (cut == input.npos) return 0;
  const auto schema = milepost::read_json(input.substr(0, cut)), value = milepost::read_json(input.substr(cut + 1));
  if (!schema || !value) return 0;
  const auto compiled = milepost::config::JsonSchema::compile(*schema);
  if (compiled && compiled->check(*value).size() > 21) std::abort();
  return 0;
}
