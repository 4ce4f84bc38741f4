// What became of an event, step by step: told from its definition, its ledger and its audit rows.
#pragma once

#include <vector>

#include "host/journal/store.hpp"
#include "milepost/json.hpp"

namespace milepost::api {

struct Story {
  /// In the order of the definition: {"step", "use", "outcome", "when", "values", "reason", "attempts", "answer" …}; the schema
  /// "StepStory" says what each means. Empty before the first step began.
  Json steps = Json::array();
  Json people = Json::array();  ///< what persons did with it: {"time", "user", "action", "outcome", "reason"}
  std::uint64_t duplicates = 0;
  std::vector<journal::Effect> effects;
  std::vector<journal::AuditRecord> rows;  ///< of the event, oldest first; 1,000 at most
};

/// Reads the store. [any]
Story story_of(const journal::Store& store, const journal::Event& event);

}  // namespace milepost::api
