#include "host/telemetry/clock.hpp"

#include <algorithm>
#include <utility>

namespace milepost::telemetry {

Time SystemClock::now() const {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

bool SystemClock::wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed,
                             std::stop_token stop, Time deadline, const std::function<bool()>& ready) {
  using std::chrono::seconds;
  // glibc before 2.41 loses a wake-up of a condition variable once in a long while (its bug 25847): where nobody else is woken until one
  // has looked, all would wait for ever.
  if (deadline == Time::max()) {
    while (!changed.wait_for(lock, stop, seconds(5), ready))
      if (stop.stop_requested()) return false;
    return true;
  }
  // In slices of steady time, with a look at the clock after each: somebody may set it meanwhile.
  constexpr std::chrono::microseconds kSlice{seconds(1)};
  for (Time seen = now();;) {
    const auto left = std::max(deadline - seen, std::chrono::microseconds(0));
    if (changed.wait_for(lock, stop, std::min(left, kSlice), ready)) return true;
    const Time time = now();
    if (stop.stop_requested() || time >= deadline || set_back(seen, time)) return false;
    seen = time;
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
  Time seen = now();
  const auto due = [&] {
    const Time before = std::exchange(seen, now());
    return ready() || seen >= deadline || set_back(before, seen);
  };
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
