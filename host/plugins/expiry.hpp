// What a person is told before a connection's credentials end.
#pragma once

#include <optional>
#include <string>

#include "host/telemetry/clock.hpp"

namespace milepost::plugins {

/// "its secret URL expires at 2026-12-01T00:00:00Z, in 3 days: …"; "" while there are two weeks left, or nothing is known of an end.
std::string expiry_warning(std::optional<telemetry::Time> expires, telemetry::Time now);

}  // namespace milepost::plugins
