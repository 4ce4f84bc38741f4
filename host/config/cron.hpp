// "0 7 * * mon-fri": the minutes of a wall clock that a cron text names. Pure; where the wall clock hangs is
// timetable.hpp's business.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "milepost/error.hpp"

namespace milepost::config {

using LocalMinutes = std::chrono::local_time<std::chrono::minutes>;

class Cron {
 public:
  /// Five fields: minute 0-59, hour 0-23, day of the month 1-31, month 1-12 or jan-dec, day of the week 0-7 or sun-sat
  /// (0 and 7 are Sunday). Each is `*`, a value, a range, a range or `*` with a step (`8-18/2`, `*/15`), or a list of
  /// those. Where both day fields are restricted (do not begin with `*`), a day that fits either is one, as cron has
  /// it. Errors
  /// (`permanent`) name the field, what is wrong with it and the remedy, also for times that never come (30 February).
  static Result<Cron> parse(std::string_view text);

  /// The first minute after `after`; nullopt when none comes within 60 years, which no parsed text gives. [any]
  std::optional<LocalMinutes> next(LocalMinutes after) const;

 private:
  /// A bit for each value. Days of the week from Sunday, 0 to 6.
  struct Field {
    std::uint64_t bits = 0;
    bool any = false;  ///< begins with `*`: restricts nothing beside the other day field
    bool has(unsigned value) const { return (bits >> value & 1) != 0; }
  };
  struct Rule;
  static Result<Field> parse_field(std::string_view text, const Rule& rule);
  bool fits(std::chrono::local_days day) const;

  Field minute_, hour_, day_, month_, weekday_;
};

}  // namespace milepost::config
