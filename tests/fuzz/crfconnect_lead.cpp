// Any JSON as a lead: checking it ends; one that is good has an id and a revision that does not depend on how it is written.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "plugins/crfconnect/lead.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace milepost;
  const auto json = read_json({reinterpret_cast<const char*>(data), size}, {.depth = 16});
  if (!json) return 0;
  const auto lead = crfconnect::read_lead(*json);
  const auto revision = crfconnect::revision_of(*json);
  if (!lead) return 0;
  if (lead->id.size() != 36 || lead->status.empty()) std::abort();
  const auto again = read_json(text(*json));
  if (!again || crfconnect::revision_of(*again) != revision) std::abort();
  return 0;
}
