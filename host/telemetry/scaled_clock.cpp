#include "host/telemetry/scaled_clock.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "host/telemetry/log.hpp"

namespace milepost::telemetry {

namespace {

/// For as long as the process lives; nullptr when there is no such file.
const std::atomic<std::int64_t>* mapped(const char* path) {
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return nullptr;
  void* const bytes = ::mmap(nullptr, sizeof(std::atomic<std::int64_t>), PROT_READ, MAP_SHARED, file, 0);
  ::close(file);
  return bytes == MAP_FAILED ? nullptr : static_cast<const std::atomic<std::int64_t>*>(bytes);
}

}  // namespace

Time ScaledClock::now() const {
  const auto real = system_.now() - anchor_;
  const std::int64_t offset = offset_ == nullptr ? 0 : offset_->load(std::memory_order_relaxed);
  return anchor_ + std::chrono::microseconds(static_cast<std::int64_t>(static_cast<double>(real.count()) * speed_) + offset);
}

bool ScaledClock::wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed, std::stop_token stop, Time deadline,
                             const std::function<bool()>& ready) {
  if (deadline == Time::max()) return system_.wait_until(lock, changed, std::move(stop), deadline, ready);
  for (Time seen = now();;) {
    auto left = std::chrono::microseconds(static_cast<std::int64_t>(static_cast<double>((deadline - seen).count()) / speed_) + 1);
    if (offset_ != nullptr) left = std::min<std::chrono::microseconds>(left, std::chrono::milliseconds(20));  // it may change meanwhile
    if (system_.wait_until(lock, changed, stop, system_.now() + left, ready)) return true;
    const Time time = now();
    if (stop.stop_requested() || time >= deadline || set_back(seen, time)) return false;
    seen = time;
  }
}

std::unique_ptr<Clock> process_clock() {
  const char* wanted = std::getenv("MILEPOST_CLOCK");
  double speed = 1;
  long long anchor = 0;
  int read = 0;
  if (wanted == nullptr || std::sscanf(wanted, "%lf,%lld%n", &speed, &anchor, &read) != 2 || !(speed >= 1 && speed <= 1e6)) return std::make_unique<SystemClock>();
  log(Level::warn, "clock.scaled", {{"speed", wanted}});
  return std::make_unique<ScaledClock>(speed, Time(std::chrono::seconds(anchor)), wanted[read] == ',' ? mapped(wanted + read + 1) : nullptr);
}

}  // namespace milepost::telemetry
