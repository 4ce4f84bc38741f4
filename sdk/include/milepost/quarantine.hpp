// How a source hands over what it cannot decode, where an error would be about all that it brings: one message of a queue
// among many, one file of a folder. Thread: [any], no state.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "milepost/event.hpp"

namespace milepost {

/// The type of an event that the host keeps whole as a dead letter, with the event's reason; nothing else of it counts.
inline constexpr std::string_view kQuarantine = "milepost.quarantine";

/// `raw` as it came; `reason` in one line, no secret, no borrower data.
inline Event quarantine(std::string raw, std::string reason) {
  Event event;
  event.type = kQuarantine;
  event.reason = std::move(reason);
  event.payload = Document(std::move(raw));
  return event;
}

}  // namespace milepost
