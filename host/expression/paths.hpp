// What an expression looked at, for whoever asks why it said no.
#pragma once

#include <string_view>
#include <vector>

#include "host/expression/expression.hpp"

namespace milepost::expression {

/// The plain paths in a source that compiles, each once, in order: of `payload.a > 1 and not steps["crm"].id` payload.a and
/// steps["crm"].id. A root alone, such as the payload as a whole, is none.
std::vector<Expression> paths_in(std::string_view source);

/// Nothing of an event, a link or the clock is named in a source that compiles: it gives the same every time.
bool is_constant(std::string_view source);

/// {"payload.a": value, …}: what the paths lead to; null where they lead nowhere. A value whose text is longer than 200 bytes is
/// that text, cut.
Json values_of(const std::vector<Expression>& paths, Machine& machine, const Scope& scope);

}  // namespace milepost::expression
