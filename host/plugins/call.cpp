#include "host/plugins/call.hpp"

#include <mutex>
#include <unordered_set>
#include <utility>

namespace milepost::plugins {

namespace {

/// The calls that are under way. A plugin may hand any pointer to a service: it is looked up here before it is
/// followed.
struct Live {
  std::mutex mutex;
  std::unordered_set<const mp_call*> calls;
};
Live& live() {
  static auto& instance = *new Live;  // never destroyed: threads may still call while the process exits
  return instance;
}

}  // namespace

HostCall::HostCall(std::chrono::milliseconds timeout, std::function<bool()> stopped, unsigned attempt)
    : raw_{}, deadline_(std::chrono::steady_clock::now() + timeout), stopped_(std::move(stopped)) {
  raw_.size = sizeof(mp_call);
  raw_.self = this;
  raw_.stopped = [](const mp_call* call) -> std::int32_t {
    const auto* self = from(call);
    return self == nullptr || self->stopped() ? 1 : 0;  // a call that is over is a call that must stop
  };
  raw_.left_ms = [](const mp_call* call) -> std::int64_t {
    const auto* self = from(call);
    return self == nullptr ? 0 : self->left().count();
  };
  raw_.attempt = attempt;
  raw_.owner = this;
  const std::lock_guard held(live().mutex);
  live().calls.insert(&raw_);
}

HostCall::~HostCall() {
  const std::lock_guard held(live().mutex);
  live().calls.erase(&raw_);
}

std::chrono::milliseconds HostCall::left() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now());
}

HostCall* HostCall::from(const mp_call* raw) {
  const std::lock_guard held(live().mutex);
  return live().calls.contains(raw) ? static_cast<const Raw*>(raw)->owner : nullptr;
}

}  // namespace milepost::plugins
