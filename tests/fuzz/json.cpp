// Any bytes as JSON: the thorough reader, the quick one, intake's, which rests on simdjson, and the engine's glance at one member. They take the same texts and
// see the same values.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "host/engine/glance.hpp"
#include "host/intake/payload.hpp"
#include "milepost/detail/read_json.hpp"

using namespace milepost;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string source(reinterpret_cast<const char*>(data), size);
  const auto thorough = detail::read_thoroughly(source, {});
  const auto quick = detail::QuickReader(source, JsonLimits{}.depth).read();
  require(!quick || thorough);
  if (quick) require(text(*quick) == text(*thorough));

  engine::glance(source, {"a", "id"});  // it is not asked of what is unsound, and holds all the same
  intake::Payload payload(source);
  require(payload.fault().empty() == thorough.has_value());
  if (!thorough) return 0;
  // What was read can be written, and read again.
  const auto written = text(*thorough);
  const auto again = read_json(written);
  require(again && text(*again) == written);
  if (!thorough->is_object()) return 0;
  for (const auto& [key, value] : thorough->items()) {
    const std::array names{key};
    const auto picked = payload.pick(names);
    if (picked && *picked) require(text(**picked) == text(value));
    const auto glanced = engine::glance(source, {key});
    require(glanced.is_object() && glanced.contains(key) && text(glanced[key]) == text(value));
  }
  require(text(payload.document()) == written);
  return 0;
}
