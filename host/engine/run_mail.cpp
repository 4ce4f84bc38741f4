// A run whose step sends mail, at the gate: what the loan says of it in the transaction that lets it go, and what became of it.
#include <fmt/format.h>

#include "host/engine/run.hpp"
#include "host/loans/loan_state.hpp"
#include "host/loans/mail_budget.hpp"
#include "host/loans/pieces.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::engine {

loans::MailVerdict Run::mail_verdict(expression::Machine& machine, journal::Writer& writer) {
  read();
  const auto now = clock_.now();
  const auto subject = writer.known_as(event_.subject);
  const auto latest = writer.loan(subject);
  const Json loan = latest ? loans::view(read_json(latest->state).value_or(nullptr), *loans_, now, subject) : Json(nullptr);
  const expression::Scope scope{.payload = &payload_, .event = &event_json_, .loan = &loan, .steps = &steps_, .params = nullptr, .link = {}, .now = now};
  auto verdict = loans_->mail().ask({scope, loans_->terminal(get<std::string>(loan, "/stage").value_or("")),
                                     [&](const std::string& key) -> std::optional<std::string> {
                                       std::vector<std::string> keys = {key};
                                       if (writer.known_as(key) == subject) {  // it may stand there under any of the loan's names
                                         keys = writer.names_of(subject);
                                         keys.push_back(subject);
                                       }
                                       for (const auto& one : keys)
                                         if (const auto found = writer.suppression(one)) return found->reason;
                                       return std::nullopt;
                                     }},
                                    machine);
  const loans::PieceKey piece{event_.sequence, step().definition.id};
  using Kind = loans::MailVerdict::Kind;
  if (verdict.kind != Kind::go) loans::leave_queue(writer, piece);
  else if (effect_.first_at == effect_.sent_at) loans::take_turn(writer, *loans_, piece, verdict, now);  // a repeat has had its turn
  // Last, so that held out and mailed are alike in all but this.
  if (verdict.kind == Kind::go && effect_.first_at == effect_.sent_at && loans_->held_out(subject)) hold_out(subject, verdict, writer);
  return verdict;
}

void Run::hold_out(const std::string& subject, loans::MailVerdict& verdict, journal::Writer& writer) const {
  verdict.kind = loans::MailVerdict::Kind::hold_out;
  verdict.reason = fmt::format("the loan is one of the {:g} % that get no mail, for comparison", loans_->definition().mail->hold_out * 100);
  if (!writer.state(loans::kHeldOutScope, subject)) writer.put_state(loans::kHeldOutScope, subject, std::to_string(telemetry::to_micros(clock_.now())), 0);
}

void Run::record_mail(const loans::MailVerdict& verdict, journal::Writer& writer) const {
  if (!event_.subject.empty())
    writer.put(journal::MailPiece{writer.known_as(event_.subject), event_.sequence, step().definition.id, step().definition.use, effect_.connection, *effect_.sent_at});
  if (loans_->mail().rules()) audit::append(writer, gate_row(verdict));
}

audit::Entry Run::gate_row(const loans::MailVerdict& verdict) const {
  using Kind = loans::MailVerdict::Kind;
  const char* outcome = verdict.kind == Kind::go       ? "passed"
                        : verdict.kind == Kind::refuse ? "refused"
                        : verdict.kind == Kind::hold   ? "held"
                        : verdict.kind == Kind::wait   ? "queued"
                        : verdict.kind == Kind::lapse  ? "lapsed"
                                                       : "held_out";
  Json details{{"seen", verdict.seen}, {"model", loans_->digest()}};
  if (!verdict.reason.empty()) details["reason"] = verdict.reason;
  return entry("decision", "mail.gate", step().definition.id, outcome, std::move(details));
}

void Run::gated(const loans::MailVerdict& verdict) {
  using Kind = loans::MailVerdict::Kind;
  write(gate_row(verdict));
  const std::string reason = "mail gate: " + verdict.reason;
  telemetry::count("milepost_mail_gate_total", {{"pipeline", event_.pipeline}, {"step", step().definition.id}, {"outcome", gate_row(verdict).outcome}});
  if (effect_.attempt == 0) {  // no attempt has begun after all
    effect_.first_at.reset();
    effect_.sent_at.reset();
  }
  if (verdict.kind == Kind::wait) {
    plan();
    event_.step = step().definition.id;
    event_.resume_at = verdict.until;
    return end(journal::EventState::waiting);
  }
  const Error error{ErrorKind::permanent, reason};
  if (effect_.unknown) return in_doubt(error, reason + "; an earlier attempt may have gone out");
  if (verdict.kind == Kind::hold) return failed(error, reason);
  skipped(verdict.kind == Kind::lapse ? "lapsed" : verdict.kind == Kind::hold_out ? "held_out" : "refused", reason, "");
}

}  // namespace milepost::engine
