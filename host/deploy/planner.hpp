// Makes plans: what a folder would change, and what past events would have done with it. Remembers the last few, so that one can be
// applied by its hash, and so that a refusal can say what has moved since. [any]
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "host/deploy/plan.hpp"
#include "host/engine/replay.hpp"

namespace milepost::deploy {

/// A plan with all that it was made from.
struct Planned {
  Plan plan;
  State before, after;
  std::shared_ptr<const Deployment> deployment;
  bool sound() const { return deployment->ok(); }  ///< else nothing of it can be applied: see its faults
};

class Planner {
 public:
  /// `read` reads the folder; `before` says what runs. Both are called by look() and plan() alone.
  Planner(journal::Store& store, std::function<std::shared_ptr<const Deployment>()> read, std::function<State()> before);
  ~Planner();

  /// What the folder would change now.
  Planned look() const;
  /// The same, and remembered: it can be found again, and past events can be played with it.
  Planned plan();
  /// A plan that was made here, by its hash or the beginning of it.
  std::optional<Planned> find(const std::string& hash) const;
  /// What the events that are selected would have done with the definitions of a plan, against what they did. Errors: no such
  /// plan (`permanent`), the store's.
  Result<engine::Replayed> shadow(const std::string& hash, const journal::EventFilter& selection, std::size_t limit);

 private:
  struct Kept;
  journal::Store& store_;
  const std::function<std::shared_ptr<const Deployment>()> read_;
  const std::function<State()> before_;
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<Kept>> kept_;  ///< newest first
};

/// Why `now` is not `then`, though it should be: what of the folder and what of that which runs has moved.
std::string what_moved(const Planned& then, const Planned& now);

}  // namespace milepost::deploy
