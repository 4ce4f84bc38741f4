// What an expression looks at: for whoever asks why it said no, and for whoever reads no more than that for it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "host/expression/expression.hpp"

namespace milepost::expression {

/// The plain paths in a source that compiles, each once, in order: of `payload.a > 1 and not steps["crm"].id` payload.a and
/// steps["crm"].id. A root alone, such as the payload as a whole, is none.
std::vector<Expression> paths_in(std::string_view source);

/// Nothing of an event, a link or the clock is named in a source that compiles: it gives the same every time.
bool is_constant(std::string_view source);

/// What some expressions look at, so that no more than that need be read for them.
class Looked {
 public:
  void at(const Expression& expression);
  void at_members(const std::set<std::string>& names);  ///< of the payload
  void at_everything();
  using Members = std::optional<std::set<std::string>>;  ///< by name; nullopt: it may be any of them
  const Members& payload() const { return payload_; }
  const Members& event() const { return event_; }

 private:
  Members payload_{std::in_place}, event_{std::in_place};
};

/// {"payload.a": value, …}: what the paths lead to; null where they lead nowhere. A value whose text is longer than 200 bytes is
/// that text, cut.
Json values_of(const std::vector<Expression>& paths, Machine& machine, const Scope& scope);

}  // namespace milepost::expression
