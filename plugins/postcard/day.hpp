// A day as the vendors' lists are asked for it.
#pragma once

#include <cstdio>
#include <string>

#include "milepost/event.hpp"

namespace milepost::postcard {

/// The day in UTC: "2026-11-02".
inline std::string day_text(Time time) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
  char out[16];
  std::snprintf(out, sizeof out, "%04d-%02u-%02u", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                static_cast<unsigned>(day.day()));
  return out;
}

}  // namespace milepost::postcard
