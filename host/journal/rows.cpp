#include "host/journal/rows.hpp"

namespace milepost::journal {

Event read_event(const sqlite::Query& row) {
  Event event;
  event.sequence = static_cast<Sequence>(row.integer(0));
  int column = 1;
  for (std::string* field : {&event.receipt, &event.pipeline, &event.source, &event.id, &event.revision, &event.type,
                             &event.subject, &event.lane, &event.actor, &event.reason})
    *field = row.text(column++);
  event.time = row.time(11);
  event.accepted_at = row.time(12);
  event.payload_digest = telemetry::hex(row.text(13));
  event.state = static_cast<EventState>(row.integer(14));
  event.step = row.text(15);
  event.definition = row.text(16);
  event.loan_revision = row.maybe_integer(17);
  event.resume_at = row.maybe_time(18);
  event.late = row.integer(19) != 0;
  event.crashes = static_cast<unsigned>(row.integer(20));
  event.fault = row.text(21);
  return event;
}

Effect read_effect(const sqlite::Query& row) {
  Effect effect;
  effect.event = static_cast<Sequence>(row.integer(0));
  effect.step = row.text(1);
  effect.state = static_cast<EffectState>(row.integer(2));
  effect.attempt = static_cast<unsigned>(row.integer(3));
  effect.key = row.text(4);
  effect.connection = row.text(5);
  effect.definition = row.text(6);
  effect.plugin = row.text(7);
  effect.first_at = row.maybe_time(8);
  effect.sent_at = row.maybe_time(9);
  effect.ended_at = row.maybe_time(10);
  effect.next_at = row.maybe_time(11);
  effect.answer = row.text(12);
  effect.error = row.text(13);
  effect.held = std::chrono::microseconds(row.integer(14));
  effect.unknown = row.integer(15) != 0;
  return effect;
}

void read_audit_row(const sqlite::Query& row, AuditRow& out) {
  out.sequence = static_cast<std::uint64_t>(row.integer(0));
  out.time = row.time(1);
  int column = 2;
  for (std::string* field : {&out.kind, &out.user, &out.action, &out.subject, &out.pipeline, &out.version, &out.event,
                             &out.step, &out.outcome, &out.plugin})
    *field = row.text(column++);
  out.details = row.digest(12);
  out.previous = row.digest(13);
  out.hash = row.digest(14);
}

void read_audit_record(const sqlite::Query& row, AuditRecord& out) {
  read_audit_row(row, out.row);
  if (row.null(15)) {
    out.details.reset();
    return;
  }
  if (!out.details) out.details.emplace();
  out.details->salt = row.text(15);
  out.details->body = row.text(16);
}

}  // namespace milepost::journal
