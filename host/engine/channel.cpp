#include "host/engine/channel.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "host/config/host_events.hpp"
#include "host/plugins/call.hpp"
#include "host/plugins/expiry.hpp"
#include "host/telemetry/crash_mark.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/thread_name.hpp"

namespace milepost::engine {

using telemetry::Time;

Action* Worker::action(const std::string& name) {
  auto& made = actions_[name];
  if (made == nullptr) made = account_.action(name);
  return made.get();
}

Channel::Channel(std::unique_ptr<plugins::Account> account, telemetry::Clock& clock, std::function<bool()> aborted, std::function<void()> room)
    : account_(std::move(account)), clock_(clock), aborted_(std::move(aborted)), room_(std::move(room)) {
  tokens_ = definition().limit.rate_count;
  refilled_ = clock_.now();
}

Channel::~Channel() {
  stop();
  account_->close();
}

std::size_t Channel::room() const { return std::max(64U, 4 * definition().limit.in_flight); }

template <class Act>
auto Channel::newest(Act act) {
  std::unique_lock lock(mutex_);
  if (successor_ == nullptr) return act(*this);
  const auto successor = successor_;
  lock.unlock();
  return successor->newest(std::move(act));
}

bool Channel::submit(Job&& job) {
  return newest([&job](Channel& now) {
    if (now.stopping_) return true;  // the journal has it
    if (now.queue_.size() >= now.room()) return false;
    now.enqueue(std::move(job));
    return true;
  });
}

void Channel::enqueue(Job&& job) {
  queue_.push_back(std::move(job));
  call_worker();
}

/// One worker at a time is woken, and wakes the next when there is more to do: those at work take much of it meanwhile.
bool Channel::wakes() { return idle_ > 0 && !std::exchange(waking_, true); }

/// A worker that is called counts as idle until it runs, so those who are idle are held against what there is to do.
void Channel::call_worker() {
  ++news_;
  if (stopping_ || successor_ != nullptr) changed_.notify_all();
  if (stopping_) return;
  const std::size_t free = successor_ != nullptr ? 0 : most_in_flight() - std::min(in_flight_, most_in_flight());
  const auto startable = going_on_.size() + std::min(queue_.size(), free);
  if (startable > idle_ && threads_.size() < most_in_flight()) {
    try {
      threads_.emplace_back([this, here = clock_.attend()](std::stop_token stop) { work(std::move(stop)); });
    } catch (const std::system_error&) {  // the system has no more threads: those that are there do it
      if (threads_.empty()) throw;
    }
  }
  if (wakes()) changed_.notify_one();
}

void Channel::suspend(Worker& worker) {
  worker.suspended_ = true;
  const std::lock_guard lock(mutex_);
  ++suspended_;
}

void Channel::go_on(Job&& job) {
  const std::lock_guard lock(mutex_);
  --suspended_;
  going_on_.push_back(std::move(job));
  call_worker();
}

void Channel::follow(const Channel& before) {
  const std::scoped_lock lock(mutex_, before.mutex_);
  if (before.state_ == State::held) {
    state_ = State::held;
    reason_ = before.reason_;
  }
  trouble_told_ = before.trouble_told_;
  hold_until_ = before.hold_until_;
  if (definition().limit.rate_count == before.definition().limit.rate_count && definition().limit.rate_per == before.definition().limit.rate_per) {
    tokens_ = before.tokens_;
    refilled_ = before.refilled_;
  }
}

void Channel::retire(std::shared_ptr<Channel> successor) {
  const std::scoped_lock lock(mutex_, successor->mutex_);
  successor_ = std::move(successor);
  // However many: they have their place already.
  for (; !queue_.empty(); queue_.pop_front()) successor_->enqueue(std::move(queue_.front()));
  changed_.notify_all();
}

bool Channel::drained() const {
  const std::lock_guard lock(mutex_);
  return successor_ != nullptr && in_flight_ == 0 && state_ != State::opening;
}

bool Channel::park(bool elsewhere) {
  return newest([elsewhere](Channel& now) {
    if (!now.parked_ && !elsewhere && now.queue_.size() <= now.room() / 2) return false;
    return now.parked_ = true;
  });
}

bool Channel::unpark() {
  return newest([](Channel& now) { return std::exchange(now.parked_, false); });
}

unsigned Channel::crowd() const {
  const std::lock_guard lock(mutex_);
  if (state_ != State::open) return 0;
  // More for what waits in the journal halved the accepts of a slow vendor's senders, and brought nothing: the room is the vendor's to make.
  return parked_ ? 1 : static_cast<unsigned>(4 * queue_.size() / room());
}

/// When the clock was set back, what was to be waited for is as far away as it was.
Time Channel::read_clock() {
  const Time now = clock_.now();
  if (telemetry::set_back(seen_, now))
    for (Time* at : {&open_at_, &hold_until_, &refilled_}) *at -= seen_ - now;
  return seen_ = now;
}

void Channel::refill(Time now) {
  const auto& limit = definition().limit;
  if (limit.rate_count == 0 || now <= refilled_) return;
  const double share = std::chrono::duration<double>(now - refilled_) / std::chrono::duration<double>(limit.rate_per);
  tokens_ = std::min<double>(limit.rate_count, tokens_ + share * limit.rate_count);
  refilled_ = now;
}

bool Channel::limits_allow(Time now) const { return now >= hold_until_ && (definition().limit.rate_count == 0 || tokens_ >= 1); }

bool Channel::may_start(Time now) {
  refill(now);
  if (in_flight_ >= most_in_flight()) return false;
  const bool usable = state_ == State::open || (state_ == State::tripped && now >= open_at_ && in_flight_ == 0);
  return usable && limits_allow(now);
}

bool Channel::start(Job&& job, Worker* at) {
  const std::lock_guard lock(mutex_);
  if (successor_ != nullptr || stopping_) return false;
  const Time now = read_clock();
  const bool may = may_start(now);
  const bool replaces = at != nullptr && &at->channel == this && !at->suspended_ && state_ == State::open && limits_allow(now);
  if (!replaces && !(may && queue_.empty())) return false;
  if (definition().limit.rate_count != 0) tokens_ -= 1;
  going_on_.push_back(std::move(job));
  if (replaces) {
    at->suspended_ = true;  // it takes one when it comes back, so nobody is called
  } else {
    ++in_flight_;
    call_worker();
  }
  return true;
}

Time Channel::next_look(Time now) const {
  if (queue_.empty() || state_ == State::opening || in_flight_ >= most_in_flight()) return Time::max();
  if (state_ == State::closed) return now;
  if (state_ == State::held) return Time::max();
  if (state_ == State::tripped && in_flight_ > 0) return Time::max();  // its answer decides
  if (state_ != State::open && now < open_at_) return open_at_;
  if (waits_to_open()) return now;
  if (now < hold_until_) return hold_until_;
  const auto& limit = definition().limit;
  if (limit.rate_count == 0 || tokens_ >= 1) return now;
  const auto per_token = std::chrono::duration<double, std::micro>(limit.rate_per) / limit.rate_count;
  return now + std::chrono::microseconds(static_cast<long long>(per_token.count() * (1 - tokens_)) + 1);
}

bool Channel::pause(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (successor_ != nullptr || state_ == State::paused || state_ == State::held) return false;
  state_ = State::paused;
  reason_ = reason;
  failures_ = 0;
  open_at_ = read_clock() + std::chrono::seconds(30);
  telemetry::log(telemetry::Level::warn, "connection.paused", {{"connection", definition().name}, {"reason", reason}});
  trouble_told_ = true;
  return true;
}

/// Once for each change for the worse, and for the better only after one.
void Channel::tell(std::string_view type) {
  if (successor_ != nullptr) return;
  const bool better = type == config::host_event::kConnectionResumed;
  if (better && !trouble_told_) return;
  trouble_told_ = !better;
  if (listener_) listener_(type, reason_);
}

void Channel::hold(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  state_ = State::held;
  reason_ = reason;
  changed_.notify_all();
}

std::string Channel::held() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::held ? "the connection is paused: " + reason_ : "";
}

