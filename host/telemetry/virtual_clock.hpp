// Time that passes only when nothing else can happen: it stands still while anybody works, and then leaps to what is
// waited for next. Weeks pass in milliseconds, and always in the same order.
#pragma once

#include <atomic>
#include <optional>

#include "host/telemetry/clock.hpp"

namespace milepost::telemetry {

/// It relies on attend(): every thread that works by it waits by it, or is at work. One thread of its own, the
/// director's, calls rest() and move_to(). What a thread waits by, its mutex and condition, outlives those calls.
class VirtualClock : public Clock {
 public:
  explicit VirtualClock(Time start) : now_(to_micros(start)) {}

  Time now() const override { return from_micros(now_.load()); }
  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed, std::stop_token stop,
                  Time deadline, const std::function<bool()>& ready) override;
  std::shared_ptr<void> attend() override;

  /// Waits until everyone waits, and nobody has a reason to go on. Gives the earliest time that is waited for, or
  /// Time::max(). nullopt: that has not come within `patience` of real time. [director]
  std::optional<Time> rest(std::chrono::milliseconds patience);
  /// Never back. Wakes whoever waited for it. REQUIRES: rest() gave a time, and nobody was set to work since. [director]
  void move_to(Time time);

 private:
  /// A thread in wait_until(). All but `gone` is read under the waiter's own lock, and only while it has not gone.
  struct Waiter {
    std::mutex* mutex;
    std::condition_variable_any* changed;
    const std::function<bool()>* ready;
    Time deadline;
    bool gone = false;
  };

  std::atomic<std::int64_t> now_;
  std::mutex mutex_;                    ///< of what follows; taken after a waiter's own, never before
  std::condition_variable_any all_wait_;
  std::vector<std::shared_ptr<Waiter>> waiting_;
  std::size_t attending_ = 0;
  std::uint64_t turns_ = 0;  ///< how often somebody began or ended to wait
};

}  // namespace milepost::telemetry
