// What the API's answers look like, for OpenAPI's components.
#pragma once

#include "milepost/json.hpp"

namespace milepost::api {

/// Name -> JSON Schema. A test holds real answers against them.
const Json& schemas();

}  // namespace milepost::api
