// The `track` step: what an event says of its loan goes into the loan's state.
#pragma once

#include <memory>

#include "host/audit/trail.hpp"
#include "host/journal/store.hpp"
#include "host/loans/model.hpp"

namespace milepost::engine {

/// The write of a track step: merged in the writer's transaction, since two pipelines may track one loan at the same moment. With it go the
/// loan's timer, the audit row (`row` with outcome and details), and the host's event where the model refuses the stage or does not have it. `permanent`: the settings cannot be merged.
Result<journal::Work> tracking(const journal::Event& event, const Json& with, std::shared_ptr<const loans::Model> model, audit::Entry row);

}  // namespace milepost::engine
