#include "host/engine/track.hpp"

#include <algorithm>

#include "host/engine/naming.hpp"
#include "host/journal/host_event.hpp"
#include "host/loans/consequences.hpp"
#include "host/loans/due.hpp"
#include "host/loans/loan_state.hpp"
#include "host/loans/sync.hpp"
#include "host/telemetry/ids.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::engine {
namespace {

using Track = loans::Verdict;

/// Tells the admin of a text that no stage has: once a text and pipeline, until it is mapped (loans/watch.cpp).
void tell_unmapped(journal::Writer& writer, const journal::Event& event, const std::string& value) {
  constexpr const char* kUnmapped = "host/unmapped";
  if (journal::is_alert(event)) return;
  const std::string key = telemetry::hex(telemetry::sha256(std::to_string(event.pipeline.size()) + ":" + event.pipeline + value));
  if (writer.state(kUnmapped, key)) return;
  const Json told{{"pipeline", event.pipeline}, {"source", event.source}, {"field", "stage"}, {"value", value},
                  {"loan", event.subject},      {"event", event.receipt}, {"remedy", "name it in loans.yaml, under synonyms." + event.pipeline}};
  writer.put_state(kUnmapped, key, text(told), 0);
  journal::raise(writer, config::host_event::kUnmappedValue, "milepost:unmapped:" + event.pipeline, told);
}

/// Why pieces are to come back after this change; "" when they are not.
std::string recall_reason(const Json& before, const loans::Merged& merged, const loans::Model& model) {
  const auto stage = get<std::string>(merged.state, "/fields/stage").value_or("");
  if (model.terminal(stage) && stage != get<std::string>(before, "/fields/stage").value_or("")) return "the loan is " + stage;
  const auto& rules = model.mail().rules();
  if (!rules || !before.is_object()) return "";
  for (const auto& field : rules->recall_on) {
    const Json* was = find(before, "/fields/" + field);
    const Json* is = find(merged.state, "/fields/" + field);
    if (was != nullptr && (is == nullptr || text(*was) != text(*is))) return "the loan's " + field + " has changed";
  }
  return "";
}

Json stage_details(const loans::Merged& merged) {
  const auto& verdict = *merged.stage;
  Json out{{"claimed", merged.claimed}, {"verdict", name(verdict.kind)}};
  if (!verdict.from.empty()) out["from"] = verdict.from;
  if (!verdict.why.empty()) out["why"] = verdict.why;
  if (const auto now = get<std::string>(merged.state, "/fields/stage")) out["now"] = *now;
  if (!merged.reason.empty() && verdict.kind != Track::Kind::kept) out["reason"] = merged.reason;
  return out;
}

/// Whether the loan itself has changed, beyond when it was heard of.
bool says_more(const Json& before, const Json& after) {
  for (const char* part : {"/fields", "/tasks", "/path", "/pieces"}) {
    const Json* was = find(before, part);
    const Json* is = find(after, part);
    if ((was == nullptr) != (is == nullptr) || (was != nullptr && text(*was) != text(*is))) return true;
  }
  return false;
}

void rename_if_told(journal::Writer& writer, const journal::Event& event, const std::string& subject, const Json& with, const loans::Model& model, const audit::Entry& row) {
  auto other = other_name(with);
  if (other.empty()) return;
  other = writer.known_as(other);
  if (other == subject) return;
  become(writer, event, subject, other, model, row);
  // What went out under the old name, too, where the loan that it is a part of now has ended.
  const auto latest = writer.loan(other);
  const auto stage = latest ? get<std::string>(read_json(latest->state).value_or(nullptr), "/fields/stage").value_or("") : "";
  if (model.terminal(stage) && !journal::is_alert(event)) loans::recall_mail(writer, other, model, "the loan is " + stage);
}

/// {"system", "fields": {field: verdict}}.
Json sync_details(const loans::Sync& sync) {
  Json fields = Json::object();
  for (const auto& heard : sync.heard()) fields[heard.field] = name(heard.kind);
  return {{"system", sync.system()}, {"fields", std::move(fields)}};
}

/// What the step as a whole has come to, as far as shared fields go; "" when that does not say it.
std::string sync_outcome(const loans::Sync& sync, bool changed) {
  if (changed || sync.heard().empty()) return "";
  const auto is = [&](loans::Heard::Kind kind) { return std::ranges::any_of(sync.heard(), [&](const auto& heard) { return heard.kind == kind; }); };
  if (std::ranges::any_of(sync.heard(), &loans::Heard::conflict)) return "conflict";
  return is(loans::Heard::Kind::echo) ? "echo" : "unchanged";
}

/// A row of its own and the host's event for each conflict; who is to be told now.
void tell_of_sync(journal::Writer& writer, const journal::Event& event, const std::string& subject, const loans::Model& model, const loans::Sync& sync, const audit::Entry& row) {
  for (const auto& heard : sync.heard()) {
    telemetry::count("milepost_loan_fields_total", {{"system", sync.system()}, {"verdict", std::string(name(heard.kind))}});
    if (!heard.conflict()) continue;
    Json told{{"field", heard.field}, {"system", sync.system()}, {"owner", model.owner(heard.field)->owner}, {"rule", name(heard.kind)}, {"value", heard.value}, {"loan", heard.loan}};
    auto audited = row;
    audited.action = "field_conflict";
    audited.subject = subject;
    audited.outcome = name(heard.kind);
    audited.details = told;
    audit::append(writer, audited);
    told["loan_value"] = told["loan"];
    told["loan"] = subject;
    told["pipeline"] = event.pipeline;
    told["event"] = event.receipt;
    if (!event.actor.empty()) told["actor"] = event.actor;
    if (!journal::is_alert(event)) journal::raise_once(writer, config::host_event::kFieldConflict, subject, "conflict:" + event.receipt + ":" + heard.field, told);
  }
  if (sync.to().empty()) return;
  Json to = Json::object();
  for (const auto& [system, fields] : sync.to()) to[system] = fields;
  journal::raise(writer, config::host_event::kLoanChanged, subject,
                 {{"loan", subject}, {"from", sync.system()}, {"event", event.receipt}, {"pipeline", event.pipeline}, {"why", sync.changed().empty() ? "kept" : "changed"}, {"fields", sync.changed()}, {"to", std::move(to)}});
}

std::string quiet_reason(const loans::Sync& sync, const std::string& outcome) {
  if (outcome == "echo") return "it is our own write, which comes back from " + sync.system();
  if (outcome == "conflict") return sync.system() + " does not own what it changed";
  return "it tells nothing new of the loan";
}

}  // namespace