void Channel::resume() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::open || state_ == State::opening) return;
  state_ = State::closed;  // whether it can be opened is seen at the next job
  reason_.clear();
  failures_ = bad_ = 0;
  trouble_told_ = false;  // whoever resumes it tells of that
  hold_until_ = {};
  changed_.notify_all();
}

void Channel::report(bool well) {
  const std::lock_guard lock(mutex_);
  const auto& breaker = definition().limit.breaker;
  if (well) {
    bad_ = 0;
    if (state_ != State::tripped) return;
    state_ = State::open;
    reason_.clear();
    failures_ = 0;
    telemetry::log(telemetry::Level::info, "breaker.closed", {{"connection", definition().name}});
    tell(config::host_event::kConnectionResumed);
    changed_.notify_all();
    return;
  }
  ++bad_;
  if (breaker.after == 0 || bad_ < breaker.after) return;
  const Time now = read_clock();
  if (state_ == State::tripped ? now < open_at_ : state_ != State::open) return;  // one that left before it tripped
  open_at_ = now + std::min<std::chrono::milliseconds>(breaker.wait * (1U << std::min(failures_, 6U)), std::max<std::chrono::milliseconds>(breaker.wait, std::chrono::minutes(1)));
  ++failures_;
  const bool trips = std::exchange(state_, State::tripped) == State::open;
  reason_ = std::to_string(bad_) + " calls in a row failed; the next is tried at " + telemetry::to_text(open_at_);
  if (!trips) return;
  telemetry::log(telemetry::Level::warn, "breaker.open", {{"connection", definition().name}, {"failures", std::to_string(bad_)}});
  tell(config::host_event::kConnectionFailing);
}

