// When a call is stopped: before it begins, or once the double has the request that it hangs on. By what has happened, not after a
// time: on a machine that is busy a call may not have come that far.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>

#include "host/conformance/vendor.hpp"

namespace milepost::conformance {

class Stopping {
 public:
  Stopping(const Vendor& vendor, bool before) : vendor_(vendor), at_(before ? Steady::now() : Steady::time_point()) {}

  /// As plugins::HostCall asks it. [any]
  bool operator()() const {
    if (at_.load() != Steady::time_point()) return true;
    if (!std::ranges::any_of(vendor_.seen(), &Seen::struck)) return false;
    Steady::time_point not_yet{};
    at_.compare_exchange_strong(not_yet, Steady::now());
    return true;
  }
  /// Since it was stopped; zero when it never was.
  std::chrono::milliseconds took() const {
    const auto at = at_.load();
    return at == Steady::time_point() ? std::chrono::milliseconds(0) : std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - at);
  }

 private:
  using Steady = std::chrono::steady_clock;
  const Vendor& vendor_;
  mutable std::atomic<Steady::time_point> at_{};
};

}  // namespace milepost::conformance
