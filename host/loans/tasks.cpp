#include "host/loans/tasks.hpp"

namespace milepost::loans {
namespace {

Result<Json> checked(const Json& given, const Model& model) {
  const auto wrong = [](std::string why) { return fail(ErrorKind::permanent, "track: " + std::move(why)); };
  if (!given.is_object()) return wrong("a task is no mapping");
  Json task = given;
  const Json* id = find(task, "/id");
  if (id == nullptr || id->is_null() || id->is_structured()) return wrong("a task has no id");
  if (!id->is_string()) task["id"] = text(*id);
  const auto key = task["id"].get<std::string>();
  if (key.empty() || key.size() > 256) return wrong("a task's id has 1 to 256 bytes");
  if (const Json* state = find(task, "/state"); state != nullptr && !state->is_null() && *state != "assigned" && *state != "cleared")
    return wrong("task " + key + ": its state is assigned or cleared, not " + text(*state));
  const Json* due = find(task, "/due");
  if (due == nullptr || due->is_null()) return task;
  const auto written = get<std::string>(task, "/due").value_or("");
  Time time{};
  if (!telemetry::from_text(written, time)) {
    const auto end = model.calendar().end_of_date(written);
    if (!end) return wrong("task " + key + ": `due` is neither a time (RFC 3339) nor a date such as 2026-11-26");
    time = *end;
  }
  task["due"] = telemetry::to_text(time);
  return task;
}

}  // namespace

Result<std::vector<Json>> tasks_in(const Json& with, const Model& model) {
  std::vector<Json> out;
  const auto add = [&](const Json& given) -> Status {
    auto task = checked(given, model);
    if (!task) return fail(task.error());
    out.push_back(std::move(*task));
    return {};
  };
  if (const Json* one = find(with, "/task"); one != nullptr && !one->is_null())
    if (auto added = add(*one); !added) return fail(added.error());
  const Json* many = find(with, "/tasks");
  if (many == nullptr || many->is_null()) return out;
  if (!many->is_array()) return fail(ErrorKind::permanent, "track: `tasks` is no list");
  for (const auto& given : *many)
    if (auto added = add(given); !added) return fail(added.error());
  return out;
}

bool merge_task(Json& state, const Json& task, const Stamp& stamp) {
  Json changes = task;
  const auto id = changes["id"].get<std::string>();
  changes.erase("id");
  if (!state.contains("tasks")) state["tasks"] = Json::object();
  Json& set = state["tasks"][id];
  if (set.is_null()) {
    set = no_fields();
    if (!changes.contains("state")) changes["state"] = "assigned";  // that it is told of is what assigns it
  }
  return merge_fields(set, changes, stamp);
}

std::vector<Task> tasks_of(const Json& state) {
  std::vector<Task> out;
  const Json* tasks = find(state, "/tasks");
  if (tasks == nullptr) return out;
  for (const auto& [id, set] : tasks->items()) {
    const Json* fields = find(set, "/fields");
    Task task{id, fields == nullptr ? Json::object() : *fields, false, {}, get<std::int64_t>(set, "/since/state").value_or(0)};
    task.open = get<std::string>(task.fields, "/state").value_or("") == "assigned";
    Time due{};
    if (telemetry::from_text(get<std::string>(task.fields, "/due").value_or(""), due)) task.due = due;
    out.push_back(std::move(task));
  }
  return out;
}

}  // namespace milepost::loans
