#include "host/loans/sync.hpp"

#include <algorithm>

#include "host/config/systems.hpp"
#include "host/loans/tasks.hpp"

namespace milepost::loans {
namespace {

using HeardKind = Heard::Kind;

constexpr const char* kStageField = "stage";
/// So many times may systems answer each other's writes with another value, one after the other.
constexpr std::uint64_t kMostHops = 32;

/// Of {"fields", "at", "hops"}, by a field whose name may hold anything; nullptr: nothing.
const Json* part_of(const Json& state, const char* part, const std::string& field) {
  const Json* all = find(state, part);
  if (all == nullptr || !all->is_object()) return nullptr;
  const auto found = all->find(field);
  return found == all->end() ? nullptr : &*found;
}

Json field_of(const Json& state, const std::string& field) {
  const Json* value = part_of(state, "/fields", field);
  return value == nullptr ? Json(nullptr) : *value;
}

/// What stands there was said by someone; also that it is nothing.
bool spoken_of(const Json& state, const std::string& field) { return part_of(state, "/fields", field) != nullptr || part_of(state, "/at", field) != nullptr; }

std::string task_id(const std::string& field) { return "conflict:" + field; }

bool has_open_task(const Json& state, const std::string& id) {
  return std::ranges::any_of(tasks_of(state), [&](const Task& task) { return task.id == id && task.open; });
}

void add_task(Json& with, Json task) {
  Json* tasks = with.contains("tasks") && with["tasks"].is_array() ? &with["tasks"] : nullptr;
  if (tasks == nullptr) tasks = &(with["tasks"] = Json::array());
  tasks->push_back(std::move(task));
}

/// Is this leaf, which stands under `key`, that value of the field? Short values stand in many places by chance: then its key must be the field's.
bool carries(const std::string& key, const Json& leaf, const std::string& field, const Json& value, const Model& model, const std::string& system) {
  if (leaf.is_structured() || leaf.is_null()) return false;
  if (field == kStageField) {
    const auto meant = leaf.is_string() ? model.stage_of_system(leaf.get<std::string>(), system) : std::nullopt;
    return meant && value == Json(*meant);
  }
  const auto compare = model.owner(field)->compare;
  const auto left = plain(leaf, compare);
  if (left != plain(value, compare)) return false;
  return left.size() >= 4 ? !leaf.is_boolean() : key == field;
}

void look(const Json& with, const std::string& key, const std::map<std::string, std::vector<Json>>& candidates, const Model& model, const std::string& system,
          std::map<std::string, Json>& out) {
  if (with.is_object()) {
    for (const auto& [name, value] : with.items()) look(value, name, candidates, model, system, out);
    return;
  }
  if (with.is_array()) {
    for (const auto& value : with) look(value, key, candidates, model, system, out);
    return;
  }
  for (const auto& [field, values] : candidates)
    for (const auto& value : values)
      if (carries(key, with, field, value, model, system)) out[field] = value;
}

}  // namespace

std::string_view name(HeardKind kind) {
  switch (kind) {
    case HeardKind::stale: return "stale";
    case HeardKind::echo: return "echo";
    case HeardKind::known: return "known";
    case HeardKind::same: return "same";
    case HeardKind::taken: return "taken";
    case HeardKind::late: return "late";
    case HeardKind::refused: return "refused";
    case HeardKind::unowned: return "unowned";
    case HeardKind::kept: return "kept";
    case HeardKind::overruled: return "overruled";
    case HeardKind::task: return "task";
    default: return "endless";
  }
}

Sync::Sync(const Model& model, const journal::Event& event, const std::map<std::string, std::string>& holdings)
    : model_(model),
      event_(event),
      system_(config::system_of_source(model.definition(), event.pipeline, event.source)),
      stamp_{telemetry::to_micros(model.believed(event.time, event.accepted_at)), event.revision, event.sequence} {
  for (const auto& [system, held] : holdings) holdings_.emplace(system, Holdings::from(held));
  holdings_[system_];
}

Json Sync::judge(const Json& state, Json with) {
  if (const auto echo = get<bool>(with, "/echo")) ours_ = *echo;
  for (const auto& [field, owner] : model_.definition().owners) {
    if (!with.contains(field)) continue;
    Json value = with[field];
    if (field == kStageField) {
      if (value.is_null()) continue;
      const auto meant = model_.stage(value.is_string() ? value.get<std::string>() : text(value), event_.pipeline, event_.source);
      if (!meant) continue;  // told as unmapped, like any
      value = *meant;
    }
    judge_field(state, with, field, std::move(value));
  }
  // What was written together has arrived together.
  for (const auto& delivery : arrived_)
    for (const auto& heard : heard_)
      if (heard.kind == HeardKind::echo || heard.kind == HeardKind::known) holdings_.at(system_).arrived(heard.field, heard.value, model_.owner(heard.field)->compare, delivery);
  settle_tasks(state, with);
  return with;
}

void Sync::judge_field(const Json& state, Json& with, const std::string& field, Json value) {
  const auto& rule = *model_.owner(field);
  auto& here = holdings_.at(system_);
  const auto now = telemetry::to_micros(event_.accepted_at);
  const bool awaited = here.awaits(field, now);
  const auto word = here.hear(field, {value, stamp_, ours_, now}, rule.compare);
  if (here.arrived()) arrived_.push_back(*here.arrived());
  Heard heard{HeardKind::known, field, value, field_of(state, field)};
  const bool owned = rule.owner != "any", foreign = owned && rule.owner != system_;
  const Json* answers = part_of(state, "/hops", field);
  const auto hops = awaited ? (answers == nullptr ? 0 : answers->get<std::uint64_t>()) + 1 : 0;
  if (word == Word::stale) heard.kind = HeardKind::stale;
  else if (word == Word::echo) heard.kind = HeardKind::echo;
  else if (word == Word::known) heard.kind = HeardKind::known;
  else if (alike(value, heard.loan, rule.compare)) heard.kind = HeardKind::same;
  else if (hops > kMostHops) heard.kind = HeardKind::endless;
  else if (!foreign) heard.kind = HeardKind::taken;
  else if (!spoken_of(state, field)) heard.kind = rule.otherwise == config::FieldOwner::Otherwise::take ? HeardKind::taken : HeardKind::unowned;
  else if (rule.otherwise == config::FieldOwner::Otherwise::take) heard.kind = HeardKind::overruled;
  else heard.kind = rule.otherwise == config::FieldOwner::Otherwise::task ? HeardKind::task : HeardKind::kept;

  const bool merged = heard.kind == HeardKind::taken || heard.kind == HeardKind::overruled || (heard.kind == HeardKind::same && !foreign);
  if (!merged) with.erase(field);
  else if (heard.kind == HeardKind::same && field != kStageField) with[field] = heard.loan;  // its own way of writing it is no change
  if (heard.kind == HeardKind::task)
    add_task(with, {{"id", task_id(field)}, {"state", "assigned"}, {"kind", "conflict"}, {"title", system_ + " has another " + field + " than " + rule.owner + ", who owns it"}});
  if (heard.kind == HeardKind::taken || heard.kind == HeardKind::overruled) hops_[field] = hops;
  heard_.push_back(std::move(heard));
}

/// A conflict is over once every system has the loan's value.
void Sync::settle_tasks(const Json& state, Json& with) {
  const auto heard = heard_;
  for (const auto& one : heard) {
    if (one.kind == HeardKind::task || !has_open_task(state, task_id(one.field))) continue;
    const Json value = with.contains(one.field) && one.field != kStageField ? with[one.field] : one.kind == HeardKind::taken ? one.value : one.loan;
    const bool agreed = std::ranges::all_of(holdings_, [&](const auto& entry) {
      const Json* last = entry.second.last(one.field);
      return last == nullptr || alike(*last, value, model_.owner(one.field)->compare);
    });
    if (agreed) add_task(with, {{"id", task_id(one.field)}, {"state", "cleared"}});
  }
}

bool Sync::has(const std::string& system, const std::string& field, const Json& value) const {
  const auto found = holdings_.find(system);
  const Json* last = found == holdings_.end() ? nullptr : found->second.last(field);
  return last != nullptr && alike(*last, value, model_.owner(field)->compare);
}

void Sync::settle(const Json& before, Json& after, bool stage_refused) {
  for (auto& heard : heard_) {
    const auto& rule = *model_.owner(heard.field);
    const Json value = field_of(after, heard.field);
    const bool is = alike(value, heard.value, rule.compare);
    if ((heard.kind == HeardKind::taken || heard.kind == HeardKind::overruled) && !is) heard.kind = heard.field == kStageField && stage_refused ? HeardKind::refused : HeardKind::late;
    if (!alike(value, field_of(before, heard.field), rule.compare)) {
      changed_[heard.field] = value;
      if (const auto hops = hops_[heard.field]; hops != 0) after["hops"][heard.field] = hops;
      else if (after.contains("hops")) after["hops"].erase(heard.field);
      for (const auto& system : model_.systems()) {
        const auto theirs = holdings_.find(system);
        const bool crossed = system == system_ && theirs != holdings_.end() && theirs->second.awaits(heard.field, telemetry::to_micros(event_.accepted_at));
        if (!has(system, heard.field, value) || crossed) to_[system][heard.field] = value;
      }
    } else if ((heard.kind == HeardKind::echo && !has(system_, heard.field, value)) || heard.kind == HeardKind::kept || heard.kind == HeardKind::late || (heard.kind == HeardKind::refused && rule.owner != system_ && rule.owner != "any")) {
      if (std::ranges::find(model_.systems(), system_) != model_.systems().end()) to_[system_][heard.field] = value;
    }
  }
}

bool Sync::quiet() const {
  return !heard_.empty() && std::ranges::none_of(heard_, [](const Heard& heard) { return heard.kind == HeardKind::taken || heard.kind == HeardKind::overruled; });
}

std::map<std::string, Json> written_in(const Json& with, const std::map<std::string, std::vector<Json>>& candidates, const Model& model, const std::string& system) {
  std::map<std::string, Json> out;
  look(with, "", candidates, model, system, out);
  return out;
}

}  // namespace milepost::loans
