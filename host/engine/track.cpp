#include "host/engine/track.hpp"

#include "host/journal/host_event.hpp"
#include "host/loans/due.hpp"
#include "host/loans/loan_state.hpp"
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

/// Asks back each piece that went out within the cooling-off time: the loan has ended, or something that its mail rests on has changed.
void recall_mail(journal::Writer& writer, const journal::Event& event, const loans::Model& model, const std::string& reason) {
  const auto& rules = model.mail().rules();
  if (!rules || rules->cooling_off.count() == 0 || journal::is_alert(event)) return;
  const auto now = writer.now();
  for (auto& piece : writer.mail_of(event.subject)) {
    if (piece.recalled_at || now - piece.sent_at > rules->cooling_off) continue;
    const auto effect = writer.effect(piece.event, piece.step);
    const auto mailed = writer.event(piece.event);
    if (!effect || !mailed || (effect->state != journal::EffectState::done && effect->state != journal::EffectState::sent)) continue;
    piece.recalled_at = now;
    writer.put(piece);
    Json told{{"loan", event.subject}, {"reason", reason}, {"use", piece.action}, {"connection", piece.connection}, {"pipeline", mailed->pipeline},
              {"event", mailed->receipt}, {"step", piece.step}, {"sent_at", telemetry::to_text(piece.sent_at)}};
    const auto answer = read_json(effect->answer).value_or(nullptr);
    if (const Json* body = find(answer, "/body")) told["answer"] = *body;
    journal::raise(writer, config::host_event::kMailRecall, event.subject, told);
  }
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

}  // namespace

Result<journal::Work> tracking(const journal::Event& event, const Json& with, std::shared_ptr<const loans::Model> model, audit::Entry row) {
  if (event.subject.empty()) return fail(ErrorKind::permanent, "track: the event has no subject");
  if (auto fault = loans::fault_in(with, *model); !fault.empty()) return fail(ErrorKind::permanent, std::move(fault));
  return [event, with, model = std::move(model), row = std::move(row)](journal::Writer& writer) {
    const auto latest = writer.loan(event.subject);
    const Json before = latest ? read_json(latest->state).value_or(nullptr) : Json(nullptr);
    const auto merged = loans::merge(before, with, event, *model);
    if (!merged) return;
    const auto revision = (latest ? latest->revision : 0) + 1;
    const auto believed = model->believed(event.time, event.accepted_at);
    writer.append({event.subject, revision, event.sequence, believed, text(merged->state)});
    writer.set_loan_timer(event.subject, loans::next_look(event.subject, merged->state, *model, writer.now()));

    auto audited = row;
    audited.details = {{"revision", revision}, {"changes", with}};
    if (believed != event.time) {
      audited.details["ahead_of_arrival"] = telemetry::to_text(event.time);
      telemetry::count("milepost_loan_events_ahead_total", {{"pipeline", event.pipeline}});
    }
    if (merged->stage) {
      audited.details["stage"] = stage_details(*merged);
      audited.details["model"] = model->digest();
      const auto kind = merged->stage->kind;
      if (kind == Track::Kind::refused || kind == Track::Kind::unmapped) audited.outcome = name(kind);
      if (kind == Track::Kind::unmapped) tell_unmapped(writer, event, merged->claimed);
      if (kind == Track::Kind::refused)
        journal::raise_about(writer, config::host_event::kStageRefused, event,
                             {{"from", merged->stage->from}, {"to", merged->claimed}, {"reason", merged->stage->why}});
      telemetry::count("milepost_loan_stages_total", {{"pipeline", event.pipeline}, {"verdict", std::string(name(kind))}});
    }
    audit::append(writer, audited);
    if (const auto reason = recall_reason(before, *merged, *model); !reason.empty()) recall_mail(writer, event, *model, reason);
  };
}

}  // namespace milepost::engine
