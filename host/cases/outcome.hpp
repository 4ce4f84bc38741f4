// What became of a world, as one piece of JSON.
#pragma once

#include "host/cases/world.hpp"
#include "host/journal/store.hpp"

namespace milepost::cases {

struct Remains {
  const journal::Store& store;
  const Doubles& doubles;
  const std::vector<std::shared_ptr<const engine::Program>>& programs;
  const std::vector<Json>& answers;  ///< {"answer", "receipt", "reason"} of what was delivered, in order
  const Case& what;
  const loans::Model& loans;
  telemetry::Time now;  ///< at the end
};

/// Events in the order in which they were delivered, then those that came otherwise.
Played outcome_of(const Remains& remains);

}  // namespace milepost::cases
