// Times as HubSpot writes them: milliseconds, as a number or as text, or ISO. Pure.
#pragma once

#include <charconv>
#include <chrono>
#include <optional>
#include <string_view>

#include "milepost/event.hpp"
#include "plugins/hubspot/names.hpp"

namespace milepost::hubspot {

namespace detail {

/// "2026-11-02T09:00:00.120Z", also with an offset, without seconds, or with a blank in place of the T. UTC when it
/// names no zone.
inline std::optional<Time> iso(std::string_view text) {
  using namespace std::chrono;
  bool sound = text.size() >= 16 && text.size() <= 40;
  const auto number = [&](std::size_t at, std::size_t size) {
    int out = 0;
    if (at + size > text.size()) return sound = false, 0;
    const auto [stop, fault] = std::from_chars(text.data() + at, text.data() + at + size, out);
    sound = sound && fault == std::errc() && stop == text.data() + at + size && text[at] != '-';
    return out;
  };
  const auto is = [&](std::size_t at, std::string_view any) {
    return at < text.size() && any.find(text[at]) != any.npos;
  };
  const year_month_day date{year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                            day(static_cast<unsigned>(number(8, 2)))};
  auto since = hours(number(11, 2)) + minutes(number(14, 2)) + microseconds(0);
  if (!sound || !date.ok() || !is(4, "-") || !is(7, "-") || !is(10, "T ") || !is(13, ":")) return std::nullopt;
  std::size_t at = 16;
  if (is(at, ":")) {
    since += seconds(number(17, 2));
    at = 19;
    if (is(at, "."))
      for (long long unit = 100'000; is(++at, "0123456789"); unit /= 10) since += microseconds((text[at] - '0') * unit);
  }
  if (sound && is(at, "+-")) {
    const bool colon = is(at + 3, ":");
    const auto offset = hours(number(at + 1, 2)) + minutes(at + 3 < text.size() ? number(at + (colon ? 4 : 3), 2) : 0);
    since -= text[at] == '-' ? -offset : offset;
  } else if (at != text.size() && !(is(at, "Z") && at + 1 == text.size())) {
    return std::nullopt;
  }
  if (!sound || since > hours(48)) return std::nullopt;
  return Time(sys_days(date).time_since_epoch() + since);
}

}  // namespace detail

/// nullopt for what is no time.
inline std::optional<Time> read_time(const Json& value) {
  const auto text = scalar_text(value).value_or("");
  if (text.find_first_not_of("0123456789") != text.npos) return detail::iso(text);
  long long count = 0;
  const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
  // Ten digits are seconds until 2286, thirteen milliseconds.
  if (text.empty() || text.size() > 14 || fault != std::errc()) return std::nullopt;
  return Time(text.size() <= 10 ? std::chrono::seconds(count) : std::chrono::milliseconds(count));
}

inline long long milliseconds_of(Time time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

}  // namespace milepost::hubspot
