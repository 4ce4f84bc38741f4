// The sources of a deployment that nobody calls: made ready, started and stopped together.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/deploy/deployment.hpp"
#include "host/intake/followers.hpp"
#include "host/intake/poller.hpp"
#include "host/intake/schedules.hpp"

namespace milepost::deploy {

class Sources {
 public:
  /// All of them outlive the sources. Errors: what a plugin or its settings refuse.
  static Result<std::unique_ptr<Sources>> make(const Deployment& deployment, const plugins::Services& services,
                                               journal::Store& store, telemetry::Clock& clock);
  ~Sources();

  /// Those that poll ask for nothing while it gives a reason. Before start().
  void hold_while(const std::function<std::string()>& reason);
  Status start();  ///< Before anything else brings or makes events, so that none is missed. Errors: the store's.
  void stop();     ///< Nothing new is stored when it returns. Idempotent.
  std::vector<intake::SourceStatus> status() const;  ///< of those that poll [any]

 private:
  std::unique_ptr<intake::Schedules> schedules_;
  std::vector<std::unique_ptr<intake::Poller>> pollers_;
  std::unique_ptr<intake::Followers> followers_;
};

}  // namespace milepost::deploy
