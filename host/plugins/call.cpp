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

HostCall::Inside::Inside(const mp_call* raw, const std::string& plugin, const std::string& connection,
                         std::string_view function) {
  const std::lock_guard held(live().mutex);
  if (!live().calls.contains(raw)) return;
  call_ = static_cast<const Raw*>(raw)->owner;
  call_->inside_ = {&plugin, &connection, function, false};
}

HostCall::Inside::~Inside() {
  if (call_ == nullptr) return;
  const std::lock_guard held(live().mutex);
  call_->inside_.reset();
}

std::vector<Overdue> HostCall::overdue(std::chrono::milliseconds by, bool fresh) {
  std::vector<Overdue> out;
  const std::lock_guard held(live().mutex);
  for (const auto* raw : live().calls) {
    auto& call = *static_cast<const Raw*>(raw)->owner;
    const auto late = -call.left();
    if (!call.inside_ || late <= by || (fresh && call.inside_->told)) continue;
    const auto& place = *call.inside_;
    out.push_back({*place.plugin, *place.connection, std::string(place.function), late});
    if (fresh) call.inside_->told = true;
  }
  return out;
}

std::vector<Overdue> HostCall::take_newly_overdue(std::chrono::milliseconds by) { return overdue(by, true); }
std::vector<Overdue> overdue_calls(std::chrono::milliseconds by) { return HostCall::overdue(by, false); }

HostCall* HostCall::from(const mp_call* raw) {
  const std::lock_guard held(live().mutex);
  return live().calls.contains(raw) ? static_cast<const Raw*>(raw)->owner : nullptr;
}

}  // namespace milepost::plugins
