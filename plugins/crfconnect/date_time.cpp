#include "plugins/crfconnect/date_time.hpp"

#include <algorithm>
#include <ctime>
#include <string>

namespace milepost::crfconnect {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

/// Takes from the front of what is left; after a mismatch everything fails.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : left_(text) {}
  int number(std::size_t width) {
    if (left_.size() < width) return fail();
    int value = 0;
    for (const char c : left_.substr(0, width)) {
      if (!digit(c)) return fail();
      value = value * 10 + (c - '0');
    }
    left_.remove_prefix(width);
    return value;
  }
  void literal(std::string_view any_of) {
    if (!next_is(any_of)) return void(fail());
    left_.remove_prefix(1);
  }
  bool next_is(std::string_view any_of) const { return !left_.empty() && std::ranges::count(any_of, left_.front()) != 0; }
  /// 1 to 9 digits as microseconds.
  int fraction() {
    int value = 0;
    std::size_t count = 0;
    for (; count < left_.size() && digit(left_[count]); ++count)
      if (count < 6) value = value * 10 + (left_[count] - '0');
    if (count == 0 || count > 9) return fail();
    left_.remove_prefix(count);
    for (; count < 6; ++count) value *= 10;
    return value;
  }
  bool done() const { return good_ && left_.empty(); }

 private:
  int fail() {
    good_ = false;
    left_ = {};
    return 0;
  }
  std::string_view left_;
  bool good_ = true;
};

}  // namespace

std::optional<Time> parse_date_time(std::string_view text) {
  using namespace std::chrono;
  Scanner scan(text);
  const int y = scan.number(4);
  scan.literal("-");
  const int m = scan.number(2);
  scan.literal("-");
  const int d = scan.number(2);
  scan.literal("Tt");
  const int hour = scan.number(2);
  scan.literal(":");
  const int minute = scan.number(2);
  scan.literal(":");
  const int second = scan.number(2);
  int micro = 0;
  if (scan.next_is(".")) {
    scan.literal(".");
    micro = scan.fraction();
  }
  minutes offset{0};
  if (scan.next_is("Zz")) {
    scan.literal("Zz");
  } else {
    const bool west = scan.next_is("-");
    scan.literal("+-");
    const int hours_off = scan.number(2);
    scan.literal(":");
    const int minutes_off = scan.number(2);
    if (hours_off > 23 || minutes_off > 59) return std::nullopt;
    offset = (west ? -1 : 1) * (hours(hours_off) + minutes(minutes_off));
  }
  const year_month_day date(year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d)));
  if (!scan.done() || !date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return Time(sys_days(date)) + hours(hour) + minutes(minute) + seconds(second) + microseconds(micro) - offset;
}

std::optional<Time> parse_http_date(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  const char* const end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return Time(std::chrono::seconds(timegm(&parts)));
}

}  // namespace milepost::crfconnect
