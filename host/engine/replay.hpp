// Events that have ended, run again on today's definitions: what would differ, and, when asked, what never ran done now.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/engine/recovery.hpp"
#include "host/engine/versions.hpp"

namespace milepost::engine {

/// One step that would go another way than it went.
struct Difference {
  enum class Kind { would_run, would_not_run, other_request } kind = Kind::would_run;
  std::string step, use;
  std::string reason;  ///< what says no now; of a step that failed: what it said then
  Json with;           ///< as it would go out now; null where it would not
  struct Change {
    std::string path;  ///< "properties.dealstage"
    Json then, now;    ///< null: not there
  };
  std::vector<Change> changes;  ///< of another request; empty where the version that ran cannot be compiled any more
};

struct Replay {
  journal::Event event;
  std::vector<Difference> differences;
  std::string end;  ///< "dead letter: …" where the event would end so now and did not
  bool opened = false;
};

struct Replayed {
  std::uint64_t examined = 0, same = 0;
  std::uint64_t left_out = 0;  ///< under way, in doubt, never decoded, pruned, or of a pipeline that does not run
  std::vector<Replay> differ;
  std::optional<journal::Sequence> next;  ///< there may be more: select those after it
};

/// Runs the recorded payloads, loan revisions and answers of the events that `filter` selects through the current programs, oldest
/// first, at most `limit` of them. Nothing is sent. With `apply`, an event with a step that would run and did not is opened
/// again, and the engine takes it through the ledger: what was done is kept, and what never ran runs. `retryable`: the store
/// failed. [any]
Result<Replayed> replay(journal::Store& store, Versions& versions, journal::EventFilter filter, const std::optional<Order>& apply,
                        std::size_t limit);

}  // namespace milepost::engine
