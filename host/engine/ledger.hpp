// The ledger's transition function: what an outcome means for a delivery. Pure: no clock, no store, no randomness of its own, so that
// every path can be tried. [any]
#pragma once

#include <chrono>
#include <optional>

#include "host/config/definition.hpp"
#include "host/journal/records.hpp"
#include "milepost/connector.hpp"

namespace milepost::engine {

/// What the action declares and the step asks for.
struct Policy {
  Traits traits;
  bool lookup = false;
  config::Retry retry;
};

struct Decision {
  enum class Next {
    done,     ///< the answer is known
    send,     ///< planned again: send at `at`
    look_up,  ///< stays sent: ask the vendor at `at`
    pause,    ///< planned again (stays sent during a look-up), and its connection pauses
    failed,   ///< the step gave up
    in_doubt, ///< a person settles it
  } next = Next::failed;
  journal::Time at{};
  bool counts = true;        ///< false: this attempt does not count (a limit, a pause, a stop)
  bool slow_down = false;    ///< the vendor asked everyone on this connection to wait until `at`
  std::string reason = {};   ///< for failed and in_doubt: one line
};

/// After run() gave an error. `effect` is the row as sent (attempt, first_at, sent_at set). `strikes` counts refusals in a row for the
/// backoff; `jitter` in [0, 1) spreads it.
Decision after_error(const journal::Effect& effect, const Error& error, const Policy& policy, journal::Time now, unsigned strikes,
                     double jitter);

/// After find(). "Not found" is believed only settles_after past the request.
Decision after_look_up(const journal::Effect& effect, const Result<std::optional<Answer>>& found, const Policy& policy,
                       journal::Time now, unsigned strikes, double jitter);

/// What a crash left: sent, without an outcome.
Decision after_crash(const journal::Effect& effect, const Policy& policy, journal::Time now);

/// Exponential with full jitter: up to 1 s, 2 s, 4 s … 10 min; never under 50 ms.
std::chrono::milliseconds backoff(unsigned strikes, double jitter);

}  // namespace milepost::engine
