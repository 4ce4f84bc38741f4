#include "host/journal/host_event.hpp"

#include "host/telemetry/ids.hpp"

namespace milepost::journal {

bool raise_once(Writer& writer, std::string_view type, const std::string& subject, const std::string& id, const Json& payload) {
  const Time now = writer.now();
  NewEvent event;
  event.pipeline = config::kHostPipeline;
  event.source = config::kHostPipeline;
  event.id = id;
  event.type = type;
  event.subject = event.lane = subject;
  event.time = now;
  event.payload = text(payload);
  event.content_type = "application/json";
  event.followed_only = true;
  return writer.accept(event, telemetry::new_id(now), now).verdict == Writer::Verdict::accepted;
}

void raise(Writer& writer, std::string_view type, const std::string& subject, const Json& payload) {
  raise_once(writer, type, subject, telemetry::new_id(writer.now()), payload);
}

void raise_about(Writer& writer, std::string_view type, const Event& event, const Json& more) {
  if (is_alert(event)) return;
  Json payload{{"pipeline", event.pipeline}, {"event", event.receipt}, {"source", event.source}, {"id", event.id}};
  if (!event.type.empty()) payload["type"] = event.type;
  if (!event.subject.empty()) payload["subject"] = event.subject;
  for (const auto& [key, value] : more.items()) payload[key] = value;
  raise(writer, type, event.subject.empty() ? "milepost:event:" + event.receipt : event.subject, payload);
}

}  // namespace milepost::journal
