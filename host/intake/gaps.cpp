#include "host/intake/gaps.hpp"

#include <vector>

#include "host/journal/host_event.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::intake {
namespace {

constexpr const char* kSince = "host/gaps/since";  // pipeline/source -> when the poll first made up for a webhook

/// Of one pipeline: id -> {"receipt", "webhook", "source", "at"}.
std::string open_gaps(const std::string& pipeline) { return "host/gaps/" + pipeline; }

/// Since when the poll makes up for the webhook: now, if it has not been told yet.
std::int64_t begin(journal::Writer& writer, const std::string& pipeline, const std::string& source, journal::Time now) {
  const auto key = pipeline + "/" + source;
  if (const auto since = writer.state(kSince, key)) return std::stoll(since->value);
  writer.put_state(kSince, key, std::to_string(telemetry::to_micros(now)), 0);
  return telemetry::to_micros(now);
}

}  // namespace

void brought_by_poll(journal::Writer& writer, const Completing& completing, const std::string& pipeline, const std::string& source, const journal::NewEvent& event,
                     const std::string& receipt, journal::Time now) {
  if (telemetry::to_micros(event.time) <= begin(writer, pipeline, source, now)) return;
  const auto before = writer.state(open_gaps(pipeline), event.id);
  const Json gap{{"receipt", receipt}, {"webhook", completing.webhook}, {"source", source}, {"at", telemetry::to_micros(now)}};
  writer.put_state(open_gaps(pipeline), event.id, text(gap), before ? before->version : 0);
}

void brought_again(journal::Writer& writer, const std::string& pipeline, const std::string& webhook, const std::string& id) {
  const auto gap = writer.state(open_gaps(pipeline), id);
  if (!gap || get<std::string>(read_json(gap->value).value_or(nullptr), "/webhook").value_or("") != webhook) return;
  writer.drop_state(open_gaps(pipeline), id);
  telemetry::count("milepost_webhook_late_total", {{"pipeline", pipeline}, {"source", webhook}});
}

Status tell_missed(journal::Store& store, const Completing& completing, const std::string& pipeline, const std::string& source, journal::Time now) {
  struct Missed {
    std::string id;
    journal::Event event;
  };
  std::vector<Missed> missed;
  bool fresh = false;
  try {
    fresh = !store.state(kSince, pipeline + "/" + source);
    for (const auto& [id, value] : store.states(open_gaps(pipeline))) {
      const auto gap = read_json(value).value_or(nullptr);
      if (get<std::string>(gap, "/source").value_or("") != source) continue;
      if (telemetry::from_micros(get<std::int64_t>(gap, "/at").value_or(0)) + completing.missed_after > now) continue;
      const auto event = store.event_by_receipt(get<std::string>(gap, "/receipt").value_or(""));
      missed.push_back({id, event.value_or(journal::Event())});
    }
  } catch (const journal::StoreError& error) {
    return fail(error.error());
  }
  if (missed.empty() && !fresh) return {};
  return store.run([&](journal::Writer& writer) {
    if (fresh) begin(writer, pipeline, source, now);
    for (const auto& [id, event] : missed) {
      if (!writer.state(open_gaps(pipeline), id)) continue;  // it came after all
      writer.drop_state(open_gaps(pipeline), id);
      if (event.receipt.empty()) continue;  // pruned meanwhile
      journal::raise_about(writer, config::host_event::kWebhookMissed, event, {{"webhook", completing.webhook}});
      telemetry::count("milepost_webhook_missed_total", {{"pipeline", pipeline}, {"source", completing.webhook}});
    }
  });
}

}  // namespace milepost::intake
