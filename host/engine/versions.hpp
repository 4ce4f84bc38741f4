// Programs by version: those that run now, and those that the store kept of earlier ones, compiled when they are asked for. [any]
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/engine/program.hpp"
#include "host/journal/store.hpp"

namespace milepost::engine {

class Versions {
 public:
  /// Both outlive it.
  Versions(const journal::Store& store, const plugins::Registry& registry, const std::vector<std::shared_ptr<const Program>>& current);

  /// What a pipeline's new events run on; nullptr when it does not run.
  std::shared_ptr<const Program> current(const std::string& pipeline) const;
  /// Of a version's digest; nullptr when the store has none, or it cannot be compiled with the plugins that are there.
  std::shared_ptr<const Program> at(const std::string& digest);

 private:
  const journal::Store& store_;
  const plugins::Registry& registry_;
  std::map<std::string, std::shared_ptr<const Program>> current_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Program>> known_;
};

}  // namespace milepost::engine
