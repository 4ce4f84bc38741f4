#include "host/api/story.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace milepost::api {
namespace {

/// Rows that are looked at for one event. More are found under /api/v1/audit.
constexpr std::size_t kMostRows = 1000;

/// The stories of an event's steps while its rows are read.
class Teller {
 public:
  Teller(const journal::Store& store, const journal::Event& event, Story& story) : event_(event), story_(story) {
    std::string version = event.definition;
    for (const auto& record : story.rows)
      if (version.empty() || (event.definition.empty() && !record.row.version.empty())) version = record.row.version;
    const auto body = store.definition(version);
    const auto definition = body ? read_json(*body) : Result<Json>(Json::object());
    const Json* steps = definition ? find(*definition, "/steps") : nullptr;
    for (std::size_t i = 0; steps != nullptr && i < steps->size(); ++i) {
      const auto field = [&](const char* name) { return get<std::string>((*steps)[i], name).value_or(""); };
      Json told{{"step", field("/id")}, {"use", field("/use")}};
      if (const auto connection = field("/connection"); !connection.empty()) told["connection"] = connection;
      steps_.push_back(std::move(told));
    }
    defined_ = steps_.size();
  }

  void read(const journal::AuditRecord& record) {
    const auto& row = record.row;
    const auto parsed = record.details ? read_json(record.details->body) : Result<Json>(Json::object());
    const Json details = parsed ? *parsed : Json::object();
    if (row.kind == "event" && row.outcome == "duplicate") ++story_.duplicates;
    if (row.kind == "admin") return read_admin(row, details);
    if (row.step.empty()) return;
    Json& step = find_step(row.step);
    if (!step.contains("use")) step["use"] = row.action;
    if (row.kind == "intent") return read_intent(step, row, details);
    if (row.action != "mail.gate" && row.action != "field_conflict" && row.action != "loan.renamed") step["outcome"] = row.outcome;
    if (row.kind == "decision") read_decision(step, row, details);
    else if (row.kind == "event") read_entry(step, row, details);
    else read_outcome(step, row, details);
  }

  /// What no row tells: built-ins that leave none, and how far the event has come.
  void finish() {
    for (const auto& effect : story_.effects) {
      Json& step = find_step(effect.step);
      if (!step.contains("outcome")) step["outcome"] = name(effect.state);
      if (effect.key.empty()) continue;
      step["state"] = name(effect.state);
      step["key"] = effect.key;
    }
    std::size_t reached = defined_;
    for (std::size_t i = 0; i < defined_ && event_.state != journal::EventState::done; ++i)
      if (event_.step.empty() || steps_[i]["step"] == event_.step) {
        reached = i;
        break;
      }
    for (std::size_t i = 0; i < steps_.size(); ++i)
      if (!steps_[i].contains("outcome")) steps_[i]["outcome"] = i < reached ? "passed" : "not_reached";
    for (auto& step : steps_) story_.steps.push_back(std::move(step));
  }

 private:
  Json& find_step(const std::string& id) {
    for (auto& step : steps_)
      if (step["step"] == id) return step;
    return steps_.emplace_back(Json{{"step", id}});
  }
  static void copy(Json& step, const Json& details, const char* name) {
    step.erase(name);
    if (details.contains(name)) step[name] = details[name];
  }
  /// The attempt that has no outcome yet.
  static Json* open_attempt(Json& step) {
    if (!step.contains("attempts")) return nullptr;
    Json& last = step["attempts"].back();
    return last.contains("outcome") ? nullptr : &last;
  }

  void read_admin(const journal::AuditRow& row, const Json& details) {
    Json deed{{"time", telemetry::to_text(row.time)}, {"user", row.user}, {"action", row.action}, {"outcome", row.outcome}};
    if (!row.step.empty()) deed["step"] = row.step;
    copy(deed, details, "reason");
    story_.people.push_back(std::move(deed));
    if (row.action != "resolve" || row.step.empty()) return;
    Json& step = find_step(row.step);
    step["outcome"] = row.outcome == "done" ? "settled" : row.outcome == "opened" ? "planned" : "in_doubt";
    if (row.outcome == "done") copy(step, details, "answer");
  }
  static void read_intent(Json& step, const journal::AuditRow& row, const Json& details) {
    copy(step, details, "when");
    copy(step, details, "values");
    step.erase("reason");
    step["outcome"] = "sent";
    Json attempt{{"at", telemetry::to_text(row.time)}};
    if (details.contains("attempt")) attempt["attempt"] = details["attempt"];
    step["attempts"].push_back(std::move(attempt));
  }
  static void read_decision(Json& step, const journal::AuditRow& row, const Json& details) {
    if (row.action == "mail.gate") {
      Json& gate = step["gate"] = {{"outcome", row.outcome}};
      copy(gate, details, "reason");
      copy(gate, details, "seen");
      if (row.outcome == "queued") step["outcome"] = "planned";
      return;
    }
    if (row.action == "field_conflict" || row.action == "loan.renamed") {
      Json told = details;
      told["outcome"] = row.outcome;
      step[row.action == "loan.renamed" ? "renamed" : "conflicts"].push_back(std::move(told));
      return;
    }
    copy(step, details, "when");
    copy(step, details, "values");
    copy(step, details, "changes");
    copy(step, details, "stage");
    copy(step, details, "sync");
    if (row.outcome == "skipped") step["outcome"] = "not_run";
    else step["outcome"] = "passed";
  }
  static void read_entry(Json& step, const journal::AuditRow& row, const Json& details) {
    step["outcome"] = "passed";
    step["action"] = row.action;
    copy(step, details, "note");
  }
  static void read_outcome(Json& step, const journal::AuditRow& row, const Json& details) {
    if (row.outcome == "dead_letter") step["outcome"] = "failed";
    if (row.outcome == "retry" || row.outcome == "held") step["outcome"] = "planned";
    for (const char* name : {"reason", "answer", "record"}) copy(step, details, name);
    Json* attempt = open_attempt(step);
    if (attempt == nullptr) return;
    (*attempt)["outcome"] = row.outcome;
    (*attempt)["ended_at"] = telemetry::to_text(row.time);
    for (const char* name : {"error", "next", "settled_by"})
      if (details.contains(name)) (*attempt)[name] = details[name];
  }

  const journal::Event& event_;
  Story& story_;
  std::vector<Json> steps_;
  std::size_t defined_ = 0;  ///< of the steps, those that the definition has; others follow
};

}  // namespace

Story story_of(const journal::Store& store, const journal::Event& event) {
  Story story;
  journal::AuditFilter filter;
  filter.event = event.receipt;
  filter.limit = kMostRows;
  story.rows = store.audit(filter);
  story.effects = store.effects(event.sequence);
  Teller teller(store, event, story);
  for (const auto& row : story.rows) teller.read(row);
  teller.finish();
  return story;
}

}  // namespace milepost::api
