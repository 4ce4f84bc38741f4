// Blend's event notifications, v2 and v3, as one shape. Pure: no I/O. From developers.blend.com: event-structure,
// crud-events, trigger-events, event-headers, and the events API (read 2026-11).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "milepost/event.hpp"

namespace milepost::blend {

/// One notification, told the same way whichever version it came in.
struct Notice {
  std::string id;              ///< Blend's, the same on every attempt
  std::string type;            ///< "application.submitted", "party.updated"
  std::string application_id;  ///< "" where the notification does not say
  std::string entity, entity_id;
  std::optional<Time> time;
  bool system = false;  ///< a health check: nothing to do
  bool known = true;    ///< false: a name that is not in the vendor's pages that were read
  Json payload;         ///< what stays the same from attempt to attempt
};

/// `permanent` where it is no notification: no object, no id.
Result<Notice> read_notice(const Json& body);

/// What the list of events tells where the event itself cannot be read: {"eventId", "entityId", "eventType",
/// "createdAt"}.
Result<Notice> read_row(const Json& row);

/// "blend:application:<id>", so that what is about one application stays in order, until a link names its loan.
std::string subject_of(const Notice& notice);

/// "application.*", or a whole type; an empty list fits all.
bool type_fits(const std::vector<std::string>& patterns, const std::string& type);

/// The id under which every source brings the submission of an application, where they are told to agree.
std::string submission_id(const std::string& application_id);

/// What the sources share.
struct Taking {
  std::vector<std::string> types;
  bool one_submission = false;
};
/// The event of a notification; nullopt: a health check, or of a type that is not wanted.
std::optional<Event> to_event(const Notice& notice, const Taking& taking);

}  // namespace milepost::blend
