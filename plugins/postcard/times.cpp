#include "plugins/postcard/times.hpp"

#include <charconv>
#include <cstdio>

namespace milepost::postcard {
namespace {

using namespace std::chrono;

bool number_in(std::string_view text, std::size_t at, std::size_t size, int& out) {
  if (at + size > text.size()) return false;
  const auto [stop, fault] = std::from_chars(text.data() + at, text.data() + at + size, out);
  return fault == std::errc() && stop == text.data() + at + size;
}

/// "+05:30", "-0500", "Z" or nothing.
std::optional<minutes> read_zone(std::string_view zone) {
  if (zone.empty() || zone == "Z") return minutes(0);
  int hours_off = 0, minutes_off = 0;
  if ((zone[0] != '+' && zone[0] != '-') || !number_in(zone, 1, 2, hours_off)) return std::nullopt;
  const std::size_t rest = zone.size() > 3 && zone[3] == ':' ? 4 : 3;
  if (zone.size() > 3 && !number_in(zone, rest, 2, minutes_off)) return std::nullopt;
  return (zone[0] == '-' ? -1 : 1) * (hours(hours_off) + minutes(minutes_off));
}

std::optional<Time> read_iso(std::string_view text) {
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  if (text.size() < 10 || text.size() > 40 || !number_in(text, 0, 4, y) || text[4] != '-' ||
      !number_in(text, 5, 2, mo) || text[7] != '-' || !number_in(text, 8, 2, d))
    return std::nullopt;
  const year_month_day date{year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
  if (!date.ok()) return std::nullopt;
  if (text.size() == 10) return Time(sys_days(date));
  if ((text[10] != 'T' && text[10] != ' ') || !number_in(text, 11, 2, h) || text.size() < 16 || text[13] != ':' ||
      !number_in(text, 14, 2, mi))
    return std::nullopt;
  std::size_t at = 16;
  microseconds fraction{0};
  if (at < text.size() && text[at] == ':') {
    if (!number_in(text, 17, 2, s)) return std::nullopt;
    at = 19;
    if (at < text.size() && text[at] == '.')
      for (long long unit = 100'000; ++at < text.size() && text[at] >= '0' && text[at] <= '9'; unit /= 10)
        fraction += microseconds((text[at] - '0') * unit);
  }
  const auto zone = read_zone(text.substr(at));
  if (!zone || h > 23 || mi > 59 || s > 60) return std::nullopt;
  return Time(sys_days(date).time_since_epoch() + hours(h) + minutes(mi) - *zone + seconds(s) + fraction);
}

}  // namespace

std::optional<Time> read_time(const Json& value) {
  const auto text = is_number(value) ? number_text(value) : value.is_string() ? value.get<std::string>() : "";
  if (text.empty()) return std::nullopt;
  if (text.find_first_not_of("0123456789") != text.npos) return read_iso(text);
  long long count = 0;
  const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (fault != std::errc() || stop != text.data() + text.size() || text.size() > 16) return std::nullopt;
  if (text.size() <= 10) return Time(seconds(count));
  return Time(text.size() <= 13 ? microseconds(milliseconds(count)) : microseconds(count));
}

std::string day_text(Time time) {
  const year_month_day day(floor<days>(time));
  char out[16];
  std::snprintf(out, sizeof out, "%04d-%02u-%02u", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                static_cast<unsigned>(day.day()));
  return out;
}

}  // namespace milepost::postcard