Result<journal::Work> tracking(const journal::Event& event, const Json& given, std::shared_ptr<const loans::Model> model, audit::Entry row, std::shared_ptr<Tracked> result) {
  if (event.subject.empty()) return fail(ErrorKind::permanent, "track: the event has no subject");
  if (auto fault = loans::fault_in(given, *model); !fault.empty()) return fail(ErrorKind::permanent, std::move(fault));
  return [event, given, model = std::move(model), row = std::move(row), result = std::move(result)](journal::Writer& writer) {
    const auto subject = writer.known_as(event.subject);
    const auto latest = writer.loan(subject);
    const Json before = latest ? read_json(latest->state).value_or(nullptr) : Json(nullptr);

    std::optional<loans::Sync> sync;
    std::optional<Json> judged;
    if (!model->definition().owners.empty()) {
      sync.emplace(*model, event, writer.holdings(subject));
      judged = sync->judge(before, given);
      if (sync->heard().empty()) sync.reset();
    }
    auto merged = loans::merge(before, judged ? *judged : given, event, *model);
    const bool refused = merged && merged->stage && merged->stage->kind == Track::Kind::refused;
    if (sync) {
      Json unmerged = before;
      sync->settle(before, merged ? merged->state : unmerged, refused);
      writer.put_holding(subject, sync->system(), sync->holdings_json());
    }
    const auto outcome = sync ? sync_outcome(*sync, merged && !sync->quiet()) : "";
    if (result) {
      *result = {};
      if (sync) {
        for (const auto& heard : sync->heard()) result->told[heard.field] = heard.value;
        result->quiet = sync->quiet() && !(merged && says_more(before, merged->state));
        if (result->quiet) result->why = quiet_reason(*sync, outcome);
      }
    }
    if (!merged && !sync) return rename_if_told(writer, event, subject, given, *model, row);

    auto audited = row;
    audited.subject = subject;
    audited.outcome = outcome.empty() ? row.outcome : outcome;
    const auto revision = (latest ? latest->revision : 0) + 1;
    audit::Body details;
    if (merged) details.add_number("revision", static_cast<std::uint64_t>(revision));
    details.add("changes", given);
    if (sync) details.add("sync", sync_details(*sync));
    const auto believed = model->believed(event.time, event.accepted_at);
    if (believed != event.time) {
      details.add_text("ahead_of_arrival", telemetry::to_text(event.time));
      telemetry::count("milepost_loan_events_ahead_total", {{"pipeline", event.pipeline}});
    }
    if (merged) {
      writer.append({subject, revision, event.sequence, believed, text(merged->state)});
      writer.set_loan_timer(subject, loans::next_look(subject, merged->state, *model, writer.now()));
    }
    if (merged && merged->stage) {
      details.add("stage", stage_details(*merged)).add_text("model", model->digest());
      const auto kind = merged->stage->kind;
      if (kind == Track::Kind::refused || kind == Track::Kind::unmapped) audited.outcome = name(kind);
      if (kind == Track::Kind::unmapped) tell_unmapped(writer, event, merged->claimed);
      if (kind == Track::Kind::refused)
        journal::raise_about(writer, config::host_event::kStageRefused, event,
                             {{"from", merged->stage->from}, {"to", merged->claimed}, {"reason", merged->stage->why}});
      telemetry::count("milepost_loan_stages_total", {{"pipeline", event.pipeline}, {"verdict", std::string(name(kind))}});
    }
    audited.body = details.take();
    audit::append(writer, audited);
    if (sync) tell_of_sync(writer, event, subject, *model, *sync, row);
    if (merged && !journal::is_alert(event))
      if (const auto reason = recall_reason(before, *merged, *model); !reason.empty()) loans::recall_mail(writer, subject, *model, reason);
    rename_if_told(writer, event, subject, given, *model, row);
  };
}

}  // namespace milepost::engine
