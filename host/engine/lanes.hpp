// Which lanes are at work. Memory holds their keys and the few runs that are moving, never the backlog: the journal is
// the queue. Pipelines take turns, so that a flooded one holds up no other.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "host/engine/run.hpp"
#include "host/journal/store.hpp"

namespace milepost::engine {

/// One lane in memory. What is not guarded belongs to whoever has its turn.
struct ActiveLane {
  explicit ActiveLane(journal::Lane lane) : key(std::move(lane)) {}
  const journal::Lane key;
  std::unique_ptr<Run> run;  ///< none while the lane rests: it is loaded again
  bool more = false;         ///< the journal held another event behind this one when it was loaded
  unsigned strikes = 0;      ///< refusals in a row at this step, for the backoff
  bool alone = false;        ///< its batch failed as a whole: not in company again

 private:
  friend class Lanes;
  // Guarded by Lanes:
  bool more_ = false;    ///< something woke it since it last looked
  bool moving_ = false;  ///< it counts among those
};
using LanePtr = std::shared_ptr<ActiveLane>;

/// All methods [any].
class Lanes {
 public:
  /// `turn` is told for how many more take()s there is a lane, `walk` is called once for each page() that a pipeline needs.
  /// Both only post.
  Lanes(std::function<void(std::size_t)> turn, std::function<void(const std::string& pipeline)> walk);

  /// There is something to do in this lane, or in each of these: one call for many wakes fewer threads than many calls.
  void wake(const journal::Lane& key);
  void wake_all(const std::vector<journal::Lane>& keys);
  /// The next lane in turn, which now belongs to the caller. nullptr: as many are moving as may be, and another turn
  /// follows.
  LanePtr take();
  /// The caller hands it to a connection's queue or a timer: it stays, but does not count among the moving any more.
  void rest(const LanePtr& lane);
  /// It waits for another turn.
  void again(const LanePtr& lane);
  /// It goes, unless something woke it meanwhile.
  void leave(const LanePtr& lane);

  /// This pipeline may have lanes in the journal that nobody knows of.
  void behind(const std::string& pipeline);
  /// Wakes what the next page of the pipeline's lanes in the journal holds. Throws StoreError; then it is to be called
  /// again.
  void page(const std::string& pipeline, const journal::Store& store);

  std::size_t size() const;
  bool idle() const;  ///< nothing at work, nothing to be walked
  void clear();

 private:
  struct Pipeline {
    std::deque<LanePtr> ready;
    bool behind = false;                ///< a walk is needed, from the first lane
    bool walking = false;               ///< one is under way
    bool paged = false;                 ///< its next page is posted
    std::optional<std::string> walked;  ///< the last lane that the walk looked at
  };
  // REQUIRES: the mutex.
  void make_ready(const LanePtr& lane);
  bool wakes(const journal::Lane& key);  ///< true: it is ready now, which its turn is still to be told of
  void ask_for_page(const std::string& name, Pipeline& pipeline);
  void still(const LanePtr& lane);

  const std::function<void(std::size_t)> turn_;
  const std::function<void(const std::string&)> walk_;
  mutable std::mutex mutex_;
  std::map<journal::Lane, LanePtr> lanes_;
  std::map<std::string, Pipeline> pipelines_;
  std::deque<Pipeline*> ring_;  ///< those with ready lanes, in turn
  std::size_t moving_ = 0;
  std::size_t owed_ = 0;  ///< turns that found too many moving
};

}  // namespace milepost::engine