Status Channel::probe() {
  std::unique_lock lock(mutex_);
  if (state_ == State::opening || stopping_) return fail(ErrorKind::retryable, "the connection is being opened: ask again");
  const State before = std::exchange(state_, State::opening);  // nothing else runs on the instance meanwhile
  lock.unlock();
  plugins::HostCall host_call(definition().limit.timeout * 3, aborted_);
  auto answer = account_->probe(host_call.call());
  lock.lock();
  if (state_ == State::opening) state_ = before;
  changed_.notify_all();
  return answer;
}

void Channel::hold_until(Time at) {
  newest([at](Channel& now) {
    now.read_clock();
    now.hold_until_ = std::max(now.hold_until_, at);
  });
}

void Channel::open(std::unique_lock<std::mutex>& lock) {
  const State before = std::exchange(state_, State::opening);
  lock.unlock();
  Status opened = fail(ErrorKind::internal, "the plugin threw while opening");
  {
    plugins::HostCall host_call(definition().limit.timeout * 3, aborted_);
    opened = account_->open(host_call.call());
  }
  lock.lock();
  if (state_ == State::held) return;  // a person paused it meanwhile
  if (opened) {
    state_ = State::open;
    bad_ = 0;
    reason_.clear();
    failures_ = 0;
    if (before != State::closed) telemetry::log(telemetry::Level::info, "connection.open", {{"connection", definition().name}});
    tell(config::host_event::kConnectionResumed);
    if (const auto warning = plugins::expiry_warning(account_->expires(), clock_.now()); !warning.empty())
      telemetry::log(telemetry::Level::warn, "connection.expires", {{"connection", definition().name}, {"reason", warning}});
  } else {
    const bool auth = opened.error().kind == ErrorKind::auth;
    state_ = auth ? State::paused : State::failing;
    reason_ = opened.error().message;
    using namespace std::chrono;
    const auto wait = auth ? seconds(30LL << std::min(failures_, 4U)) : seconds(1LL << std::min(failures_, 9U));
    open_at_ = read_clock() + std::max<milliseconds>(std::min<seconds>(wait, minutes(10)), opened.error().retry_after.value_or(0ms));
    if (failures_++ == 0)
      telemetry::log(telemetry::Level::warn, auth ? "connection.paused" : "connection.failing",
                     {{"connection", definition().name}, {"reason", reason_}});
    constexpr unsigned kWorthTelling = 3;  // in a row: no passing failure
    if (!trouble_told_ && (auth || failures_ >= kWorthTelling))
      tell(auth ? config::host_event::kConnectionPaused : config::host_event::kConnectionFailing);
  }
  changed_.notify_all();
}

