// What a `loans` source brings at each of its times: an event for each loan that it asks for, with the loan's state, in pages.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/journal/store.hpp"
#include "host/loans/model.hpp"
#include "milepost/event.hpp"

namespace milepost::intake {

/// The event of one loan at one time: its id is the time and the loan, its subject the loan, its type "loan".
/// Payload: {"at": the time, "loan", "revision", "changed_at", "state": the loan as expressions see it}.
Event swept_event(const journal::LoanRevision& loan, telemetry::Time at, const loans::Model& model, telemetry::Time now);

class Sweep {
 public:
  using CurrentModel = std::function<std::shared_ptr<const loans::Model>()>;

  /// From the checked settings: {"stages", "ended", "changed"}. `store` and `clock` outlive it.
  Sweep(const Json& with, const journal::Store& store, const telemetry::Clock& clock, CurrentModel model);

  struct Page {
    std::vector<Event> events;
    std::string next;  ///< the subject after which to go on
    bool last = false;
  };
  /// Those after the loan `after`, by subject, as they are now. Errors: the store cannot be read. [any]
  Result<Page> page(telemetry::Time at, const std::string& after) const;

 private:
  bool takes(const journal::LoanRevision& loan, const loans::Model& model, telemetry::Time now) const;

  std::vector<std::string> stages_;  ///< none: any
  std::optional<std::chrono::milliseconds> ended_, changed_;  ///< nullopt: no limit
  const journal::Store& store_;
  const telemetry::Clock& clock_;
  const CurrentModel model_;
};

}  // namespace milepost::intake
