// A config folder, read and compiled: what `run`, `check` and `try` start from.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/config/load.hpp"
#include "host/config/secrets.hpp"
#include "host/engine/program.hpp"
#include "host/engine/status.hpp"
#include "host/intake/hooks.hpp"
#include "host/plugins/registry.hpp"

namespace milepost::deploy {

struct Deployment {
  std::string root;
  config::HostSettings host;
  std::unique_ptr<plugins::Registry> registry;
  config::Folder folder;
  config::Secrets secrets;
  std::vector<std::shared_ptr<const engine::Program>> programs;
  std::vector<engine::PipelineStatus> broken;  ///< pipelines that do not run, with their faults
  config::Faults faults;                       ///< all of the folder, sorted
  bool ok() const;                             ///< no fault but warnings
};

/// Never throws; whatever can run is in `programs`. `cache` keeps pre-flight reports in the data folder.
Deployment load(const std::string& root, bool cache);

/// The webhook sources of every pipeline that runs, decoders and verifiers ready.
Result<std::vector<intake::Hook>> make_hooks(const Deployment& deployment, const plugins::Services& services);

/// Where the installed plugins lie: beside the executable, or in ../lib/milepost/plugins of an installation.
std::vector<std::string> built_in_plugin_folders();

}  // namespace milepost::deploy
