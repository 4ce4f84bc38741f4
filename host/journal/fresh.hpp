// What was accepted a moment ago, so that the engine, which follows at the journal's heels, need not read it back: a
// read costs a transaction and the pages that the writer has just changed. Always a copy of what is on disk, never
// more; what is not here is asked of the disk. [any]
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "host/journal/records.hpp"

namespace milepost::journal {

class Fresh {
 public:
  using Loan = std::optional<LoanRevision>;  ///< a loan's latest revision; none: there is no loan of that subject
  struct Accepted {
    Event event;
    std::string payload;
    bool alone = false;  ///< no other event of its lane was open
  };
  struct Updated {
    Sequence event = 0;
    Lane lane;
    EventProgress progress;
  };
  struct Acted {
    Sequence event = 0;  ///< has an effect
  };
  struct Tracked {
    std::string subject;
    Loan latest;
  };
  /// What a transaction does to an event or a loan, in order. Applied once it is on disk, forgotten when it is rolled back. Small, since
  /// a crowd's transaction makes hundreds.
  using Change = std::variant<Acted, std::unique_ptr<Accepted>, std::unique_ptr<Updated>, std::unique_ptr<Tracked>>;
  /// By the writer, before it tells anyone of the commit.
  void apply(std::vector<Change> changes);

  struct Head {
    std::optional<Event> event;  ///< the lane's oldest open one, none when it has none
    std::string payload;
    bool more = false;  ///< there is another behind it
    std::optional<Loan> loan = {};  ///< of its subject, no older than the event; nullopt: ask the disk
  };
  /// nullopt: ask the disk.
  std::optional<Head> head(const Lane& lane) const;
  /// It has no row in the ledger. False: ask the disk.
  bool has_no_effects(Sequence event) const;

  /// There is no loan at all, which spares every event its look for one. Set at opening and by the writer.
  std::atomic<bool> no_loans = false;

 private:
  struct Kept {
    Event event;
    std::string payload;
    bool effects = false;
  };
  using Open = std::vector<Sequence>;  ///< all of a lane's open events, oldest first
  struct HashOfLane {
    std::size_t operator()(const Lane& lane) const { return std::hash<std::string>()(lane.lane) ^ std::hash<std::string>()(lane.pipeline) * 31; }
  };

  // The changes, one by one:
  void put(Acted acted);
  void put(std::unique_ptr<Accepted> accepted);
  void put(std::unique_ptr<Updated> updated);
  void put(std::unique_ptr<Tracked> tracked);
  void forget(const Lane& lane);
  void drop(std::map<Sequence, Kept>::iterator kept);
  std::optional<Loan> loan(const std::string& subject) const;
  void bound();

  mutable std::mutex mutex_;
  std::map<Sequence, Kept> kept_;
  std::unordered_map<Lane, Open, HashOfLane> lanes_;
  std::deque<Lane> emptied_;  ///< lanes that were empty when they came here, oldest first
  std::size_t bytes_ = 0;     ///< of the payloads
  std::unordered_map<std::string, Loan> loans_;
  std::deque<std::string> subjects_;  ///< of `loans_`, in the order in which they came
  std::size_t loan_bytes_ = 0;        ///< of their states
};

}  // namespace milepost::journal
