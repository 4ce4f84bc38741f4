#include "host/intake/feed.hpp"

#include <utility>

#include "host/intake/again.hpp"
#include "host/journal/host_event.hpp"
#include "host/journal/store_error.hpp"
#include "host/telemetry/ids.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::intake {

Feed::Feed(Origin origin, std::shared_ptr<const Mapping> mapping, std::string cursor, journal::Store& store,
           const telemetry::Clock& clock)
    : origin_(std::move(origin)),
      mapping_(std::move(mapping)),
      cursor_(std::move(cursor)),
      store_(store),
      clock_(clock) {}

Result<std::optional<std::string>> Feed::place() const {
  try {
    return store_.cursor(cursor_);
  } catch (const journal::StoreError& error) {
    return fail(error.error());
  }
}

Result<Feed::Counts> Feed::store(const std::vector<Event>& events, const std::string& place,
                                 const std::vector<std::string>& sources) {
  const auto now = clock_.now();
  StoreLinks links(store_);
  struct Mapped {
    journal::NewEvent event;
    std::string receipt;
  };
  std::vector<Mapped> mapped;
  mapped.reserve(events.size());
  for (std::size_t i = 0; i < events.size(); ++i)
    mapped.push_back({mapping_->map(machine_, origin_.pipeline, i < sources.size() ? sources[i] : origin_.source,
                                    events[i], "application/json", now, links.link()),
                      telemetry::new_id(now)});
  try {
    links.check();
  } catch (const journal::StoreError& error) {
    return fail(error.error());
  }

  Counts counts;
  const auto stored = store_.run([&](journal::Writer& writer) {
    counts = {};
    for (const auto& [event, receipt] : mapped) {
      const auto outcome = accept(writer, origin_, event, receipt, now);
      const auto status = outcome.status;
      if (!completing_.webhook.empty() && status == "accepted")
        brought_by_poll(writer, completing_, origin_.pipeline, origin_.source, event, outcome.receipt, now);
      ++(status == "accepted" ? counts.accepted : status == "duplicate" ? counts.duplicate : counts.quarantined);
    }
    writer.put_cursor(cursor_, place);
  });
  if (!stored) return fail(stored.error());
  for (const auto& [status, count] : {std::pair("accepted", counts.accepted), std::pair("duplicate", counts.duplicate),
                                      std::pair("quarantined", counts.quarantined)})
    if (count > 0)
      telemetry::count("milepost_source_events_total",
                       {{"pipeline", origin_.pipeline}, {"source", origin_.source}, {"status", status}},
                       static_cast<double>(count));
  return counts;
}

Status Feed::look_for_gaps() {
  if (completing_.webhook.empty()) return {};
  return tell_missed(store_, completing_, origin_.pipeline, origin_.source, clock_.now());
}

void Feed::raise(std::string_view type, const Json& payload) const {
  const auto stored = store_.run([&](journal::Writer& writer) {
    journal::raise(writer, type, "milepost:source:" + origin_.pipeline + "/" + origin_.source, payload);
  });
  if (!stored)
    telemetry::log(telemetry::Level::error, "store.commit_failed",
                   {{"pipeline", origin_.pipeline}, {"reason", stored.error().message}});
}

}  // namespace milepost::intake
