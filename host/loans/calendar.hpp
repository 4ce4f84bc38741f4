// A lender's days: which ones he works, in his own zone. A value. [any]
#pragma once

#include "host/config/loan_model.hpp"
#include "host/config/timetable.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::loans {

using telemetry::Time;

class Calendar {
 public:
  /// `permanent`: the zone is not known to this machine.
  static Result<Calendar> make(const config::BusinessCalendar& definition);

  bool works_on(std::chrono::local_days day) const;
  /// Business days after the day of `from` up to and with the day of `to`, by the zone's dates: from Friday to Monday is one.
  /// 0 where `to` is not later.
  unsigned business_days(Time from, Time to) const;
  /// When the `count`th business day after the day of `from` ends: the midnight after it.
  Time end_of(Time from, unsigned count) const;
  /// When that date ends there. `permanent`: `text` is no date such as 2026-11-26.
  Result<Time> end_of_date(const std::string& text) const;
  /// The first moment after `after` when the clock there shows this time of the day.
  Time next(std::chrono::minutes of_day, Time after) const;
  /// "2026-11-26": the date there.
  std::string date(Time time) const;

 private:
  Calendar(config::BusinessCalendar definition, config::Zone zone) : definition_(std::move(definition)), zone_(std::move(zone)) {}
  std::chrono::local_days day_of(Time time) const { return std::chrono::floor<std::chrono::days>(zone_.local(time)); }

  config::BusinessCalendar definition_;
  config::Zone zone_;
};

}  // namespace milepost::loans
