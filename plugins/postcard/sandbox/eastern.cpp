#include "plugins/postcard/sandbox/eastern.hpp"

namespace milepost::postcard {
namespace {

using namespace std::chrono;

/// Summer time runs from 2:00 of the second Sunday in March to 2:00 of the first Sunday in November, local time.
hours offset(Time at) {
  const auto year = year_month_day(floor<days>(at)).year();
  const Time begins = sys_days(year / March / Sunday[2]) + hours(7);
  const Time ends = sys_days(year / November / Sunday[1]) + hours(6);
  return at >= begins && at < ends ? hours(-4) : hours(-5);
}

}  // namespace

Time cancel_until(Time ordered) {
  const auto local = ordered + offset(ordered) + minutes(30);  // at 23:30 the next day's orders begin
  const auto closing = floor<days>(local) + hours(23) + minutes(30);
  return Time(closing) - offset(Time(closing) + hours(5));
}

}  // namespace milepost::postcard
