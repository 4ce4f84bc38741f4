#include <fmt/format.h>

#include "host/telemetry/clock.hpp"

namespace milepost::telemetry {

namespace {

/// Reads RFC 3339 from left to right; the first thing that does not fit ends it.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : left_(text) {}

  bool digits(int count, int& value) {
    value = 0;
    for (int i = 0; i < count; ++i) {
      if (!at_digit()) return false;
      value = value * 10 + (left_.front() - '0');
      left_.remove_prefix(1);
    }
    return true;
  }
  bool one_of(std::string_view choice, char& found) {
    if (left_.empty() || choice.find(left_.front()) == choice.npos) return false;
    found = left_.front();
    left_.remove_prefix(1);
    return true;
  }
  bool one_of(std::string_view choice) {
    char ignored = 0;
    return one_of(choice, ignored);
  }
  bool at_digit() const { return !left_.empty() && left_.front() >= '0' && left_.front() <= '9'; }
  bool done() const { return left_.empty(); }

 private:
  std::string_view left_;
};

}  // namespace

std::string to_text(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  const int year = static_cast<int>(date.year());
  if (year < 0 || year > 9999)  // no clock says so, but a store that was tampered with may
    return fmt::format("{}-{:02}-{:02}", year, static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  std::string text = "0000-00-00T00:00:00.000000Z";
  const auto put = [&](std::size_t last, auto number) {  // by hand: each row of the audit trail has one
    for (auto left = static_cast<unsigned>(number); left != 0; left /= 10) text[last--] = static_cast<char>('0' + left % 10);
  };
  put(3, year);
  put(6, static_cast<unsigned>(date.month()));
  put(9, static_cast<unsigned>(date.day()));
  put(12, clock.hours().count());
  put(15, clock.minutes().count());
  put(18, clock.seconds().count());
  put(25, clock.subseconds().count());
  return text;
}

bool from_text(std::string_view text, Time& out) {
  Scanner scan(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!scan.digits(4, year) || !scan.one_of("-") || !scan.digits(2, month) || !scan.one_of("-") || !scan.digits(2, day))
    return false;
  if (!scan.one_of("Tt") || !scan.digits(2, hour) || !scan.one_of(":") || !scan.digits(2, minute) ||
      !scan.one_of(":") || !scan.digits(2, second))
    return false;

  int micros = 0;
  if (scan.one_of(".")) {
    int count = 0;
    for (; scan.at_digit(); ++count) {
      int digit = 0;
      scan.digits(1, digit);
      if (count < 6) micros = micros * 10 + digit;
    }
    if (count < 1 || count > 9) return false;
    for (; count < 6; ++count) micros *= 10;
  }

  int offset = 0;  // minutes east of UTC
  if (!scan.one_of("Zz")) {
    char sign = 0;
    int hours = 0, minutes = 0;
    if (!scan.one_of("+-", sign) || !scan.digits(2, hours) || !scan.one_of(":") || !scan.digits(2, minutes))
      return false;
    if (hours > 23 || minutes > 59) return false;
    offset = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
  }
  if (!scan.done()) return false;

  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  // 60 is a leap second, which Unix time counts as the next minute's first.
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return false;

  const Time time = std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute - offset) +
                    std::chrono::seconds(second) + std::chrono::microseconds(micros);
  const std::chrono::year_month_day in_utc(std::chrono::floor<std::chrono::days>(time));
  if (static_cast<int>(in_utc.year()) < 0 || static_cast<int>(in_utc.year()) > 9999) return false;
  out = time;
  return true;
}

}  // namespace milepost::telemetry
