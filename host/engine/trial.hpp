// What a pipeline would do with a payload, step by step; nothing is sent and nothing stored. Answers of steps that would be sent are not
// known: each path that a later step reads of one shows as ‹steps.crm.id›.
#pragma once

#include <map>
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

/// What an event that ran before left behind. A trial with it sees what the run saw: an answer that is recorded stands for the step's
/// own, whatever the step would say now.
struct Recorded {
  std::string receipt;
  telemetry::Time accepted_at{};
  bool late = false;
  Json loan;                            ///< as expressions see it
  std::map<std::string, Json> answers;  ///< by step, as `steps.<id>` shows them
  decltype(expression::Scope::link) link;
};

/// `model`: what a compare step knows of stages; nullptr: the standard one.
Trial try_event(const Program& program, const journal::NewEvent& event, telemetry::Time now, const Recorded* recorded = nullptr, const loans::Model* model = nullptr);

}  // namespace milepost::engine
