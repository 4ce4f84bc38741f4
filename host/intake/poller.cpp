#include "host/intake/poller.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include "host/config/host_events.hpp"
#include "host/plugins/call.hpp"
#include "host/plugins/expiry.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/metrics.hpp"
#include "host/telemetry/thread_name.hpp"

namespace milepost::intake {
namespace {

using std::chrono::milliseconds;
using telemetry::Time;
using namespace std::chrono_literals;

constexpr std::size_t kPage = 256;     // they share one commit, which others wait for
constexpr auto kLookAgain = 5s;        // whether more may come in
constexpr auto kWarnAgain = 24h;       // of credentials that end
constexpr unsigned kWorthTelling = 3;  // failures in a row, until the host tells of them by an event

/// Full jitter over 1 s, 2 s … 10 min.
milliseconds backoff(unsigned strikes) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto most = std::min<milliseconds>(milliseconds(1000LL << std::min(strikes - 1, 10U)), 10min);
  return std::max<milliseconds>(50ms, milliseconds(std::uniform_int_distribution<long long>(0, most.count())(random)));
}

}  // namespace

Poller::Poller(Polling polling, telemetry::Clock& clock) : polling_(std::move(polling)), clock_(clock) {}
Poller::~Poller() { stop(); }

void Poller::hold_while(std::function<std::string()> reason) { held_ = std::move(reason); }

void Poller::start() {
  thread_ = std::jthread([this, here = clock_.attend()](const std::stop_token& stop) {
    run(stop);
    ended_ = true;
  });
}

void Poller::request_stop() {
  thread_.request_stop();
  changed_.notify_all();
}

void Poller::stop() {
  if (!thread_.joinable()) return;
  request_stop();
  thread_.join();
  source_.reset();
  polling_.account->close();
}

SourceStatus Poller::status() const {
  constexpr const char* names[] = {"starting", "open", "paused", "failing", "held"};
  const std::lock_guard lock(mutex_);
  const auto& origin = polling_.feed->origin();
  return {origin.pipeline, origin.source, polling_.account->definition().name, names[static_cast<int>(state_)],
          reason_,         last_};
}

void Poller::run(const std::stop_token& stop) {
  telemetry::name_thread("poll");
  while (!stop.stop_requested()) {
    const Time next = step(stop);
    std::unique_lock lock(mutex_);
    if (next > clock_.now()) clock_.wait_until(lock, changed_, stop, next, [] { return false; });
  }
}

Time Poller::step(const std::stop_token& stop) {
  try {
    if (const auto reason = held_ ? held_() : ""; !reason.empty()) {
      set(State::held, reason);
      return clock_.now() + std::min<Time::duration>(polling_.every, kLookAgain);
    }
    warn_of_expiry();
    if (!opened_)
      if (const auto opened = open(stop); !opened) return failed(opened.error());
    return poll(stop);
  } catch (const std::exception& error) {
    return failed({ErrorKind::internal, error.what()});
  }
}

Status Poller::open(const std::stop_token& stop) {
  auto& account = *polling_.account;
  plugins::HostCall call(account.definition().limit.timeout * 3, [&] { return stop.stop_requested(); });
  if (auto opened = account.open(call.call()); !opened) return opened;
  if (!source_) source_ = account.polling(polling_.name, polling_.settings);
  if (!source_) return fail(ErrorKind::internal, "the plugin has no polling source \"" + polling_.name + "\"");
  if (!place_) {
    const auto stored = polling_.feed->place();
    if (!stored) return fail(stored.error());
    place_ = stored->value_or("");
    if (*stored) settle(stop);  // the host may have stopped between the commit and this
  }
  opened_ = true;
  return {};
}

