// The host's own events: journaled like any, in the commit of what they tell of, for the pipelines that follow them
// (alerts).
#pragma once

#include <string>
#include <string_view>

#include "host/config/host_events.hpp"
#include "host/journal/store.hpp"
#include "milepost/json.hpp"

namespace milepost::journal {

/// `source` of an event that came about through one of the host's own, at whatever remove. Such events raise none: an
/// alert that fails must not alert of itself.
inline constexpr std::string_view kOfAlert = "events:milepost";
inline bool is_alert(const Event& event) { return event.source == kOfAlert; }

/// Journals one of config::host_event's. Only inside Store work: the one that holds its cause.
void raise(Writer& writer, std::string_view type, const std::string& subject, const Json& payload);

/// The same once only: not where one of this id has been raised before (ids are remembered as long as any event's). Tells whether it was.
bool raise_once(Writer& writer, std::string_view type, const std::string& subject, const std::string& id, const Json& payload);

/// The same about an event: {"pipeline", "event": its receipt, "id", "type", "subject", "source"} and `more`. Nothing
/// where the event is of an alert.
void raise_about(Writer& writer, std::string_view type, const Event& event, const Json& more);

}  // namespace milepost::journal
