// Any JSON as a lead: the flat list reads what the tree does; checking it ends; one that is good has an id and a revision that does
// not depend on how it is written.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "plugins/crfconnect/lead.hpp"
#include "plugins/crfconnect/revision.hpp"
#include "plugins/crfconnect/value.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace milepost;
  using crfconnect::Values;
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const JsonLimits limits{.depth = 16};
  const auto json = read_json(source, limits);
  const auto values = Values::read(source, limits);
  if (json.has_value() != values.has_value()) std::abort();
  if (!json) return 0;
  const auto lead = crfconnect::read_lead(values->root());
  const auto revision = crfconnect::revision_of(values->root());
  if (!lead) return 0;
  if (lead->id.size() != 36 || lead->status.empty()) std::abort();
  if (crfconnect::revision_of(Values(*json).root()) != revision) std::abort();
  const auto another = text(*json);
  const auto again = Values::read(another);
  if (!again || crfconnect::revision_of(again->root()) != revision) std::abort();
  return 0;
}
