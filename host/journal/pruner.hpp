// Retention: what is finished and old enough leaves the store, in steps that are too small to be noticed, so that the
// file stops growing: SQLite fills the pages again that become free. Audit rows stay, and so does everything that is
// not finished.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "host/journal/store.hpp"

namespace milepost::journal {

namespace sqlite {
class Connection;
}

/// nullopt: for ever.
struct Retention {
  std::optional<std::chrono::milliseconds>
      events;                                    ///< finished events, from their acceptance and their last outcome on
  std::optional<std::chrono::milliseconds> ids;  ///< of pruned events; those of events that are still there stay with them
};

class Pruner {
 public:
  /// Both outlive it.
  Pruner(Store& store, telemetry::Clock& clock, Retention retention);
  ~Pruner();  ///< stops after the step under way

  void start();  ///< a pass each minute, on a thread of its own, using at most a quarter of the writer's time
  /// Everything that may go by now goes. False: it was stopped, or the store failed; the next pass goes on from there.
  /// Not beside start().
  bool pass(const std::stop_token& stop = {});

  using Gone = std::map<const char*, int>;  ///< rows, by what they were

 private:
  struct Page {
    std::vector<Sequence> old;
    bool last = false;
  };

  void run(const std::stop_token& stop);
  bool prune_events(const std::stop_token& stop);
  bool prune_identities(const std::stop_token& stop);
  bool prune_loans(const std::stop_token& stop);
  Page old_events(Time cutoff);
  Page old_identities(Time cutoff);
  std::vector<std::int64_t> old_revisions(const std::string& subject);
  using Remove = std::function<void(sqlite::Connection&, Gone&, std::size_t)>;
  /// Calls it for 0 … count-1 in as many commits as it takes, each of a few milliseconds.
  bool in_steps(const std::stop_token& stop, std::size_t count, const Remove& remove_one);
  bool rest(const std::stop_token& stop, std::chrono::steady_clock::duration after);

  Store& store_;
  telemetry::Clock& clock_;
  const Retention retention_;
  bool paced_ = false;

  // Where the walks stand. From time to time they begin again, for what was not finished when they came by.
  Sequence events_after_ = 0;
  Time events_walk_began_{};
  Sequence identities_after_ = 0;
  std::optional<Time> identities_walk_ended_;
  std::set<std::string> subjects_;  ///< whose events went: their loans may have revisions that nobody names any more

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread thread_;  ///< last: it uses all of the above
};

}  // namespace milepost::journal
