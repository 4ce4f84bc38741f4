// A few members of a large object, without a document of all the others.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "milepost/json.hpp"

namespace milepost::engine {

/// The value of a JSON text; of an object no more than these members, where they are. null: the text is no JSON, as far as it was looked at.
/// [any]
Json glance(std::string_view text, const std::set<std::string>& members);

}  // namespace milepost::engine
