// One thread that does what the listener's must not wait for, and a short queue before it.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace milepost::api {

class Worker {
 public:
  explicit Worker(std::size_t most_waiting);
  ~Worker();  ///< ends the task under way; those that wait are dropped

  /// False when the queue is full. [any]
  bool post(std::function<void()> task);

 private:
  void run(std::stop_token stop);

  const std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::function<void()>> waiting_;
  std::jthread thread_;  // last: it is joined before the queue goes
};

}  // namespace milepost::api
