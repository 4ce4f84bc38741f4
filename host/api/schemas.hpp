// What the API's answers look like, for OpenAPI's components.
#pragma once

#include "milepost/json.hpp"

namespace milepost::api {

/// Name -> JSON Schema. A test holds real answers against them.
const Json& schemas();

// What they are made of: JSON objects, by the files that answer so (…_routes.cpp).
const char* host_schemas();
const char* event_schemas();
const char* loan_schemas();
const char* recovery_schemas();
const char* deploy_schemas();

}  // namespace milepost::api
