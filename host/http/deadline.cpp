#include "host/http/deadline.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace milepost::http {

namespace {
using namespace std::chrono_literals;
constexpr auto kSlice = 100ms;    // `stopped` is asked at least every 200 ms
constexpr auto kAskAgain = 20ms;  // and not for every packet
}  // namespace

Deadline::Deadline(std::chrono::milliseconds timeout, const std::function<bool()>& stopped)
    : end_(Steady::now() + std::clamp<std::chrono::milliseconds>(timeout, 0ms, 24h)), stopped_(&stopped) {}

Deadline Deadline::at_most(std::chrono::milliseconds timeout) const {
  Deadline narrow = *this;
  narrow.end_ = std::min(end_, Steady::now() + timeout);
  return narrow;
}

std::chrono::milliseconds Deadline::left() const {
  return std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(end_ - Steady::now()));
}

std::chrono::milliseconds Deadline::slice() const {
  return *stopped_ ? std::min(left(), std::chrono::milliseconds(kSlice)) : left();
}

Deadline::Verdict Deadline::check() {
  const auto now = Steady::now();
  if (*stopped_ && now - asked_ >= kAskAgain) {
    asked_ = now;
    if ((*stopped_)()) return Verdict::cancelled;
  }
  return now >= end_ ? Verdict::timeout : Verdict::go_on;
}

Deadline::Verdict Deadline::wait(int descriptor, short events) {
  for (;;) {
    if (const auto verdict = check(); verdict != Verdict::go_on) return verdict;
    pollfd entry{descriptor, events, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(slice().count()));
    if (ready > 0 || (ready < 0 && errno != EINTR)) return Verdict::go_on;
  }
}

}  // namespace milepost::http
