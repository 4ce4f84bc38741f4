// How a source that asks its vendor does, as a value: for health and the API.
#pragma once

#include <optional>
#include <string>

#include "host/telemetry/clock.hpp"

namespace milepost::intake {

struct SourceStatus {
  std::string pipeline, source, connection;
  /// "starting", "open", "paused" (401 or 403) and "failing", which are tried again, "held" while nothing may come in or
  /// a person paused the connection.
  std::string state;
  std::string reason;  ///< one line; "" when open
  std::optional<telemetry::Time> last;  ///< when it last asked and was answered
};

}  // namespace milepost::intake
