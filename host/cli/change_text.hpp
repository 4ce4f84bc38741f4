// Changes of a folder as a person reads them.
#pragma once

#include <string>

#include "milepost/json.hpp"

namespace milepost::cli {

/// Of the API's plan: each pipeline and connection with what is another. `under_way` is the API's, or nullptr. "" for no change.
std::string change_text(const Json& plan, const Json* under_way);
/// Settings, one a line: "path  before → after".
std::string keys_text(const Json& keys, const std::string& indent);

}  // namespace milepost::cli
