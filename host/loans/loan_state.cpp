#include "host/loans/loan_state.hpp"

#include <array>
#include <utility>

#include "host/loans/pieces.hpp"
#include "host/loans/tasks.hpp"

namespace milepost::loans {
namespace {

/// Settings of `track` that are no fields of the loan.
constexpr auto kOwn = std::to_array<const char*>({"stage", "task", "tasks", "piece", "reason", "echo", "known_as", "merged_into"});

/// A stage as a source writes it; a number is its text.
std::optional<std::string> stage_in(const Json& with) {
  const Json* stage = find(with, "/stage");
  if (stage == nullptr || stage->is_null()) return std::nullopt;
  return stage->is_string() ? stage->get<std::string>() : text(*stage);
}

}  // namespace

std::string fault_in(const Json& with, const Model& model) {
  if (const Json* stage = find(with, "/stage"); stage != nullptr && stage->is_structured()) return "track: `stage` is no text";
  if (const auto stage = stage_in(with); stage && (stage->empty() || stage->size() > 256)) return "track: a stage has 1 to 256 bytes";
  if (const Json* echo = find(with, "/echo"); echo != nullptr && !echo->is_boolean() && !echo->is_null())
    return "track: `echo` is neither true nor false: whether the source says that it is our own write";
  for (const char* other : {"known_as", "merged_into"}) {
    const Json* name = find(with, std::string("/") + other);
    if (name == nullptr || name->is_null()) continue;
    if (!name->is_string() || name->get<std::string>().empty() || name->get<std::string>().size() > 256)
      return std::string("track: `") + other + "` is the name of a loan, of 1 to 256 bytes";
  }
  if (const auto piece = piece_in(with); !piece) return piece.error().message;
  const auto tasks = tasks_in(with, model);
  return tasks ? "" : tasks.error().message;
}

std::optional<Merged> merge(const Json& state, const Json& with, const journal::Event& event, const Model& model) {
  Merged out{state.is_object() && state.contains("fields") ? state : no_fields(), {}, "", ""};
  const Stamp stamp{telemetry::to_micros(model.believed(event.time, event.accepted_at)), event.revision, event.sequence};
  Json changes = with;
  for (const char* own : kOwn) changes.erase(own);
  bool changed = merge_fields(out.state, changes, stamp);
  const auto tasks = tasks_in(with, model);
  for (std::size_t i = 0; tasks && i < tasks->size(); ++i) changed |= merge_task(out.state, (*tasks)[i], stamp);
  if (const auto piece = piece_in(with); piece && *piece) changed |= merge_piece(out.state, **piece, stamp);
  if (auto claimed = stage_in(with)) {
    out.reason = get<std::string>(with, "/reason").value_or(event.reason);
    Claim claim{stamp, model.stage(*claimed, event.pipeline, event.source).value_or(""), "", "", "", out.reason};
    if (claim.stage.empty()) claim.text = *claimed, claim.pipeline = event.pipeline, claim.source = event.source;
    out.claimed = claim.stage.empty() ? *claimed : claim.stage;
    auto path = Path::from(out.state);
    const auto before = path;
    out.stage = path.add(std::move(claim), model);
    if (!(path == before)) {
      path.write(out.state);
      changed = true;
    }
  }
  if (!changed) return std::nullopt;
  return out;
}

Json view(const Json& state, const Model& model, Time now, const std::string& subject) {
  const Json* fields = find(state, "/fields");
  if (fields == nullptr) return nullptr;
  Json out = *fields;
  const auto stage = get<std::string>(state, "/fields/stage");
  if (const auto micros = get<std::int64_t>(state, "/since/stage"); stage && micros) {
    const auto since = telemetry::from_micros(*micros);
    out["stage_since"] = telemetry::to_text(since);
    out["days_in_stage"] = std::max<std::int64_t>(0, std::chrono::floor<std::chrono::days>(now - since).count());
    out["business_days_in_stage"] = model.calendar().business_days(since, now);
    if (const auto due = model.stuck_at(*stage, since)) {
      out["stage_due"] = telemetry::to_text(*due);
      out["stuck"] = now >= *due;
    }
  }
  if (!subject.empty() && model.definition().mail && model.definition().mail->hold_out > 0) out["held_out"] = model.held_out(subject);
  if (const auto told = told_of_pieces(state); !told.empty()) {
    Json pieces = Json::object();
    for (const auto& one : told) pieces[one.piece][one.state] = telemetry::to_text(one.at);
    out["pieces"] = std::move(pieces);
  }
  const auto tasks = tasks_of(state);
  if (tasks.empty()) return out;
  Json shown = Json::object();
  std::size_t open = 0, late = 0;
  for (const auto& task : tasks) {
    Json one = task.fields;
    const bool overdue = task.open && task.due && *task.due <= now;
    one["overdue"] = overdue;
    open += task.open, late += overdue;
    shown[task.id] = std::move(one);
  }
  out["tasks"] = std::move(shown);
  out["open_tasks"] = open;
  out["overdue_tasks"] = late;
  return out;
}

}  // namespace milepost::loans
