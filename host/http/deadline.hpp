// The one bound over a whole exchange: a moment, and the caller's wish to stop. Every wait of the client goes through
// here.
#pragma once

#include <chrono>
#include <functional>

namespace milepost::http {

class Deadline {
 public:
  enum class Verdict { go_on, timeout, cancelled };

  /// `stopped` may be empty; it must outlive the Deadline.
  Deadline(std::chrono::milliseconds timeout, const std::function<bool()>& stopped);

  /// The same wish to stop, and an earlier end: for one of several addresses.
  Deadline at_most(std::chrono::milliseconds timeout) const;

  std::chrono::milliseconds left() const;
  /// For between steps that do not wait: a peer that trickles always has a byte ready.
  Verdict check();
  /// Waits until the descriptor is ready for `events` (poll's) or has failed.
  Verdict wait(int descriptor, short events);
  /// How long a wait may be before check() must be asked again.
  std::chrono::milliseconds slice() const;

 private:
  using Steady = std::chrono::steady_clock;
  Steady::time_point end_;
  Steady::time_point asked_{};
  const std::function<bool()>* stopped_;
};

}  // namespace milepost::http
