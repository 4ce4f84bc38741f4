// What a webhook should have brought, and a poll did. A poll's event that the journal did not have yet is remembered; if the webhook's own
// delivery of it comes, that was only late; after the grace time it counts as missed: an event of the host's, a metric, a figure of the signals.
// Durable. Both sources belong to one pipeline, whose ids tell that they bring the same thing.
#pragma once

#include <chrono>
#include <string>

#include "host/journal/store.hpp"

namespace milepost::intake {

/// Of a polling source: which webhook source of its pipeline it makes up for; "": none.
struct Completing {
  std::string webhook;
  std::chrono::milliseconds missed_after{std::chrono::minutes(10)};
};

/// Inside Store work: `source`, a poll, brought this event, which was accepted. What happened before the two were first run together does not
/// count: the webhook had no part in it.
void brought_by_poll(journal::Writer& writer, const Completing& completing, const std::string& pipeline, const std::string& source, const journal::NewEvent& event,
                     const std::string& receipt, journal::Time now);
/// Inside Store work: a webhook's delivery is a duplicate of this id.
void brought_again(journal::Writer& writer, const std::string& pipeline, const std::string& webhook, const std::string& id);
/// Tells what is missed by now. Errors: the store.
Status tell_missed(journal::Store& store, const Completing& completing, const std::string& pipeline, const std::string& source, journal::Time now);

}  // namespace milepost::intake
