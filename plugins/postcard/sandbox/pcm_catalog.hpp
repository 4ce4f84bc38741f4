// The designs that the double's account has.
#pragma once

#include <vector>

#include "milepost/json.hpp"

namespace milepost::postcard {

/// As GET /design shows them. 41207 is a good one; 41209 is not approved yet.
const std::vector<Json>& pcm_designs();

}  // namespace milepost::postcard
