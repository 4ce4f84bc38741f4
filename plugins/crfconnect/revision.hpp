// What tells a lead that came again from one that has changed.
#pragma once

#include <string>

#include "plugins/crfconnect/value.hpp"

namespace milepost::crfconnect {

/// SHA-256, in hex, of the content: keys sorted, numbers by value, absent and null distinct. Two deliveries of one
/// lead are a repeat when it is equal and an update when it is not.
std::string revision_of(const Value& lead);

}  // namespace milepost::crfconnect
