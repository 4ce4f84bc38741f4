#include "host/telemetry/clock.hpp"

#include <algorithm>

namespace milepost::telemetry {

Time SystemClock::now() const {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

bool SystemClock::wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed,
                             std::stop_token stop, Time deadline, const std::function<bool()>& ready) {
  // In slices, since a far deadline ("never") overflows the nanoseconds that the library counts in.
  constexpr std::chrono::hours kSlice{1};
  while (true) {
    const Time time = now();
    const Time until = deadline - time > kSlice ? time + kSlice : deadline;
    if (changed.wait_until(lock, stop, until, ready)) return true;
    if (stop.stop_requested() || now() >= deadline) return false;
  }
}

Time ManualClock::now() const {
  const std::lock_guard guard(mutex_);
  return now_;
}

bool ManualClock::wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed,
                             std::stop_token stop, Time deadline, const std::function<bool()>& ready) {
  {
    const std::lock_guard guard(mutex_);
    waiting_.push_back(&changed);
  }
  const auto due = [&] { return ready() || now() >= deadline; };
  // advance() cannot take the waiter's lock, so its call may fall between the look at the clock and the wait. The slice
  // of real time bounds what such a lost call costs.
  constexpr std::chrono::milliseconds kSlice{10};
  while (!changed.wait_until(lock, stop, std::chrono::system_clock::now() + kSlice, due) && !stop.stop_requested()) {
  }
  {
    const std::lock_guard guard(mutex_);
    waiting_.erase(std::ranges::find(waiting_, &changed));
  }
  return ready();
}

void ManualClock::advance(std::chrono::microseconds by) {
  const std::lock_guard guard(mutex_);
  now_ += by;
  for (auto* waiter : waiting_) waiter->notify_all();
}

void ManualClock::set(Time time) {
  const std::lock_guard guard(mutex_);
  now_ = time;
  for (auto* waiter : waiting_) waiter->notify_all();
}

}  // namespace milepost::telemetry
