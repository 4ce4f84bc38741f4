// The state of a loan, as `track` keeps it: fields merged by the time of the events that set them, not by arrival. Pure. [any]
#pragma once

#include <optional>
#include <string>

#include "host/journal/records.hpp"
#include "milepost/json.hpp"

namespace milepost::loans {

/// What was stored of a loan: {"fields": {"stage": …}, "at": {"stage": [event time in us, sequence]}, "since": {"stage": us}}.
/// `since` is when the field took its present value.
Json empty_state();

/// `changes` (a track step's settings) merged into `state`; nullopt when all of them are older than what is there. A field is overwritten by an event that
/// happened later, or at the same time and was accepted later. null removes a field.
std::optional<Json> merge(const Json& state, const Json& changes, journal::Time time, journal::Sequence sequence);

/// What expressions see as `loan`: the fields, and `stage_since` (RFC 3339) where there is a stage; null for no state.
Json view(const Json& state);

}  // namespace milepost::loans
