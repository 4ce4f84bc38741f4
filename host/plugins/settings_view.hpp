// Settings as a plugin may see them.
#pragma once

#include "milepost/json.hpp"

namespace milepost::plugins {

/// `!secret` values, and whatever stands where the schema marks a setting secret, become "***"; `!env` values become
/// their text. `permanent` names the environment variable that is not set. [any]
Result<Json> settings_view(const Json& settings, const Json& schema);

}  // namespace milepost::plugins
