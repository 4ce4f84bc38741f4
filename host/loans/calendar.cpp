#include "host/loans/calendar.hpp"

#include <fmt/format.h>

namespace milepost::loans {
namespace {

using namespace std::chrono;

/// A calendar whose every day is a holiday has an end all the same.
constexpr days kFarthest{40'000};

}  // namespace

Result<Calendar> Calendar::make(const config::BusinessCalendar& definition) {
  auto zone = config::Zone::find(definition.zone);
  if (!zone) return fail(zone.error());
  return Calendar(definition, std::move(*zone));
}

bool Calendar::works_on(local_days day) const {
  if (!definition_.working[weekday(day).c_encoding()]) return false;
  if (definition_.holidays.empty()) return true;
  const year_month_day date(day);
  const auto of_year = fmt::format("{:02}-{:02}", static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return !definition_.holidays.contains(of_year) &&
         !definition_.holidays.contains(fmt::format("{:04}-{}", static_cast<int>(date.year()), of_year));
}

unsigned Calendar::business_days(Time from, Time to) const {
  unsigned count = 0;
  const auto first = day_of(from), last = std::min(day_of(to), first + kFarthest);
  for (auto day = first + days(1); day <= last; day += days(1)) count += works_on(day) ? 1 : 0;
  return count;
}

Time Calendar::end_of(Time from, unsigned count) const {
  const auto first = day_of(from);
  auto day = first;
  while (count > 0 && day < first + kFarthest) {
    day += days(1);
    if (works_on(day)) --count;
  }
  return zone_.instant(local_seconds(day + days(1)));
}

Result<Time> Calendar::end_of_date(const std::string& text) const {
  Time midnight{};
  if (text.size() != 10 || !telemetry::from_text(text + "T00:00:00Z", midnight))
    return fail(ErrorKind::permanent, "no date such as 2026-11-26");
  return zone_.instant(local_seconds(floor<seconds>(midnight.time_since_epoch()) + hours(24)));
}

Time Calendar::next(minutes of_day, Time after) const {
  for (auto day = day_of(after);; day += days(1))
    if (const auto at = zone_.instant(local_seconds(day + of_day)); at > after) return at;
}

std::string Calendar::date(Time time) const {
  const year_month_day date(day_of(time));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

}  // namespace milepost::loans
