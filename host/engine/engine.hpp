// Follows the journal: one lane a subject, many lanes at once, each event through its pipeline's steps. Four files:
// engine.cpp (its parts, start and stop, what a person asks), lineup.cpp (what runs, and how it changes), way.cpp (one
// lane's way from step to step), delivery.cpp (out to a connection, and back).
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "host/engine/channel.hpp"
#include "host/engine/gatherer.hpp"
#include "host/engine/lanes.hpp"
#include "host/engine/program.hpp"
#include "host/engine/run.hpp"
#include "host/engine/scheduler.hpp"
#include "host/engine/status.hpp"
#include "host/engine/versions.hpp"

namespace milepost::engine {

/// What is to run.
struct Lineup {
  std::shared_ptr<plugins::Registry> registry;
  std::vector<std::shared_ptr<const Program>> programs;
  std::map<std::string, config::Connection> connections = {};
  std::set<std::string> renewed = {};       ///< connections that are others than they were, or were not there
  std::vector<PipelineStatus> broken = {};  ///< pipelines that could not be compiled, told in status()
};

/// In the store's small state: the connections that a person paused, by name.
inline constexpr const char* kPausedScope = "host/paused";

class Engine {
 public:
  /// All outlive the engine.
  Engine(journal::Store& store, plugins::Services services, telemetry::Clock& clock);
  ~Engine();

  /// What a lineup needs beyond what runs: new connections' channels, made and idle.
  struct Readied {
    Lineup lineup;
    std::map<std::string, std::shared_ptr<Channel>> made;
  };
  /// Changes nothing yet. Errors: a secret that is missing, a plugin's refusal of its settings. One at a time, as adopt().
  Result<Readied> ready(Lineup lineup, const config::Secrets& secrets);
  /// From now on this runs; before start(), or beside all that goes on. Events that have begun end on the version that
  /// they began with, those of a pipeline that is taken away on its last. A connection that is not renewed is not touched;
  /// of a renewed one, what is under way ends on the old account, and what waits goes out by the new one. A connection
  /// that is taken away serves those that began with it until the host stops.
  void adopt(Readied readied);
  /// Both, and the pipelines' definitions stored between them.
  Status deploy(Lineup lineup, const config::Secrets& secrets);
  /// Lets go of renewed connections' old accounts that nothing needs any more; false when there are others.
  bool reap();
  Versions& versions() { return versions_; }
  /// How loans go, for every run that begins from now on. Without it, as in a folder without a loans.yaml. [any]
  void set_loans(std::shared_ptr<const loans::Model> model);
  std::shared_ptr<const loans::Model> loans() const;  ///< never null [any]
  /// Called after each set_loans(). One listener; before start().
  void on_loans(std::function<void()> listener) { loans_listener_ = std::move(listener); }

  /// `crashed`: the process before died of a fault of its own (telemetry/crash_mark.hpp). What was in flight then runs
  /// one at a time first; an event that was alone in flight at two crashes becomes a dead letter.
  void start(bool crashed);
  /// Starts nothing new, lets what is in flight finish for at most `drain`, then cancels it; leaves the rest to the
  /// journal. Idempotent.
  void stop(std::chrono::milliseconds drain);

  /// A person's pause holds a connection's deliveries, across restarts, until a person resumes; both are audited under
  /// `user`. Errors: permanent (no such connection), retryable (the store). [any]
  Status pause_connection(const std::string& name, const std::string& reason, const std::string& user);
  Status resume_connection(const std::string& name, const std::string& reason, const std::string& user);
  /// Asks the vendor whether the account works, now; changes nothing. The error is the plugin's. [any]
  Status probe_connection(const std::string& name);

  Snapshot status() const;  ///< [any]
  /// Why a person paused the connection; "" while nobody has, or there is none of that name. [any]
  std::string held(const std::string& connection) const;
  /// Channel::crowd() of each delivery that an event of the pipeline which is accepted now will ask for, together. [any]
  unsigned crowd(const std::string& pipeline) const;
  /// True when everything accepted has ended, or waits for time, a connection or a person. [any]
  bool idle() const;

