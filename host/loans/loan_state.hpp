// The state of a loan, as `track` keeps it: one stream of revisions a subject, across pipelines. What events say is merged by when it
// happened (and by version, where two happened at once), not by when it arrived. Pure. [any]
#pragma once

#include <optional>
#include <string>

#include "host/journal/records.hpp"
#include "host/loans/model.hpp"
#include "host/loans/path.hpp"
#include "milepost/json.hpp"

namespace milepost::loans {

/// What is wrong with a track step's settings, so that nothing of them is merged; "" when nothing is.
std::string fault_in(const Json& with, const Model& model);

struct Merged {
  Json state;                        ///< {"fields", "at", "since", "claims", "path", "tasks", …}
  std::optional<Verdict> stage;      ///< what became of the stage, where the step has one
  std::string claimed;               ///< the stage that was meant; of an unmapped one: the source's own text
  std::string reason;                ///< by which a step back was allowed
};

/// `with`, a track step's settings, merged into `state`; nullopt when nothing of it is newer than what is there. `reason` in it stands for
/// the event's own. REQUIRES: fault_in() says nothing
std::optional<Merged> merge(const Json& state, const Json& with, const journal::Event& event, const Model& model);

/// What expressions see as `loan`: the fields; with a stage also stage_since, days_in_stage (whole days of 24 hours), business_days_in_stage,
/// and with a service level stage_due and stuck; with tasks `tasks` by id, open_tasks and overdue_tasks; with mail that was told of `pieces`: by id, when
/// each state was; where the model holds loans out, held_out of the loan `subject`. null for no state.
Json view(const Json& state, const Model& model, Time now, const std::string& subject = "");

}  // namespace milepost::loans
