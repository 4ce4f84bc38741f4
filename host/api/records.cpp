// Rows of the store as JSON.
#include "host/api/admin.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::api {
namespace {

using telemetry::to_text;

void put(Json& out, const char* name, const std::string& value) {
  if (!value.empty()) out[name] = value;
}
void put(Json& out, const char* name, const std::optional<telemetry::Time>& value) {
  if (value) out[name] = to_text(*value);
}
/// What the store keeps as a JSON text. Text that is none is shown as it is: nothing is hidden.
void put_json(Json& out, const char* name, const std::string& value) {
  if (value.empty()) return;
  auto parsed = read_json(value);
  out[name] = parsed ? std::move(*parsed) : Json(value);
}

}  // namespace

Json to_json(const journal::Event& event) {
  Json out{{"sequence", event.sequence},
           {"receipt", event.receipt},
           {"pipeline", event.pipeline},
           {"source", event.source},
           {"id", event.id}};
  put(out, "revision", event.revision);
  put(out, "type", event.type);
  put(out, "subject", event.subject);
  put(out, "actor", event.actor);
  put(out, "reason", event.reason);
  out["time"] = to_text(event.time);
  out["accepted_at"] = to_text(event.accepted_at);
  out["state"] = name(event.state);
  put(out, "step", event.step);
  put(out, "fault", event.fault);
  put(out, "resume_at", event.resume_at);
  out["late"] = event.late;
  put(out, "version", event.definition);
  if (event.loan_revision) out["loan_revision"] = *event.loan_revision;
  if (event.crashes != 0) out["crashes"] = event.crashes;
  out["payload_digest"] = event.payload_digest;
  return out;
}

Json to_json(const journal::Effect& effect) {
  Json out{{"step", effect.step}, {"state", name(effect.state)}, {"attempt", effect.attempt}};
  put(out, "key", effect.key);
  put(out, "connection", effect.connection);
  put(out, "version", effect.definition);
  put(out, "plugin", effect.plugin);
  put(out, "first_at", effect.first_at);
  put(out, "sent_at", effect.sent_at);
  put(out, "ended_at", effect.ended_at);
  put(out, "next_at", effect.next_at);
  put_json(out, "answer", effect.answer);
  put_json(out, "error", effect.error);
  return out;
}

Json to_json(const journal::AuditRecord& record) {
  const auto& row = record.row;
  Json out{{"sequence", row.sequence},
           {"time", to_text(row.time)},
           {"kind", row.kind},
           {"user", row.user},
           {"action", row.action}};
  put(out, "subject", row.subject);
  put(out, "pipeline", row.pipeline);
  put(out, "version", row.version);
  put(out, "event", row.event);
  put(out, "step", row.step);
  put(out, "outcome", row.outcome);
  put(out, "plugin", row.plugin);
  if (record.details)
    put_json(out, "details", record.details->body);
  else
    out["erased"] = true;
  out["details_digest"] = telemetry::hex(row.details);
  out["previous"] = telemetry::hex(row.previous);
  out["hash"] = telemetry::hex(row.hash);
  return out;
}

}  // namespace milepost::api
