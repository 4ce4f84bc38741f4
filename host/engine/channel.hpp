// One connection's workers: at most `in_flight` threads, started at need, each with action instances of its own. No pool is shared
// between connections, so a slow vendor stalls itself alone. Holds the connection's state: opened, paused, slowed down, its breaker.
// A job that waits for a commit holds no thread meanwhile: it is suspended, and another one goes on for it.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/engine/status.hpp"
#include "host/expression/expression.hpp"
#include "host/plugins/registry.hpp"

namespace milepost::engine {

class Channel;

/// What a job may use: a thread's own.
class Worker {
 public:
  Worker(const Channel& of, plugins::Account& account) : channel(of), account_(account) {}
  const Channel& channel;  ///< whose thread it is
  expression::Machine machine;
  /// This thread's instance; nullptr when the plugin has no such action.
  Action* action(const std::string& name);

 private:
  friend class Channel;
  plugins::Account& account_;
  std::map<std::string, std::unique_ptr<Action>> actions_;
  bool suspended_ = false;  ///< the job that it runs, or another has its place
};

class Channel : public std::enable_shared_from_this<Channel> {
 public:
  /// Gets the channel that runs it: after a change of the connection that may be another than it was submitted to.
  using Job = std::function<void(Channel&, Worker&)>;

  /// `aborted`: asked by calls in flight; true cancels them. `room`: called when the queue has emptied after park() said true.
  Channel(std::unique_ptr<plugins::Account> account, telemetry::Clock& clock, std::function<bool()> aborted, std::function<void()> room);
  ~Channel();

  /// Told one of config::host_event when the connection's state changes by itself, pause() aside: whoever calls that tells of it in
  /// his own commit. It must be quick. Before the first submit().
  void on_change(std::function<void(std::string_view type, const std::string& reason)> listener) { listener_ = std::move(listener); }

  const config::Connection& definition() const { return account_->definition(); }

  /// In order. Runs when the connection is open and its limits allow. False: the queue is full, and `job` is untouched; the delivery is
  /// to be parked: written as planned, then park(). [any]
  bool submit(Job&& job);
  /// Once it is written: true when room() will be called; false when there is room already. `elsewhere`: it waits for room that is not
  /// the queue's, so whoever makes that asks unpark(). [any]
  bool park(bool elsewhere = false);
  /// Whether room() was to be called; it will not be, until the next park(). [any]
  bool unpark();
  /// How pressing it is that less comes: 0, or 1 to 4 with each quarter of its queue that is full; 1 where deliveries wait in the journal for
  /// room already, which those that come now will too. 0 while it is not open. [any]
  unsigned crowd() const;
  /// Called by a job of itself, as the last that it does with the worker: it stays in flight until what go_on() gets for it has run.
  /// Each suspend() wants one go_on(), which stop() waits for. [the job's thread]
  void suspend(Worker& worker);
  void go_on(Job&& job);  ///< before all jobs that wait [any]
  /// Where a job may start now and nobody waits before it, it has its place, and runs next. `at`: called by a job of itself, as the last
  /// that it does with the worker: where another may start now, it gets the place of that one, before all that wait. False: `job` is
  /// untouched. [any]
  bool start(Job&& job, Worker* at = nullptr);
  /// What the queue holds at most: so many deliveries wait in memory, the others in the journal.
  std::size_t room() const;

  /// 401, 403: holds its jobs, and tries to open again after 30 s, 1 min … 10 min. [any]
  /// False: it was paused already.
  bool pause(const std::string& reason);
  /// A person's pause lasts until a person resumes. [any]
  void hold(const std::string& reason);
  void resume();
  /// Why a person paused it; "" while nobody has. [any]
  std::string held() const;
  /// The vendor asked for time. [any]
  void hold_until(telemetry::Time at);
  /// How the vendor did: false when it could not be reached, failed, or did not answer in time. Feeds the breaker. [any]
  void report(bool well);
  /// Asks the vendor now, whatever the state. Not while it opens. [any]
  Status probe();

  /// Takes up where `before`, an earlier definition of the same connection, stood: a person's pause, a vendor's wish for time, what
  /// is left of the rate's window. Before the first submit().
  void follow(const Channel& before);
  /// The connection is `successor` now: it gets the jobs that wait here, and all that are still submitted. Those under way end
  /// here. [any]
  void retire(std::shared_ptr<Channel> successor);
  /// True when it was retired and nothing is under way any more: stop() will not wait. [any]
  bool drained() const;

  /// No further job starts; returns when those under way have ended. Idempotent.
  void stop();
  ConnectionStatus status() const;  ///< [any]

 private:
  /// tripped: the breaker is open; one job at a time is let through once its time has come.
  enum class State { closed, opening, open, held, paused, failing, tripped };
  /// `act` on what the connection is now, under that one's lock: this channel, or the last of its successors.
  template <class Act>
  auto newest(Act act);
  void work(std::stop_token stop);
  void open(std::unique_lock<std::mutex>& lock);
  telemetry::Time read_clock();  ///< REQUIRES: the lock
  void refill(telemetry::Time now);
  bool may_start(telemetry::Time now);
  bool limits_allow(telemetry::Time now) const;
  telemetry::Time next_look(telemetry::Time now) const;
  void tell(std::string_view type);
  // REQUIRES: the lock.
  void enqueue(Job&& job);
  void call_worker();
  Job take(bool& emptied);
  bool wakes();
  unsigned most_in_flight() const { return std::max(1U, definition().limit.in_flight); }
  bool waits_to_open() const { return state_ == State::paused || state_ == State::failing; }

  const std::unique_ptr<plugins::Account> account_;
  telemetry::Clock& clock_;
  const std::function<bool()> aborted_;
  const std::function<void()> room_;
  std::function<void(std::string_view, const std::string&)> listener_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Job> queue_;
  std::deque<Job> going_on_;  ///< in flight, and wait for a thread
  bool parked_ = false;  ///< deliveries wait in the journal for room in the queue
  State state_ = State::closed;
  std::string reason_;
  bool trouble_told_ = false;  ///< that it is paused or fails
  unsigned failures_ = 0;        ///< to open, or of the half-open breaker, in a row
  unsigned bad_ = 0;             ///< calls in a row that the vendor did not do well in
  telemetry::Time seen_{};       ///< at the last look
  telemetry::Time open_at_{};    ///< when paused, failing or tripped: the next try
  telemetry::Time hold_until_{};
  double tokens_ = 0;
  telemetry::Time refilled_{};
  unsigned idle_ = 0, in_flight_ = 0;
  unsigned suspended_ = 0;   ///< of those in flight
  std::uint64_t news_ = 0;   ///< counts what a waiting worker is to look at
  bool waking_ = false;      ///< one has been woken, and has not looked yet
  bool stopping_ = false;
  std::shared_ptr<Channel> successor_;  ///< not null: it was retired
  std::vector<std::jthread> threads_;
};
using ChannelPtr = std::shared_ptr<Channel>;

}  // namespace milepost::engine
