#include "host/api/worker.hpp"

#include <utility>

#include "host/telemetry/thread_name.hpp"

namespace milepost::api {

Worker::Worker(std::size_t most_waiting)
    : most_waiting_(most_waiting), thread_([this](std::stop_token stop) { run(std::move(stop)); }) {}

Worker::~Worker() = default;

bool Worker::post(std::function<void()> task) {
  {
    const std::lock_guard guard(mutex_);
    if (waiting_.size() >= most_waiting_) return false;
    waiting_.push_back(std::move(task));
  }
  changed_.notify_one();
  return true;
}

void Worker::run(std::stop_token stop) {
  telemetry::name_thread("api");
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !waiting_.empty(); }) && !stop.stop_requested()) {
    auto task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

}  // namespace milepost::api
