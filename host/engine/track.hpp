// The `track` step: what an event says of its loan goes into the loan's state.
#pragma once

#include <memory>
#include <string>

#include "host/audit/trail.hpp"
#include "host/journal/store.hpp"
#include "host/loans/model.hpp"

namespace milepost::engine {

/// What a track step has come to, once it was written. Set on the writer's thread, in the commit.
struct Tracked {
  bool quiet = false;  ///< it told of shared fields, and nothing of it is new to the loan: our own write that comes back, a repeat, a foreign value that is not taken
  std::string why;     ///< of quiet: one line
  Json told = Json::object();  ///< shared field -> the value that the event has
};

/// The write of a track step: merged in the writer's transaction, since two pipelines may track one loan at the same moment. With it go the
/// loan's timer, what the systems that share its fields are known to hold, the audit row (`row` with outcome and details), and the host's event where the model refuses the stage or does not have it. `permanent`: the settings cannot be merged.
Result<journal::Work> tracking(const journal::Event& event, const Json& with, std::shared_ptr<const loans::Model> model, audit::Entry row, std::shared_ptr<Tracked> result = nullptr);

}  // namespace milepost::engine
