#include "host/loans/consequences.hpp"

#include <algorithm>

#include "host/journal/host_event.hpp"
#include "host/loans/holdings.hpp"

namespace milepost::loans {

void recall_mail(journal::Writer& writer, const std::string& subject, const Model& model, const std::string& reason) {
  const auto& rules = model.mail().rules();
  if (!rules || rules->cooling_off.count() == 0) return;
  const auto now = writer.now();
  for (auto& piece : writer.mail_of(subject)) {
    if (piece.recalled_at || now - piece.sent_at > rules->cooling_off) continue;
    const auto effect = writer.effect(piece.event, piece.step);
    const auto mailed = writer.event(piece.event);
    if (!effect || !mailed || (effect->state != journal::EffectState::done && effect->state != journal::EffectState::sent)) continue;
    piece.recalled_at = now;
    writer.put(piece);
    Json told{{"loan", subject}, {"reason", reason}, {"use", piece.action}, {"connection", piece.connection}, {"pipeline", mailed->pipeline},
              {"event", mailed->receipt}, {"step", piece.step}, {"sent_at", telemetry::to_text(piece.sent_at)}};
    const auto answer = read_json(effect->answer).value_or(nullptr);
    if (const Json* body = find(answer, "/body")) told["answer"] = *body;
    journal::raise(writer, config::host_event::kMailRecall, subject, told);
  }
}

void tell_owed(journal::Writer& writer, const std::string& subject, const Json& state, const Model& model, Json told) {
  Json to = Json::object(), changed = Json::object();
  const Json* fields = find(state, "/fields");
  if (fields == nullptr || !fields->is_object()) return;
  for (const auto& [system, held] : writer.holdings(subject)) {
    if (std::ranges::find(model.systems(), system) == model.systems().end()) continue;
    const auto holdings = Holdings::from(held);
    for (const auto& [field, rule] : model.definition().owners) {
      const Json* last = holdings.last(field);
      const auto here = fields->find(field);
      if (last == nullptr || here == fields->end() || alike(*last, *here, rule.compare)) continue;
      to[system][field] = changed[field] = *here;
    }
  }
  if (to.empty()) return;
  told["loan"] = subject;
  told["fields"] = std::move(changed);
  told["to"] = std::move(to);
  journal::raise(writer, config::host_event::kLoanChanged, subject, told);
}

}  // namespace milepost::loans
