// What the SDK's JSON headers would define in every file, compiled once for our own build.
#include "milepost/detail/read_json.hpp"

template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace milepost {

Result<Json> read_json(std::string_view source, JsonLimits limits) { return detail::read(source, limits); }

}  // namespace milepost
