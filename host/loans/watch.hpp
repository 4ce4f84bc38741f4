// Looks at each loan when something of it runs out, and journals the host's event that says so: milepost.loan_stuck, milepost.task_overdue.
// Sets the gauges of the signals now and then. Its timers lie in the store, so nothing is missed while the host is down; each stay and each due date is told once.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "host/journal/store.hpp"
#include "host/loans/model.hpp"

namespace milepost::loans {

/// The model of the moment. [any]
using CurrentModel = std::function<std::shared_ptr<const Model>()>;

/// Tells what has run out by now; returns how many loans were looked at (0: none is due). Errors: the store.
Result<std::size_t> look_at_due(journal::Store& store, const Model& model, Time now);

/// After the model changed: maps again what nobody had mapped, and sets every loan's timer anew. Nothing where the model is the one that the
/// store knows. Errors: the store.
Status adopt(journal::Store& store, const Model& model);

class Watch {
 public:
  /// All outlive it. It takes the store's on_loan_timers(). `figures`: how often the gauges are set; 0: never.
  Watch(journal::Store& store, telemetry::Clock& clock, CurrentModel model, std::chrono::minutes figures = std::chrono::minutes(10));
  ~Watch();
  void start();
  void stop();           ///< Idempotent.
  void look();           ///< at once: a timer was set, or the model may be another [any]

 private:
  void run(const std::stop_token& stop);
  Result<Time> turn();

  journal::Store& store_;
  telemetry::Clock& clock_;
  const CurrentModel model_;
  const std::chrono::minutes figures_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool look_ = false;
  std::string adopted_;  ///< digest of the model that the store knows
  Time figures_at_{};    ///< when the gauges are set next
  std::jthread thread_;  ///< last: it uses all of the above
};

}  // namespace milepost::loans
