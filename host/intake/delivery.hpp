// One verified delivery on its way into the journal: its events, the one Work that stores them with their audit rows,
// and the answer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/http/server.hpp"
#include "host/journal/store.hpp"
#include "milepost/json.hpp"

namespace milepost::intake {

/// What audit rows and the answer say of the hook that it came in by.
struct Origin {
  std::string pipeline, source, version, plugin;
  int accepted_status = 202;
  int quarantined_status = 202;
};

/// What became of one event.
struct Outcome {
  std::string receipt;
  std::string_view status;  ///< accepted, duplicate or quarantined
  std::string reason;       ///< of a quarantine
};
/// Stores one event with its audit row. `receipt` was made before, so that a Work that runs twice gives the same one.
/// Only inside Store work.
Outcome accept(journal::Writer& writer, const Origin& origin, const journal::NewEvent& event, const std::string& receipt,
               journal::Time now);

class Delivery {
 public:
  /// Receipts are made here and now, so that a Work that runs twice gives the same ones. `rests`: of the sender, see
  /// http::Outgoing. REQUIRES: an event at least.
  Delivery(std::shared_ptr<const Origin> origin, std::vector<journal::NewEvent> events, journal::Time now, unsigned rests = 0);

  /// Stores the events, each with its audit row, in one commit; then answers: 503 when they are not on disk. `done` is
  /// told the status for the metrics: accepted, duplicate, quarantined or unavailable. Both run on the writer's thread.
  static void submit(std::shared_ptr<Delivery> delivery, journal::Store& store, http::Responder respond,
                     std::function<void(std::string_view status)> done);

 private:
  void write(journal::Writer& writer);
  std::string_view status() const;
  http::Outgoing answer() const;

  std::shared_ptr<const Origin> origin_;
  std::vector<journal::NewEvent> events_;
  std::vector<std::string> receipts_;
  journal::Time now_;
  unsigned rests_;
  std::vector<Outcome> outcomes_;
};

/// 503 problem+json with Retry-After.
http::Outgoing unavailable(const std::string& detail);

}  // namespace milepost::intake
