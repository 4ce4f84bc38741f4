// When something happened, in whichever way a vendor writes it.
#pragma once

#include <optional>

#include "milepost/event.hpp"

namespace milepost::postcard {

/// An ISO date, or date and time (Z, an offset, or none: UTC), or seconds, milliseconds or microseconds since 1970, as
/// a number or a text; nullopt for anything else.
std::optional<Time> read_time(const Json& value);

/// The day in UTC: "2026-11-02".
std::string day_text(Time time);

}  // namespace milepost::postcard