/// The next job. `emptied`: there is room in the queue again. REQUIRES: the lock, and that there is one which may start
Channel::Job Channel::take(bool& emptied) {
  auto& from = going_on_.empty() ? queue_ : going_on_;
  Job job = std::move(from.front());
  from.pop_front();
  if (&from == &going_on_) return job;
  if (definition().limit.rate_count != 0) tokens_ -= 1;
  ++in_flight_;
  emptied = parked_ && queue_.size() <= room() / 2;
  if (emptied) parked_ = false;
  return job;
}

void Channel::work(std::stop_token stop) {
  telemetry::name_thread(definition().name);
  const telemetry::SignalStack signals;  // a plugin that overflows its stack is still told apart from a kill
  Worker worker(*this, *account_);
  std::unique_lock lock(mutex_);
  for (;;) {
    const bool ends = stopping_ || successor_ != nullptr;
    if (ends && going_on_.empty()) {
      if (suspended_ == 0) break;
      changed_.wait(lock, [this] { return !going_on_.empty() || suspended_ == 0; });
      continue;
    }
    const Time now = read_clock();
    if (!going_on_.empty() || (!queue_.empty() && may_start(now))) {
      bool emptied = false;
      Job job = take(emptied);
      const bool wake = (!going_on_.empty() || next_look(now) != Time::max()) && wakes();  // somebody is to watch for its time
      lock.unlock();
      if (wake) changed_.notify_one();
      if (emptied) room_();
      job(*this, worker);
      job = nullptr;
      lock.lock();
      if (!std::exchange(worker.suspended_, false)) --in_flight_;
      if (state_ != State::open || stopping_ || successor_ != nullptr) changed_.notify_all();  // whoever waits to open it again, or to end
      continue;
    }
    const bool due = state_ == State::closed || (waits_to_open() && now >= open_at_);
    if (!queue_.empty() && due && in_flight_ == 0) {
      open(lock);  // [control]: nothing else runs on the instance
      continue;
    }
    ++idle_;
    const Time look = due ? Time::max() : next_look(now);  // due, but others are still under way
    const auto news = news_;
    const auto state = state_;
    const auto running = in_flight_;
    clock_.wait_until(lock, changed_, stop, look, [&] {
      waking_ = false;
      return stopping_ || successor_ != nullptr || news_ != news || state_ != state || (due && in_flight_ != running);
    });
    --idle_;
  }
}

void Channel::stop() {
  std::vector<std::jthread> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
    changed_.notify_all();
  }
  for (auto& thread : threads) thread.request_stop();
  threads.clear();  // joins
  std::deque<Job> dropped;
  const std::lock_guard lock(mutex_);
  dropped.swap(queue_);
}

ConnectionStatus Channel::status() const {
  const std::lock_guard lock(mutex_);
  constexpr const char* names[] = {"closed", "opening", "open", "paused", "paused", "failing", "breaker_open"};
  return {definition().name, definition().use, names[static_cast<int>(state_)], reason_, in_flight_,
          plugins::expiry_warning(account_->expires(), clock_.now())};
}

}  // namespace milepost::engine
