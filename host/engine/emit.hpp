// The `emit` step: an event of this pipeline's own, which only `events` sources take.
#pragma once

#include <string>

#include "host/audit/trail.hpp"
#include "host/journal/store.hpp"

namespace milepost::engine {

/// The write that journals what `with` ({"type", "subject", "payload"}) says, with its audit row, for which `row` is
/// filled in as far as it is about the step. Its id comes of the event's and the step's, so it is there once, however
/// often it runs. `permanent` when it cannot be an event: no type, or the host's own; a type or subject of more than
/// 256 bytes.
Result<journal::Work> emission(const journal::Event& event, const std::string& step, const Json& with, audit::Entry row,
                               journal::Time now);

}  // namespace milepost::engine
