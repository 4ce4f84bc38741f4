// What runs, and the one place that changes it. A host has one Live. It owns the current Deployment, an immutable value; a change
// loads another one, makes ready what it needs beyond the current one, writes down who wanted it and why, and then swaps, part by
// part. What fails before the swap changes nothing; the swap cannot fail.
//
// The unit is one pipeline. One that did not change keeps its hooks, decoders, pollers, schedules and places; a connection that did
// not change keeps its account, breaker, pause and rate window. Events that have begun end on the version that they began with;
// others run on the one that is current when their turn comes. What a pipeline has accepted before it was taken away ends on its
// last version: its sender was told that it would, and a connection's pause is there for who wants it to stop.
//
// A folder with a fault is not taken, in no part: everything goes on as it was, and trouble() says why.
//
// Threads: reload(), apply() and revert() wait for each other; the caller's thread does the work. [any]
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "host/deploy/planner.hpp"
#include "host/deploy/record.hpp"
#include "host/deploy/sources.hpp"
#include "host/engine/engine.hpp"
#include "host/intake/hooks.hpp"

namespace milepost::deploy {

class Live {
 public:
  /// What a change is made to. All outlive it.
  struct Parts {
    journal::Store& store;
    engine::Engine& engine;
    intake::Hooks& hooks;
    Sources& sources;
    plugins::Services services;
    const telemetry::Clock& clock;
    std::function<void()> changed = {};  ///< called after each change
  };
  Live(Parts parts, std::shared_ptr<const Deployment> first);

  /// The first deployment runs: also with faults, for what has none. Before the parts are started. Errors: a plugin's, the store's.
  Status begin();

  /// The host stops: waits for a change under way, and refuses all others.
  void end();

  std::shared_ptr<const Deployment> current() const;
  Planner& planner() { return planner_; }

  /// The folder as it is, whatever it is. Nothing in the plan: nothing to change. Errors (`permanent`): the folder has a fault,
  /// which trouble() has in full, or a plugin refuses; (`retryable`): the store fails. Nothing was changed then.
  Result<Plan> reload(const Cause& cause);
  /// The folder, provided that it makes exactly that plan. `hash` may be the beginning of one that planner() made.
  Result<Plan> apply(const std::string& hash, const std::string& user, const std::string& reason);

  struct Reversion {
    std::string pipeline, version;  ///< `version` may be the beginning of one
    std::string user, reason;
    bool discard = false;  ///< also when the file was edited since it went live: the edit is lost
  };
  /// Takes an earlier version back: its file is written as it was, comments and order included, and goes live; both or neither.
  Result<Plan> revert(const Reversion& wanted);

  /// Why the folder as it is now does not run.
  struct Trouble {
    telemetry::Time since{};
    std::string reason;  ///< one line
    config::Faults faults;
  };
  std::optional<Trouble> trouble() const;

 private:
  // REQUIRES: the turn.
  Result<Plan> take(const Planned& planned, const Cause& cause);
  void runs(std::shared_ptr<const Deployment> deployment);
  Status change(const Planned& planned, const std::set<std::string>& pipelines, const std::set<std::string>& connections, const Cause& cause);
  Error refused(const Planned& planned);
  void troubled(std::optional<Trouble> trouble);

  const Parts parts_;
  const Json started_with_;   ///< milepost.yaml's settings that only a start takes up, as this process has them
  std::mutex turn_;           ///< of whoever changes what runs
  bool ended_ = false;        ///< under the turn
  mutable std::mutex mutex_;  ///< of what follows
  std::shared_ptr<const Deployment> current_;
  std::optional<Trouble> trouble_;
  Planner planner_;
};

}  // namespace milepost::deploy
