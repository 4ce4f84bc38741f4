// A config folder, read and compiled: what `run`, `check` and `try` start from, and what a running host changes over to. A value: it
// changes no more once it is loaded. Read in one piece: no file of it was edited meanwhile.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/config/load.hpp"
#include "host/config/secrets.hpp"
#include "host/deploy/stamps.hpp"
#include "host/engine/program.hpp"
#include "host/engine/status.hpp"
#include "host/intake/hooks.hpp"
#include "host/loans/model.hpp"
#include "host/plugins/registry.hpp"

namespace milepost::deploy {

struct Deployment {
  std::string root;
  config::HostSettings host;
  std::shared_ptr<plugins::Registry> registry;
  Stamps libraries;  ///< of the plugins that `registry` was made from
  config::Folder folder;
  config::Secrets secrets;
  std::shared_ptr<const loans::Model> loans;  ///< by loans.yaml, or the standard one where it has a fault
  std::vector<std::shared_ptr<const engine::Program>> programs;
  std::vector<engine::PipelineStatus> broken;  ///< pipelines that do not run, with their faults
  std::map<std::string, std::string> texts;    ///< of pipelines' files, as they were read: "pipelines/a.yaml"
  config::Faults faults;                       ///< all of the folder, sorted
  bool ok() const;                             ///< no fault but warnings
  /// Of what all pipelines stand on: a file or folder that cannot be read, milepost.yaml, loans.yaml; nullptr for none.
  const config::Fault* ground_fault() const;
  std::set<std::string> pipelines() const;     ///< the names of those that run
};

/// Never throws; whatever can run is in `programs`. `cache` keeps pre-flight reports in the data folder. `before` lends its plugins,
/// where their files are the same. A file that moves while it is read makes it read all again; one that does not keep still is a fault.
/// `secrets`: instead of those that milepost.yaml names.
Deployment load(const std::string& root, bool cache, const Deployment* before = nullptr,
                const std::optional<config::SecretsFrom>& secrets = {});

/// live: whoever can reach a hook may call it. rehearsed: only a test case can, so what comes counts as verified, and plugins decode in
/// this process.
enum class Calls { live, rehearsed };

/// The webhook sources of these pipelines, decoders and verifiers ready.
Result<std::vector<intake::Hook>> make_hooks(const Deployment& deployment, const plugins::Services& services,
                                             const std::set<std::string>& pipelines, Calls calls = Calls::live);

/// The folders in which a change of the deployment's files shows; none unless milepost.yaml says `reload: watch`.
std::set<std::string> watched_folders(const Deployment& deployment);

/// Where the installed plugins lie: beside the executable, or in ../lib/milepost/plugins of an installation.
std::vector<std::string> built_in_plugin_folders();

}  // namespace milepost::deploy
