// Follows the journal: one lane a subject, many lanes at once, each event through its pipeline's steps. Memory holds active lanes, never
// the backlog: the journal is the queue.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>

#include "host/engine/channel.hpp"
#include "host/engine/program.hpp"
#include "host/engine/run.hpp"
#include "host/engine/scheduler.hpp"
#include "host/engine/status.hpp"

namespace milepost::engine {

class Engine {
 public:
  /// All outlive the engine.
  Engine(journal::Store& store, plugins::Registry& registry, plugins::Services services, telemetry::Clock& clock);
  ~Engine();

  /// The pipelines and connections to run. `broken` are pipelines that could not be compiled, told in status(). Before start().
  Status deploy(std::vector<std::shared_ptr<const Program>> programs, const std::map<std::string, config::Connection>& connections,
                std::vector<PipelineStatus> broken, const config::Secrets& secrets);
  void start();
  /// Starts nothing new, lets what is in flight finish for at most `drain`, then cancels it; leaves the rest to the journal. Idempotent.
  void stop(std::chrono::milliseconds drain);

  Snapshot status() const;  ///< [any]
  /// True when no lane is active and none waits to be: everything accepted has ended, or waits for time or a person. [any]
  bool idle() const;

 private:
  struct Active {  ///< one lane at work
    explicit Active(journal::Lane lane) : key(std::move(lane)) {}
    journal::Lane key;
    std::unique_ptr<Run> run;
    bool more = false;  ///< events were accepted since it last looked; guarded by the engine's mutex
  };
  using LanePtr = std::shared_ptr<Active>;

  // Which lanes are active.
  void wake(const std::vector<journal::Lane>& lanes);
  void feed();  ///< activates lanes that the journal has and memory had no room for
  void retire(const LanePtr& lane, bool dormant);
  void resume_due(expression::Machine& machine);
  void schedule_due();

  // One lane's way.
  template <class Move>
  void guarded(const LanePtr& lane, Move move);
  void drive(const LanePtr& lane, expression::Machine& machine);
  void advance(const LanePtr& lane, expression::Machine& machine);
  bool load(const LanePtr& lane);
  void offer(const LanePtr& lane);
  void deliver(const LanePtr& lane, Channel& channel, Worker& worker);
  bool commit_sent(Run& run, std::string& verdict, std::string& first_answer, bool& hold);
  void apply(const LanePtr& lane, Channel& channel, const Decision& decision, const Error& error, bool look_up);
  void commit(const LanePtr& lane, std::function<void()> then);
  bool commit_now(Run& run);
  void later(const LanePtr& lane, telemetry::Time at);
  std::shared_ptr<const Program> program_of(const journal::Event& event);
  double jitter();

  journal::Store& store_;
  plugins::Registry& registry_;
  plugins::Services services_;
  telemetry::Clock& clock_;
  Scheduler scheduler_;
  std::map<std::string, std::shared_ptr<const Program>> programs_;  ///< by pipeline: the current ones
  std::map<std::string, std::shared_ptr<const Program>> versions_;  ///< by digest: the current ones and those that events are bound to
  std::map<std::string, std::unique_ptr<Channel>> channels_;
  std::vector<PipelineStatus> broken_;

  mutable std::mutex mutex_;
  std::map<journal::Lane, LanePtr> active_;
  std::optional<journal::Lane> fed_;  ///< the last lane that feed() looked at
  bool walking_ = false;              ///< feed() is on its way through the journal's lanes
  bool behind_ = true;                ///< the journal may hold lanes that are not active
  std::atomic<bool> stopping_ = false, aborted_ = false;
};

}  // namespace milepost::engine