Time Poller::poll(const std::stop_token& stop) {
  const auto& origin = polling_.feed->origin();
  const Time began = clock_.now();
  plugins::HostCall call(polling_.account->definition().limit.timeout, [&] { return stop.stop_requested(); });
  const auto page = source_->poll(*place_, kPage, call.call());
  telemetry::count("milepost_polls_total", {{"pipeline", origin.pipeline},
                                            {"source", origin.source},
                                            {"outcome", !page                  ? std::string(name(page.error().kind))
                                                        : page->events.empty() ? "nothing"
                                                                               : "events"}});
  if (!page) return failed(page.error());

  const bool moved = page->next != *place_;
  Feed::Counts counts;
  if (moved || !page->events.empty()) {
    const auto stored = polling_.feed->store(page->events, page->next);
    if (!stored) return failed(stored.error());
    counts = *stored;
    place_ = page->next;
    settle(stop);
  }
  if (const auto looked = polling_.feed->look_for_gaps(); !looked) return failed(looked.error());
  strikes_ = 0;
  set(State::open, "");
  // There is more where something new came from. A source that gives what is known already could do so for ever.
  const bool more = moved && (page->events.size() >= kPage || counts.accepted + counts.quarantined > 0);
  return more ? began : began + polling_.every;
}

void Poller::settle(const std::stop_token& stop) {
  auto* settling = dynamic_cast<Settle*>(source_.get());
  if (settling == nullptr) return;
  plugins::HostCall call(polling_.account->definition().limit.timeout, [&] { return stop.stop_requested(); });
  const auto settled = settling->committed(*place_, call.call());
  if (settled) return;
  const auto& origin = polling_.feed->origin();
  telemetry::log(telemetry::Level::warn, "source.not_settled",
                 {{"pipeline", origin.pipeline}, {"source", origin.source}, {"reason", settled.error().message}});
}

Time Poller::failed(const Error& error) {
  if (error.kind == ErrorKind::cancelled) return clock_.now();
  ++strikes_;
  const auto asked = error.retry_after.value_or(0ms);
  if (error.kind == ErrorKind::auth) {
    opened_ = false;  // new credentials are looked at by opening again
    set(State::paused, error.message);
    return clock_.now() +
           std::max<milliseconds>(asked, std::min<milliseconds>(30s * (1LL << std::min(strikes_ - 1, 5U)), 10min));
  }
  set(State::failing, error.message);
  return clock_.now() + std::max(asked, backoff(strikes_));
}

void Poller::set(State state, const std::string& reason) {
  const auto& origin = polling_.feed->origin();
  raise(state, reason);
  const std::lock_guard lock(mutex_);
  if (state == State::open) last_ = clock_.now();
  reason_ = reason;
  if (std::exchange(state_, state) == state) return;
  telemetry::gauge("milepost_source_open", {{"pipeline", origin.pipeline}, {"source", origin.source}},
                   state == State::open ? 1 : 0);
  constexpr const char* events[] = {"", "source.open", "source.paused", "source.failing", "source.held"};
  telemetry::log(state == State::open ? telemetry::Level::info : telemetry::Level::warn,
                 events[static_cast<int>(state)],
                 {{"pipeline", origin.pipeline}, {"source", origin.source}, {"reason", reason}});
}

void Poller::warn_of_expiry() {
  const Time now = clock_.now();
  if (warned_ && now < *warned_ + kWarnAgain) return;
  const auto warning = plugins::expiry_warning(polling_.account->expires(), now);
  if (warning.empty()) return;
  warned_ = now;
  telemetry::log(telemetry::Level::warn, "connection.expires",
                 {{"connection", polling_.account->definition().name}, {"reason", warning}});
}

/// Once for each change, and for no passing failure. That nothing may come in is told by health: an event would come in.
void Poller::raise(State state, const std::string& reason) {
  if (state == State::held || state == raised_ || (state == State::failing && strikes_ < kWorthTelling)) return;
  raised_ = state;
  const auto& origin = polling_.feed->origin();
  Json payload{
      {"pipeline", origin.pipeline}, {"source", origin.source}, {"connection", polling_.account->definition().name}};
  if (!reason.empty()) payload["reason"] = reason;
  using namespace config::host_event;
  polling_.feed->raise(state == State::open     ? kSourceResumed
                       : state == State::paused ? kSourcePaused
                                                : kSourceFailing,
                       payload);
}

}  // namespace milepost::intake
