// What is told of pieces of mail once they are on their way, as `track` keeps it with the loan: {"piece": {"id", "state", "by"}}. A piece is named by
// whatever its vendor or its tracking code names it: an order's id, a code. Each state is kept once, by when it happened first, in whatever order they arrive.
// Pure. [any]
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/journal/records.hpp"
#include "host/loans/calendar.hpp"
#include "host/loans/fields.hpp"
#include "milepost/json.hpp"

namespace milepost::loans {

/// The piece in a track step's settings, its id as text; nullopt: there is none. `permanent` names what is wrong with it.
Result<std::optional<Json>> piece_in(const Json& with);
/// Merges it into state["pieces"][id]. True: something changed.
bool merge_piece(Json& state, const Json& piece, const Stamp& stamp);

struct Told {
  std::string piece, state;
  std::string by;  ///< qr, url, phone …: the borrower responded that way; "" where the post says it
  Time at{};
};
std::vector<Told> told_of_pieces(const Json& state);  ///< oldest first

/// Whether what is told of this id is about the piece whose vendor gave this answer ({"body", "record"}): the id is the record's, or stands in the body.
bool names_piece(const Json& answer, const std::string& id);

/// A loan that is held out: the store's state of this scope keeps, by loan, when its first piece would have left (microseconds).
inline constexpr const char* kHeldOutScope = "host/mail/held_out";

}  // namespace milepost::loans
