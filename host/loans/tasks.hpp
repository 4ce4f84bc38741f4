// Tasks and conditions of a loan, as `track` keeps them: {"task": {"id", "state": assigned | cleared, "kind", "title", "assignee", "due"}}.
// Pure. [any]
#pragma once

#include <string>
#include <vector>

#include "host/loans/fields.hpp"
#include "host/loans/model.hpp"

namespace milepost::loans {

/// The tasks in a track step's settings: `task`, one, and `tasks`, a list. Each has its id as text, its due as a time in UTC (a date alone is
/// the end of that day in the calendar's zone). `permanent` names what is wrong with which.
Result<std::vector<Json>> tasks_in(const Json& with, const Model& model);

/// Merges one of them into state["tasks"][id], each of its values by event time. True: something changed.
bool merge_task(Json& state, const Json& task, const Stamp& stamp);

struct Task {
  std::string id;
  Json fields;                ///< as tracked
  bool open = false;          ///< assigned, and not cleared
  std::optional<Time> due;
  std::int64_t since = 0;     ///< in its state since then
};
std::vector<Task> tasks_of(const Json& state);

}  // namespace milepost::loans
