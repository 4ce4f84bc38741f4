#include "host/engine/scheduler.hpp"

#include <utility>

#include "host/telemetry/thread_name.hpp"

namespace milepost::engine {

Scheduler::Scheduler(telemetry::Clock& clock, unsigned threads) : clock_(clock), count_(threads) {}
Scheduler::~Scheduler() { stop(); }

void Scheduler::start() {
  for (unsigned i = 0; i < count_; ++i) threads_.emplace_back([this, here = clock_.attend()](std::stop_token stop) { work(std::move(stop)); });
}

void Scheduler::stop() {
  for (auto& thread : threads_) thread.request_stop();
  threads_.clear();
  // Tasks may own what lives elsewhere: let go of them outside the lock.
  std::deque<Task> ready;
  decltype(timed_) timed;
  const std::lock_guard lock(mutex_);
  ready.swap(ready_);
  std::swap(timed, timed_);
}

void Scheduler::post(Task task, std::size_t times) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    for (; times > 1; --times) ready_.push_back(task);
    ready_.push_back(std::move(task));
    wake = wakes();
  }
  if (wake) changed_.notify_one();
}

/// One at a time, and that one wakes the next when there is more to do: of short tasks many are done by then.
bool Scheduler::wakes() { return asleep_ > 0 && !std::exchange(waking_, true); }

void Scheduler::post_at(telemetry::Time at, Task task) {
  {
    const std::lock_guard lock(mutex_);
    now();
    timed_.push({at > telemetry::Time::max() - set_back_ ? at : at + set_back_, ++order_, std::make_shared<Task>(std::move(task))});
  }
  changed_.notify_all();
}

/// A clock that is set back must not make what was to be done in a second wait for as long as it was set back.
telemetry::Time Scheduler::now() {
  const auto time = clock_.now();
  if (telemetry::set_back(seen_, time)) set_back_ += seen_ - time;
  seen_ = time;
  return time + set_back_;
}

void Scheduler::work(std::stop_token stop) {
  telemetry::name_thread("engine");
  expression::Machine machine;
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    while (!timed_.empty() && timed_.top().at <= now()) {
      ready_.push_back(std::move(*timed_.top().task));
      timed_.pop();
    }
    if (!ready_.empty()) {
      Task task = std::move(ready_.front());
      ready_.pop_front();
      const bool wake = !ready_.empty() && wakes();
      lock.unlock();
      if (wake) changed_.notify_one();
      task(machine);
      task = nullptr;
      lock.lock();
      continue;
    }
    const auto next = timed_.empty() ? telemetry::Time::max() : timed_.top().at;
    ++asleep_;
    clock_.wait_until(lock, changed_, stop, next == telemetry::Time::max() ? next : next - set_back_, [&] {
      waking_ = false;
      return !ready_.empty() || (!timed_.empty() && timed_.top().at < next);
    });
    --asleep_;
  }
}

}  // namespace milepost::engine
