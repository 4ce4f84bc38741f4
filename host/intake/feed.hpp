// What the sources that nobody calls (schedules, polling, followed events) bring their events in through: the
// pipeline's mapping, and one commit for the events and the place that the source has come to. Either both are on disk
// or neither.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/intake/delivery.hpp"
#include "host/intake/gaps.hpp"
#include "host/intake/mapping.hpp"
#include "host/journal/store.hpp"
#include "milepost/event.hpp"

namespace milepost::intake {

class Feed {
 public:
  struct Counts {
    std::size_t accepted = 0, duplicate = 0, quarantined = 0;
  };

  /// `cursor` is the name under which the store keeps the source's place. `mapping` is never null.
  Feed(Origin origin, std::shared_ptr<const Mapping> mapping, std::string cursor, journal::Store& store,
       const telemetry::Clock& clock);

  const Origin& origin() const { return origin_; }
  const telemetry::Clock& clock() const { return clock_; }
  /// It makes up for a webhook source of its pipeline. Before the first store().
  void complete(Completing completing) { completing_ = std::move(completing); }
  /// What that webhook has missed by now; nothing where it makes up for none. Errors: the store. [serial]
  Status look_for_gaps();
  /// The stored place; nullopt at the very start. `retryable` when the store cannot be read. [any]
  Result<std::optional<std::string>> place() const;
  /// Maps the events as a hook's are mapped, and stores them with their audit rows and the new place in one commit;
  /// waits for it. A quarantined event is kept and counts as stored. On an error nothing of it is. Counts them for the
  /// metrics. [serial]
  /// `sources` are those of the events, where they are others than the origin's.
  Result<Counts> store(const std::vector<Event>& events, const std::string& place,
                       const std::vector<std::string>& sources = {});
  /// Journals one of the host's own events about this source, in a commit of its own. What cannot be stored is logged.
  /// [any]
  void raise(std::string_view type, const Json& payload) const;

 private:
  Origin origin_;
  std::shared_ptr<const Mapping> mapping_;
  std::string cursor_;
  Completing completing_;
  journal::Store& store_;
  const telemetry::Clock& clock_;
  expression::Machine machine_;
};

}  // namespace milepost::intake
