// The admin listener's handler: health, metrics, /api/v1 and its OpenAPI. Reads the store and the engine's status, and
// does what a person asks of events.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "host/access/keys.hpp"
#include "host/engine/recovery.hpp"
#include "host/engine/status.hpp"
#include "host/engine/versions.hpp"
#include "host/http/server.hpp"
#include "host/intake/admission.hpp"
#include "host/intake/source_status.hpp"
#include "host/journal/store.hpp"
#include "host/loans/model.hpp"
#include "host/plugins/registry.hpp"

namespace milepost::engine {
class Engine;
}
namespace milepost::deploy {
class Live;
class Planner;
}

namespace milepost::api {

struct Sources {
  journal::Store* store = nullptr;
  std::function<std::shared_ptr<const plugins::Registry>()> registry = {};  ///< the plugins that are installed [any]
  const access::Keys* keys = nullptr;
  std::function<engine::Snapshot()> engine = {};  ///< [any]
  std::function<intake::Admission::Verdict()> intake = {};  ///< [any]
  std::function<std::vector<intake::SourceStatus>()> polling = {};  ///< [any]
  const telemetry::Clock* clock = nullptr;
  engine::Remap remap = {};  ///< maps quarantined payloads again [any]
  engine::Engine* running = nullptr;  ///< pauses, resumes and probes connections; nullptr where no host runs
  deploy::Live* live = nullptr;  ///< applies and takes back changes; nullptr where no host runs
  std::function<deploy::Planner*()> planner = {};  ///< plans them [any]
  std::function<engine::Versions*()> versions = {};  ///< for replays; nullptr when there are none [any]
  std::function<std::shared_ptr<const loans::Model>()> loans = [] { return loans::Model::standard(); };  ///< how loans go now [any]
};

/// Requests that came over the unix socket of the data folder need no key: the socket's mode is the owner's.
class Admin {
 public:
  explicit Admin(Sources sources);
  ~Admin();
  http::Admission admit(const http::Incoming& head) const;               ///< [any]
  void handle(http::Incoming&& request, http::Responder respond) const;  ///< [any]

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The OpenAPI 3.1 document of what Admin serves.
Json openapi();

/// Rows as the API and `--json` print them; the one place where a record becomes JSON.
Json to_json(const journal::Event& event);
Json to_json(const journal::Effect& effect);
Json to_json(const journal::AuditRecord& record);

}  // namespace milepost::api
