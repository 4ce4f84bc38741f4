// The /loans family of v2.x: an application's body under its old names. From the OpenAPI file v2.3.0 (read 2026-11).
#pragma once

#include "milepost/error.hpp"
#include "milepost/json.hpp"

namespace milepost::blend {

/// A create's body as POST /loans takes it; `permanent` names a field that it has no place for.
Result<Json> to_legacy(const Json& application);

/// A patch's body as PATCH /loans/{id} takes it.
Result<Json> to_legacy_patch(const Json& fields);

/// A loan under today's names, so that one pipeline reads both; what has no other name stays.
Json from_legacy(const Json& loan);

}  // namespace milepost::blend
