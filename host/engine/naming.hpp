// A loan that is called otherwise now: renumbered, or merged with another.
#pragma once

#include <string>

#include "host/audit/trail.hpp"
#include "host/journal/store.hpp"
#include "host/loans/model.hpp"
#include "milepost/json.hpp"

namespace milepost::engine {

/// What a track step says that its loan is called now; "" where it does not.
std::string other_name(const Json& with);

/// In the writer's transaction: `old` becomes a name of `now`. Both states are one, under `now`; links and mail are its own; later events of the old name
/// are its events. `row` is the step's, for the two rows that tell of it.
void become(journal::Writer& writer, const journal::Event& event, const std::string& old, const std::string& now, const loans::Model& model, const audit::Entry& row);

/// `text` once for each other name of the loan, with that in place of the one that stands in it as a word: under which a `once:` may have been claimed.
std::vector<std::string> under_other_names(const std::string& text, const std::vector<std::string>& names);

}  // namespace milepost::engine
