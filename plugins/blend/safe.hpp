// What may be told on of Blend's answers and notifications.
#pragma once

#include "milepost/json.hpp"

namespace milepost::blend {

/// Without redirectUrl (a one-time key to the account), taxpayer numbers, birth dates, credit and verification data, at
/// any depth; ids as texts. [any]
Json safe(const Json& value);

}  // namespace milepost::blend
