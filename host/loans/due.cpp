#include "host/loans/due.hpp"

#include <algorithm>

#include "host/config/host_events.hpp"
#include "host/loans/tasks.hpp"
#include "host/telemetry/ids.hpp"

namespace milepost::loans {
namespace {

using namespace std::chrono_literals;

std::string due_id(std::string_view kind, const std::string& subject, const std::string& what, std::int64_t when) {
  const auto digest = telemetry::sha256(std::to_string(subject.size()) + ":" + subject + what + "@" + std::to_string(when));
  return std::string(kind) + ":" + telemetry::hex(digest).substr(0, 32);
}

/// What everyone who is told wants to know of the loan.
Json about(const std::string& subject, const Json& state) {
  Json out{{"loan", subject}};
  for (const char* field : {"stage", "branch", "broker", "loan_type"})
    if (const Json* value = find(state, std::string("/fields/") + field)) out[field] = *value;
  return out;
}

}  // namespace

std::vector<Due> dues_of(const std::string& subject, const Json& state, const Model& model) {
  std::vector<Due> out;
  const auto stage = get<std::string>(state, "/fields/stage");
  const auto since = get<std::int64_t>(state, "/since/stage");
  if (stage && since) {
    const auto entered = telemetry::from_micros(*since);
    if (const auto at = model.stuck_at(*stage, entered)) {
      Json payload = about(subject, state);
      payload["since"] = telemetry::to_text(entered);
      payload["due"] = telemetry::to_text(*at);
      payload["service_level"] = model.service_level(*stage)->text();
      out.push_back({*at, config::host_event::kLoanStuck, due_id("stuck", subject, *stage, *since), std::move(payload)});
    }
  }
  // A loan that has ended waits for no paper.
  if (stage && model.terminal(*stage)) return out;
  for (const auto& task : tasks_of(state)) {
    if (!task.open || !task.due) continue;
    Json payload = about(subject, state);
    payload["task"] = task.id;
    for (const auto& [key, value] : task.fields.items())
      if (key != "state" && !payload.contains(key)) payload[key] = value;
    out.push_back({*task.due, config::host_event::kTaskOverdue, due_id("task", subject, task.id, telemetry::to_micros(*task.due)), std::move(payload)});
  }
  return out;
}

std::optional<Time> next_look(const std::string& subject, const Json& state, const Model& model, Time now) {
  std::optional<Time> next;
  for (const auto& due : dues_of(subject, state, model))
    if (!next || due.at < *next) next = due.at;
  return next ? std::optional(std::max<Time>(*next, now + 1min)) : std::nullopt;
}

}  // namespace milepost::loans
