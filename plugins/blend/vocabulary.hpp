// Blend's bodies as tables: which fields each takes, and what may stand in them. From the vendor's OpenAPI file v7.0.0
// (read 2026-11). Thread: [any], no state.
#pragma once

#include <string>
#include <string_view>

#include "milepost/error.hpp"
#include "milepost/json.hpp"

namespace milepost::blend {

/// Checks an object against a table: "application" (create), "application_patch", "party" (an application's borrower),
/// "new_party", "party_patch", "follow_up", … Null members count as absent. `permanent` names the field and what it
/// takes, never its value. `unknown_too`: fields that the table lacks pass, for newer API versions.
/// REQUIRES: the table is one of those in vocabulary.cpp.
Status check_fields(std::string_view table, const Json& fields, const std::string& where, bool unknown_too = false);

/// True when `word` is a value of the enum that the table's field takes.
bool is_value(std::string_view table, std::string_view field, std::string_view word);

/// The object without null members, at any depth: an expression that gave null leaves a field as it is.
Json without_nulls(const Json& value);

}  // namespace milepost::blend
