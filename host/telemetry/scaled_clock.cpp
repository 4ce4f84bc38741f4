#include "host/telemetry/scaled_clock.hpp"

#include <cstdio>
#include <cstdlib>

#include "host/telemetry/log.hpp"

namespace milepost::telemetry {

Time ScaledClock::now() const {
  const auto real = system_.now() - anchor_;
  return anchor_ + std::chrono::microseconds(static_cast<std::int64_t>(static_cast<double>(real.count()) * speed_));
}

bool ScaledClock::wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed, std::stop_token stop, Time deadline,
                             const std::function<bool()>& ready) {
  if (deadline == Time::max()) return system_.wait_until(lock, changed, std::move(stop), deadline, ready);
  const auto left = static_cast<double>((deadline - now()).count()) / speed_;
  const auto real = system_.now() + std::chrono::microseconds(static_cast<std::int64_t>(left) + 1);
  return system_.wait_until(lock, changed, std::move(stop), real, ready);
}

std::unique_ptr<Clock> process_clock() {
  const char* wanted = std::getenv("MILEPOST_CLOCK");
  double speed = 1;
  long long anchor = 0;
  if (wanted == nullptr || std::sscanf(wanted, "%lf,%lld", &speed, &anchor) != 2 || !(speed >= 1 && speed <= 1e6)) return std::make_unique<SystemClock>();
  log(Level::warn, "clock.scaled", {{"speed", wanted}});
  return std::make_unique<ScaledClock>(speed, Time(std::chrono::seconds(anchor)));
}

}  // namespace milepost::telemetry
