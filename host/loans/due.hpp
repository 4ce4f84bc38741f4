// What of a loan runs out, and when: its stay in a stage, its open tasks. Pure. [any]
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/loans/model.hpp"
#include "milepost/json.hpp"

namespace milepost::loans {

struct Due {
  Time at{};
  std::string_view type;  ///< config::host_event's
  std::string id;         ///< of the event that tells it: the same for the same stay, or the same task and due date
  Json payload;           ///< docs/pipelines.md has each
};

/// All that the loan can run out of as it stands, in no order; some may be past.
std::vector<Due> dues_of(const std::string& subject, const Json& state, const Model& model);

/// When to look at it next: at what runs out first, though not within the next minute. A row of late events is then read to its end first,
/// and not told about stage by stage. nullopt: nothing can run out.
std::optional<Time> next_look(const std::string& subject, const Json& state, const Model& model, Time now);

}  // namespace milepost::loans
