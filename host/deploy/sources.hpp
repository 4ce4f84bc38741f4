// The sources of a deployment that nobody calls: made ready, started, replaced and stopped together.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/deploy/deployment.hpp"
#include "host/intake/followers.hpp"
#include "host/intake/mapping.hpp"
#include "host/intake/poller.hpp"
#include "host/intake/schedules.hpp"

namespace milepost::deploy {

/// How this pipeline's payloads become events.
Result<std::shared_ptr<const intake::Mapping>> mapping_of(const config::Pipeline& pipeline);

class Sources {
 public:
  /// All of them outlive the sources.
  Sources(const plugins::Services& services, journal::Store& store, telemetry::Clock& clock);
  ~Sources();

  /// Those that poll ask for nothing while it gives a reason; it is told their connection. Before the first ready().
  void hold_while(std::function<std::string(const std::string& connection)> reason) { held_ = std::move(reason); }
  /// By which model sweeps see loans. Default: the standard one. Before the first ready().
  void judge_by(intake::Sweep::CurrentModel loans) { loans_ = std::move(loans); }
  /// Sources that do not run yet.
  struct Readied {
    std::vector<intake::Schedule> schedules;
    std::vector<intake::Following> followings;
    std::vector<std::unique_ptr<intake::Poller>> pollers;
    /// By which their places are found again: rows to be stored like a place, in the commit of the change.
    std::vector<std::pair<std::string, std::string>> known;
  };
  /// Those of `pipelines`. Changes nothing that runs; one that follows events begins now. Errors: what a plugin or its
  /// settings refuse, and the store's.
  Result<Readied> ready(const Deployment& deployment, const std::set<std::string>& pipelines);
  /// The sources of `pipelines` end, and then these begin, at the places that those have left. Waits for polls that end, for
  /// a few seconds: the successors of one that a plugin holds up begin in reap().
  void adopt(const std::set<std::string>& pipelines, Readied readied);
  /// Lets those begin whose predecessors have ended meanwhile; false while there are others. [any]
  bool reap();

  Status start();  ///< Before anything else brings or makes events, so that none is missed. Errors: the store's.
  void stop();     ///< Nothing new is stored when it returns. Idempotent. Not beside adopt().
  std::vector<intake::SourceStatus> status() const;  ///< of those that poll [any]

 private:
  const plugins::Services services_;
  journal::Store& store_;
  telemetry::Clock& clock_;
  std::function<std::string(const std::string&)> held_;
  intake::Sweep::CurrentModel loans_ = [] { return loans::Model::standard(); };
  intake::Schedules schedules_;
  intake::Followers followers_;
  void let_begin();

  std::mutex turn_;  // of whoever changes what runs, and of what follows
  bool started_ = false;
  std::vector<std::shared_ptr<intake::Poller>> ending_;    ///< told to stop, and not at an end
  std::vector<std::shared_ptr<intake::Poller>> awaiting_;  ///< of `pollers_`: not begun, since predecessors have not ended
  mutable std::mutex mutex_;  // of the list
  std::vector<std::shared_ptr<intake::Poller>> pollers_;
};

}  // namespace milepost::deploy
