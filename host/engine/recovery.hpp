// What a person does with the events that wait for one: opens dead letters again, and settles what is in doubt. It works on the
// journal alone, so that it serves a running host, whose engine follows what is opened, and a store that no host holds. [any]
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/journal/store.hpp"
#include "milepost/json.hpp"

namespace milepost::engine {

/// It was done from the start, for others to follow: there is no run of it, and none may be made.
inline bool followed_only(const journal::Event& event) {
  return event.state == journal::EventState::done && event.definition.empty();
}

/// Who asks, and why. Stands in an audit row (kind `admin`) of every event that is touched.
struct Order {
  std::string reason;  ///< 1 to 1000 bytes, not blank
  std::string user;    ///< "key:<name>"
  /// Go on with the version that the event began with; else with the current one, at the failed step, where done steps keep
  /// their answers, matched by step id.
  bool began = false;
};

/// Maps the payload of a quarantined event again; what comes of it may be quarantined still. An error says why it cannot be
/// tried at all. Empty: nothing here can.
using Remap = std::function<Result<journal::NewEvent>(const journal::Event& event, const std::string& payload)>;

/// Opens a dead letter: open, late, with the current loan revision, its effects' keys kept, its lane awake. A quarantined one
/// goes through its mapping again. `permanent`: there is none, it is no dead letter, its payload is pruned, or it still cannot
/// be mapped; `retryable`: the store failed. Nothing was changed then.
Result<journal::Event> retry(journal::Store& store, journal::Sequence event, const Order& order, const Remap& remap);

struct Retried {
  struct Refusal {
    std::string receipt, reason;
  };
  std::uint64_t opened = 0;
  std::vector<Refusal> refused;           ///< those stay dead letters
  std::optional<journal::Sequence> next;  ///< there may be more: select those after it
};
/// Opens the dead letters that are selected, oldest first whatever the filter says of state, order and limit, so that each
/// subject keeps its order. `after` is the call before's Retried::next. At most `limit` a call, a few hundred in
/// each commit. An event that died again since stays dead: no call sees it twice. An error: the store failed; what was opened
/// before it stays open.
Result<Retried> retry(journal::Store& store, journal::EventFilter filter, const Order& order, const Remap& remap,
                      std::size_t limit);

/// Opens an event that has ended from its first step on, for a replay: on the current version, done steps keeping their answers.
/// `kept` are further steps that ran and have no effect in the ledger: they do not run again. Errors as retry's.
Status reopen(journal::Store& store, journal::Sequence event, const std::vector<std::string>& kept, const Order& order);

enum class Settlement {
  done,     ///< the vendor has it: the step is done with the answer that is given
  retry,    ///< the vendor does not have it: the step starts anew, with the same idempotency key
  abandon,  ///< nobody knows: a dead letter. The effect stays in doubt, so that no `once:` sends it elsewhere
};
/// Settles an event in doubt. `answer` (an object; only with done) is what later steps see as `steps.<id>`. Errors as retry's.
Result<journal::Event> resolve(journal::Store& store, journal::Sequence event, Settlement settlement,
                               const std::optional<Json>& answer, const Order& order);

}  // namespace milepost::engine
