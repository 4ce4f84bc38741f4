// A few threads for short work: what is ready now, and what is due at a time. Every look at the clock is the host's.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

#include "host/expression/expression.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::engine {

class Scheduler {
 public:
  /// Short, must not wait. Each thread lends its machine.
  using Task = std::function<void(expression::Machine&)>;

  Scheduler(telemetry::Clock& clock, unsigned threads);
  ~Scheduler();
  void start();
  void stop();  ///< ends what runs, drops the rest (the journal has it). Idempotent.

  void post(Task task, std::size_t times = 1);  ///< [any]
  void post_at(telemetry::Time at, Task task);  ///< [any]

 private:
  void work(std::stop_token stop);
  bool wakes();           ///< whether one is to be woken; REQUIRES: the lock
  telemetry::Time now();  ///< never goes back; REQUIRES: the lock
  struct Timed {
    telemetry::Time at;
    std::uint64_t order;
    std::shared_ptr<Task> task;
    bool operator>(const Timed& other) const { return std::pair(at, order) > std::pair(other.at, other.order); }
  };
  telemetry::Clock& clock_;
  const unsigned count_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Task> ready_;
  std::priority_queue<Timed, std::vector<Timed>, std::greater<>> timed_;
  std::uint64_t order_ = 0;
  telemetry::Time seen_{};                 ///< at the last look
  std::chrono::microseconds set_back_{0};  ///< by how much the clock was, in all: times in timed_ are past that
  unsigned asleep_ = 0;
  bool waking_ = false;  ///< one has been woken, and has not looked yet
  std::vector<std::jthread> threads_;
};

}  // namespace milepost::engine