 private:
  // engine.cpp
  Status set_paused(const std::string& name, bool paused, const std::string& reason, const std::string& user);
  void begin();
  void blame_and_recover();
  void next_suspect();
  void end_turn(std::uint64_t turn);
  void read(std::function<void()> step);
  void resume_due();
  void schedule_due();

  // lineup.cpp
  ChannelPtr channel(const std::string& name) const;
  Result<ChannelPtr> make_channel(const config::Connection& connection, const Lineup& lineup, const config::Secrets& secrets);

  // way.cpp: one lane's way
  void guarded(const LanePtr& lane, const std::function<void()>& move);
  void guarded(const std::vector<LanePtr>& lanes, const std::function<void()>& move);
  void turn(expression::Machine& machine);
  void drive(const LanePtr& lane, expression::Machine& machine, Worker* at = nullptr);
  void advance(const LanePtr& lane, expression::Machine& machine, Worker* at);
  bool load(const LanePtr& lane);
  void later(const LanePtr& lane, telemetry::Time at);
  void leave(const LanePtr& lane);
  void commit(const LanePtr& lane, std::function<void()> then);
  void commit_now(const LanePtr& lane);
  std::shared_ptr<const Program> program_of(const journal::Event& event);

  // parking.cpp: no room on a connection
  void park(const LanePtr& lane, const ChannelPtr& channel, const std::function<bool()>& has_room = {});
  void unpark(const std::string& connection);
  void walk(const std::string& connection, journal::Sequence after);
  void end_walk(const std::string& connection);

  // delivery.cpp: out, and back
  struct Gate;
  struct Leaving;
  Channel::Job job_of(const LanePtr& lane);
  void offer(const LanePtr& lane, Worker* at);
  void enqueue(const LanePtr& lane, const ChannelPtr& channel);
  void flush(const std::string& group, std::size_t size, const ChannelPtr& channel);
  void settle(const LanePtr& lane, Channel& channel, Worker& worker);
  void deliver(const std::vector<LanePtr>& lanes, Channel& channel, Worker& worker);
  void send(const std::vector<LanePtr>& lanes, Channel& channel, Worker& worker);
  void commit_sent(const std::shared_ptr<Leaving>& leaving, const ChannelPtr& channel);
  void leave_for(Leaving& leaving, Channel& channel, Worker& worker);
  void outcome(const LanePtr& lane, Channel& channel, Worker& worker, const Result<Answer>& result, bool in_vain, bool alone);
  void apply(const LanePtr& lane, Channel& channel, const Decision& decision, const Error& error, bool look_up);

  journal::Store& store_;
  plugins::Services services_;
  telemetry::Clock& clock_;
  Scheduler scheduler_;
  Lanes lanes_;
  Gatherer gatherer_;
  expression::Machine gate_machine_;  ///< of the writer's thread alone
  Versions versions_;

  mutable std::mutex lineup_mutex_;  // of these
  Lineup lineup_;
  std::map<std::string, ChannelPtr> channels_;  ///< of the lineup's connections
  std::map<std::string, ChannelPtr> leaving_;   ///< taken away: for what began with them
  std::vector<ChannelPtr> retired_;             ///< renewed: until what was under way has ended
  std::vector<std::shared_ptr<plugins::Registry>> registries_;  ///< that some account was made by

  mutable std::mutex parking_mutex_;  // of these
  std::map<std::string, bool> walks_;  ///< by connection, those that are under way; whether another is to follow

  std::function<void()> loans_listener_;
  mutable std::mutex mutex_;
  telemetry::Time armed_{};              ///< when the next waiting event is looked for
  std::deque<journal::Event> suspects_;  ///< in flight when the process crashed, and not had their turn yet
  std::uint64_t suspect_turn_ = 0;       ///< which of their turns it is; 0: normal work
  std::atomic<bool> started_ = false, stopping_ = false, aborted_ = false;
};

}  // namespace milepost::engine
