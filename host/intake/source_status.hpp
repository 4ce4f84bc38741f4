// How a source that asks its vendor does, as a value: for health and the API.
#pragma once

#include <optional>
#include <string>

#include "host/telemetry/clock.hpp"

namespace milepost::intake {

struct SourceStatus {
  std::string pipeline, source, connection;
  std::string state;   ///< "starting", "open", "paused" (401 or 403), "failing"; the last two are tried again
  std::string reason;  ///< one line; "" when open
  std::optional<telemetry::Time> last;  ///< when it last asked and was answered
};

}  // namespace milepost::intake
