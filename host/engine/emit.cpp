#include "host/engine/emit.hpp"

#include "host/engine/run.hpp"
#include "host/journal/host_event.hpp"

namespace milepost::engine {

Result<journal::Work> emission(const journal::Event& event, const std::string& step, const Json& with, audit::Entry row,
                               journal::Time now) {
  constexpr std::size_t kMost = 256;
  const auto wrong = [](std::string why) { return fail(ErrorKind::permanent, "emit: " + std::move(why)); };
  const auto type = get<std::string>(with, "/type").value_or("");
  if (type.empty()) return wrong("`type` is no text");
  if (type.starts_with(config::kHostTypes)) return wrong("the type " + type + " is the host's own");
  if (with.contains("subject") && !with["subject"].is_string()) return wrong("`subject` is no text");
  const auto subject = get<std::string>(with, "/subject").value_or(event.subject);
  if (type.size() > kMost || subject.size() > kMost) return wrong("a type or subject has at most 256 bytes");

  journal::NewEvent emitted;
  emitted.pipeline = event.pipeline;
  emitted.source = journal::is_alert(event) ? std::string(journal::kOfAlert) : "emit";
  emitted.id = idempotency_key(event.pipeline, event.id.empty() ? event.receipt : event.id, step);
  emitted.type = type;
  emitted.subject = emitted.lane = subject;
  emitted.actor = event.actor;
  emitted.reason = event.reason;
  emitted.time = now;
  emitted.payload = text(with.contains("payload") ? with["payload"] : Json::object());
  emitted.content_type = "application/json";
  emitted.followed_only = true;
  row.details = {{"from", event.receipt}};
  return [emitted, row, receipt = telemetry::new_id(now), now](journal::Writer& writer) {
    const auto acceptance = writer.accept(emitted, receipt, now);
    if (acceptance.verdict == journal::Writer::Verdict::duplicate) return;
    audit::Entry told = row;
    told.event = acceptance.event.receipt;
    told.subject = emitted.subject;
    audit::append(writer, told);
  };
}

}  // namespace milepost::engine
