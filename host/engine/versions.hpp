// Programs by version: those that run now, and those that the store kept of earlier ones, compiled when they are asked for. [any]
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/engine/program.hpp"
#include "host/journal/store.hpp"
#include "host/loans/model.hpp"

namespace milepost::engine {

class Versions {
 public:
  /// `store` outlives it.
  explicit Versions(const journal::Store& store) : store_(store) {}
  Versions(const journal::Store& store, std::shared_ptr<const plugins::Registry> registry,
           const std::vector<std::shared_ptr<const Program>>& current);

  /// These run from now on. A pipeline that is no more among them is remembered with what it ran on.
  void deploy(std::shared_ptr<const plugins::Registry> registry, const std::vector<std::shared_ptr<const Program>>& current);
  /// A pipeline that was taken away before this process began.
  void remember(std::shared_ptr<const Program> last);

  /// What a pipeline's new events run on; nullptr when it does not run.
  std::shared_ptr<const Program> current(const std::string& pipeline) const;
  /// The same; of a pipeline that was taken away, what it ran on last: what it had accepted still ends.
  std::shared_ptr<const Program> last(const std::string& pipeline) const;
  /// How loans go now: what a replay shows of them.
  void set_loans(std::shared_ptr<const loans::Model> model);
  std::shared_ptr<const loans::Model> loans() const;
  /// Of a version's digest; nullptr when the store has none, or it cannot be compiled with the plugins that are there.
  std::shared_ptr<const Program> at(const std::string& digest);

 private:
  using Programs = std::map<std::string, std::shared_ptr<const Program>>;
  const journal::Store& store_;
  mutable std::mutex mutex_;  // of all that follows
  std::shared_ptr<const plugins::Registry> registry_;
  Programs current_, last_;  ///< by pipeline
  Programs known_;           ///< by digest
  std::shared_ptr<const loans::Model> loans_ = loans::Model::standard();
};

}  // namespace milepost::engine
