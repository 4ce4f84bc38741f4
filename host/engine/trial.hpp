// What a pipeline would do with a payload, step by step; nothing is sent and nothing stored. Answers of steps that would be sent are not
// known: each path that a later step reads of one shows as ‹steps.crm.id›.
#pragma once

#include <string>
#include <vector>

#include "host/engine/program.hpp"
#include "host/journal/records.hpp"

namespace milepost::engine {

struct TrialStep {
  std::string id, use, connection;
  std::string outcome;  ///< "would run", "skipped", "passes", "fails"
  std::string reason;   ///< the condition that said no, or why it fails
  Json with;            ///< as it would go out; null where it does not
  std::string key;      ///< idempotency key of an action
};

struct Trial {
  std::vector<TrialStep> steps;  ///< up to the one that ends the event
  std::string end;               ///< "done" or "dead letter: …"
};

Trial try_event(const Program& program, const journal::NewEvent& event, telemetry::Time now);

}  // namespace milepost::engine
