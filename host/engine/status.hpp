// What the engine is doing, as values: for health, the API and the command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/config/fault.hpp"

namespace milepost::engine {

struct ConnectionStatus {
  std::string name, connector;
  /// "closed" (not used yet), "open", "paused" (401, 403, a person), "failing" (cannot be opened; retried), "breaker_open".
  std::string state;
  std::string reason;  ///< one line; "" when open
  unsigned in_flight = 0;
  std::string warning = {};  ///< one line; "" for none: its credentials end soon
};

struct PipelineStatus {
  std::string name, version, description, owner;
  std::vector<std::string> sources, steps;  ///< "webhook /hooks/los"; "card acme.send"
  bool running = false;
  config::Faults faults;  ///< why it does not run
};

struct Snapshot {
  std::vector<PipelineStatus> pipelines;
  std::vector<ConnectionStatus> connections;
  std::uint64_t lanes_active = 0;
  bool stopping = false;
};

}  // namespace milepost::engine
