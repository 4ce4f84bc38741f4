// A clock that runs faster than the world's, the same for every process that is given the same speed and anchor: a test lets a host and
// the vendors' doubles live through an hour in half a minute.
#pragma once

#include <atomic>
#include <memory>

#include "host/telemetry/clock.hpp"

namespace milepost::telemetry {

class ScaledClock : public Clock {
 public:
  /// now() = anchor + (real time - anchor) × speed + `offset` microseconds, where there is one: a clock that can be set.
  ScaledClock(double speed, Time anchor, const std::atomic<std::int64_t>* offset = nullptr)
      : speed_(speed), anchor_(anchor), offset_(offset) {}
  Time now() const override;
  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed, std::stop_token stop, Time deadline,
                  const std::function<bool()>& ready) override;

 private:
  const double speed_;
  const Time anchor_;
  const std::atomic<std::int64_t>* const offset_;
  SystemClock system_;
};

/// What a process runs on: the system's clock, or, for tests, MILEPOST_CLOCK="SPEED,SECONDS[,FILE]": a ScaledClock of that speed, anchored at
/// that time since 1970. The first 8 bytes of FILE are its offset, at any time.
std::unique_ptr<Clock> process_clock();

}  // namespace milepost::telemetry
