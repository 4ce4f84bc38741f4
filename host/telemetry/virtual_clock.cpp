#include "host/telemetry/virtual_clock.hpp"

#include <algorithm>
#include <thread>

namespace milepost::telemetry {

bool VirtualClock::wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed,
                              std::stop_token stop, Time deadline, const std::function<bool()>& ready) {
  const auto self = std::make_shared<Waiter>(Waiter{lock.mutex(), &changed, &ready, deadline});
  {
    const std::lock_guard guard(mutex_);
    waiting_.push_back(self);
    ++turns_;
    if (waiting_.size() >= attending_) all_wait_.notify_all();
  }
  changed.wait(lock, std::move(stop), [&] { return ready() || now() >= deadline; });
  self->gone = true;
  {
    const std::lock_guard guard(mutex_);
    waiting_.erase(std::ranges::find(waiting_, self));
    ++turns_;
  }
  return ready();
}

std::shared_ptr<void> VirtualClock::attend() {
  const std::lock_guard guard(mutex_);
  ++attending_;
  return {this, [](void* clock) {
            auto& self = *static_cast<VirtualClock*>(clock);
            const std::lock_guard leaving(self.mutex_);
            --self.attending_;
            self.all_wait_.notify_all();
          }};
}

std::optional<Time> VirtualClock::rest(std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (true) {
    std::vector<std::shared_ptr<Waiter>> waiters;
    std::uint64_t turn = 0;
    {
      std::unique_lock guard(mutex_);
      if (!all_wait_.wait_until(guard, end, [&] { return waiting_.size() >= attending_; })) return std::nullopt;
      waiters = waiting_;
      turn = turns_;
    }
    // A reason to go on may be there before its thread has woken. Nobody can give another one a reason meanwhile, since
    // all wait: that `turns_` stands still shows it.
    Time next = Time::max();
    bool still = true;
    for (const auto& waiter : waiters) {
      const std::lock_guard own(*waiter->mutex);
      if (waiter->gone || (*waiter->ready)() || waiter->deadline <= now()) {
        still = false;
        if (!waiter->gone) waiter->changed->notify_all();
        break;
      }
      next = std::min(next, waiter->deadline);
    }
    if (still) {
      const std::lock_guard guard(mutex_);
      if (turn == turns_ && waiting_.size() >= attending_) return next;
    }
    if (std::chrono::steady_clock::now() >= end) return std::nullopt;
    std::this_thread::yield();
  }
}

void VirtualClock::move_to(Time time) {
  std::vector<std::shared_ptr<Waiter>> waiters;
  {
    const std::lock_guard guard(mutex_);
    if (time <= now()) return;
    now_ = to_micros(time);
    waiters = waiting_;
  }
  for (const auto& waiter : waiters) {
    // Under the waiter's lock, so that the call cannot fall between its look at the clock and its wait.
    const std::lock_guard own(*waiter->mutex);
    if (!waiter->gone && waiter->deadline <= time) waiter->changed->notify_all();
  }
}

}  // namespace milepost::telemetry
