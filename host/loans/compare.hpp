// When two values of a loan's field are the same, though systems write them in their own ways. Pure. [any]
#pragma once

#include <string>

#include "host/config/loan_model.hpp"
#include "milepost/json.hpp"

namespace milepost::loans {

/// What is left of a value once the ways of writing it are taken off: two values are the same where it is. A number and its text are one, and so
/// are an empty text and none. What is no phone, number or date is compared as `exact`.
std::string plain(const Json& value, config::Compare compare);
inline bool alike(const Json& a, const Json& b, config::Compare compare) { return plain(a, compare) == plain(b, compare); }

}  // namespace milepost::loans
