#include "host/plugins/isolated_runner.hpp"

#include <algorithm>
#include <utility>

#include "host/plugins/call.hpp"
#include "host/plugins/instance.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::plugins {

namespace {

using SteadyClock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kLong = 60s;  // a life that is long enough to forgive those before

/// At once after a first end; then 1 s, 2 s … 1 min.
std::chrono::milliseconds rest(unsigned strikes) {
  if (strikes <= 1) return 0ms;
  return std::min<std::chrono::milliseconds>(1000ms * (1LL << std::min(strikes - 2, 6U)), kLong);
}

}  // namespace

IsolatedRunner::IsolatedRunner(Image image, IsolatedProcess::Plan plan, Names names)
    : image_(std::move(image)), plan_(std::move(plan)), names_(std::move(names)) {}

telemetry::Field IsolatedRunner::whose() const {
  return names_.source.empty() ? telemetry::Field{"connection", names_.connection}
                               : telemetry::Field{"source", names_.source};
}

ChildStatus IsolatedRunner::status() const {
  const auto shown = [&] {
    const std::lock_guard held(shown_mutex_);
    return shown_;
  }();
  const auto now = SteadyClock::now();
  const bool running = shown.process != nullptr && !shown.process->ended();
  const bool ailing = now < shown.next || (shown.ended > 0 && now - shown.ended_at < kLong);
  return {names_.plugin, names_.connection, names_.source, running, shown.ended, shown.reason, ailing};
}

void IsolatedRunner::show() {
  const std::lock_guard held(shown_mutex_);
  if (shown_.process != nullptr && process_ == nullptr) {
    ++shown_.ended;
    shown_.ended_at = SteadyClock::now();
  }
  shown_.process = process_;
  shown_.next = next_;
  shown_.reason = last_;
}

/// The child has ended: says so, and when the next may start.
void IsolatedRunner::bury() {
  const bool long_lived = SteadyClock::now() - process_->started() >= kLong;
  strikes_ = long_lived ? 1 : strikes_ + 1;
  next_ = SteadyClock::now() + rest(strikes_);
  last_ = process_->epitaph();
  if (!process_->explained()) suspects_ = std::max(suspects_, process_->lost());
  telemetry::log(telemetry::Level::error, "plugin.child_ended",
                 {{"plugin", names_.plugin},
                  whose(),
                  {"reason", last_},
                  {"lost", std::to_string(process_->lost())},
                  {"rest_ms", std::to_string(rest(strikes_).count())}});
  telemetry::count("milepost_plugin_children_ended_total",
                   {{"plugin", names_.plugin}, {"connection", names_.connection}});
  process_.reset();
  show();
}

Result<Runner::Life> IsolatedRunner::alive() {
  const std::lock_guard held(mutex_);
  if (process_ != nullptr && !process_->ended()) return life_;
  if (process_ != nullptr) {
    process_->close();
    bury();
  }
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next_ - SteadyClock::now());
  const auto resting = [&](const std::string& why, std::chrono::milliseconds left) {
    return std::unexpected(
        Error{ErrorKind::rate_limited,
              "the plugin's child process " + why + "; it is started again in " + std::to_string(left.count()) + " ms",
              names_.plugin, left});
  };
  if (wait > 0ms) return resting(last_, wait);
  auto started = IsolatedProcess::start(image_, plan_);
  if (!started) {
    if (life_ == 0) return fail(started.error());  // it never ran: whoever deploys is told why
    ++strikes_;
    next_ = SteadyClock::now() + rest(strikes_ + 1);
    last_ = "did not start: " + started.error().message;
    show();
    telemetry::log(telemetry::Level::error, "plugin.child_not_started",
                   {{"plugin", names_.plugin}, whose(), {"reason", started.error().message}});
    return resting(last_, rest(strikes_ + 1));
  }
  process_ = std::move(*started);
  show();
  std::string missing;
  for (const auto& each : process_->missing()) missing += (missing.empty() ? "" : ", ") + each;
  if (!missing.empty() && life_ == 0)
    telemetry::log(telemetry::Level::warn, "plugin.confinement_missing",
                   {{"plugin", names_.plugin}, whose(), {"missing", missing}});
  return ++life_;
}

Result<detail::Outcome> IsolatedRunner::cross(Life life, const Crossing& crossing) {
  Process process;
  bool alone = false;
  {
    const std::lock_guard held(mutex_);
    if (life == life_) process = process_;
    alone = suspects_ > 0;
  }
  const auto gone = [&] {
    return fail(ErrorKind::cancelled, "the plugin's child process ended before the call began", names_.plugin);
  };
  if (process == nullptr) return gone();
  Turn turn;
  if (alone) {
    const auto* call = crossing.call;
    const auto patience =
        call == nullptr ? std::chrono::milliseconds(10s) : std::chrono::milliseconds(call->left_ms(call)) / 2;
    if (!(turn = turn_alone(patience)))
      return fail(ErrorKind::cancelled, "another call runs alone after a crash", names_.plugin);
  }
  auto outcome = process->cross(crossing);
  const std::lock_guard held(mutex_);
  if (outcome) {
    const bool delivery = crossing.op == MP_RUN || crossing.op == MP_FIND || crossing.op == MP_POLL;
    if (alone && delivery && suspects_ > 0) --suspects_;
    return std::move(*outcome);
  }
  if (process_ == process) bury();
  return std::unexpected(lost(*process, outcome.error(), crossing, alone));
}

IsolatedRunner::Turn IsolatedRunner::turn_alone(std::chrono::milliseconds patience) {
  std::unique_lock held(mutex_);
  if (!turn_over_.wait_for(held, patience, [this] { return !turn_taken_; })) return nullptr;
  turn_taken_ = true;
  return Turn(this);
}

void IsolatedRunner::EndTurn::operator()(IsolatedRunner* runner) const {
  {
    const std::lock_guard held(runner->mutex_);
    runner->turn_taken_ = false;
  }
  runner->turn_over_.notify_one();
}

Error IsolatedRunner::lost(const IsolatedProcess& process, const IsolatedProcess::Lost& how, const Crossing& crossing,
                           bool alone) const {
  Error error{ErrorKind::cancelled, "the plugin's child process " + process.epitaph(),
              names_.plugin + ": " + std::string(op_name(crossing.op)), std::nullopt};
  const auto* ours = HostCall::from(crossing.call);
  if (ours != nullptr && ours->has_write_left())
    error.kind = ErrorKind::indeterminate;
  else if (how.guilty || (alone && how.begun))
    error.kind = ErrorKind::internal;
  else
    error.message += ", by another call";
  return error;
}

}  // namespace milepost::plugins
