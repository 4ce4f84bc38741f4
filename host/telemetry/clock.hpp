// The only source of time. A host runs on SystemClock; tests on a ManualClock, so that nine days pass in milliseconds.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace milepost::telemetry {

/// UTC, microseconds since 1970: what the store keeps.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;  ///< [any]
  /// Waits on `changed` until `ready()`, `deadline`, or stop; true when ready. Ends early, false, when the clock is set
  /// back: what the deadline was reckoned from is gone. The lock is held on entry and on return. [any]
  virtual bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed, std::stop_token stop,
                          Time deadline, const std::function<bool()>& ready) = 0;
  /// A thread that works by this clock holds it from before it begins until it has ended: virtual time passes only while
  /// all of them wait. [any]
  virtual std::shared_ptr<void> attend() { return nullptr; }
};

/// From one look at a clock to the next: somebody set it back, by more than a correction in passing.
inline bool set_back(Time before, Time now) { return now < before - std::chrono::seconds(1); }

class SystemClock : public Clock {
 public:
  Time now() const override;
  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed, std::stop_token stop, Time deadline,
                  const std::function<bool()>& ready) override;
};

/// Stands still until told. advance() wakes whoever waits past the new time.
class ManualClock : public Clock {
 public:
  explicit ManualClock(Time start) : now_(start) {}
  Time now() const override;
  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed, std::stop_token stop, Time deadline,
                  const std::function<bool()>& ready) override;
  void advance(std::chrono::microseconds by);
  void set(Time time);

 private:
  mutable std::mutex mutex_;
  Time now_;
  std::vector<std::condition_variable_any*> waiting_;
};

/// "2026-11-20T23:59:01.123456Z": always UTC, six digits; what audit rows and the API print.
std::string to_text(Time time);
/// RFC 3339 with 0 to 9 fractional digits and any offset; false when it is none. Digits past microseconds are cut.
bool from_text(std::string_view text, Time& out);
inline std::int64_t to_micros(Time time) { return time.time_since_epoch().count(); }
inline Time from_micros(std::int64_t micros) { return Time(std::chrono::microseconds(micros)); }

}  // namespace milepost::telemetry
