// Times as vendors write them, in whichever way. Pure.
#pragma once

#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "milepost/event.hpp"
#include "milepost/json.hpp"

namespace milepost {

namespace detail {

/// Reads a text from its front to its end; once something is not there, all that follows is not there either.
class TimeText {
 public:
  explicit TimeText(std::string_view text) : rest_(text) {}
  bool take(std::string_view any) {
    if (!sound_ || rest_.empty() || any.find(rest_[0]) == any.npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(std::string_view any) { sound_ = take(any) && sound_; }
  int number(std::size_t digits) {
    int out = 0;
    sound_ = sound_ && rest_.size() >= digits && rest_[0] != '-';
    if (!sound_) return 0;
    const auto [stop, fault] = std::from_chars(rest_.data(), rest_.data() + digits, out);
    sound_ = fault == std::errc() && stop == rest_.data() + digits;
    rest_.remove_prefix(digits);
    return out;
  }
  std::chrono::microseconds fraction() {
    std::chrono::microseconds out{0};
    for (long long unit = 100'000; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; unit /= 10, rest_.remove_prefix(1))
      out += std::chrono::microseconds((rest_[0] - '0') * unit);
    return out;
  }
  bool at_end() const { return sound_ && rest_.empty(); }
  bool sound() const { return sound_; }

 private:
  std::string_view rest_;
  bool sound_ = true;
};

inline std::optional<Time> read_iso(std::string_view text) {
  using namespace std::chrono;
  if (text.size() > 40) return std::nullopt;
  TimeText in(text);
  const auto y = in.number(4);
  in.expect("-");
  const auto m = in.number(2);
  in.expect("-");
  const auto d = in.number(2);
  const year_month_day date{year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d))};
  if (!in.sound() || !date.ok()) return std::nullopt;
  if (in.at_end()) return Time(sys_days(date));
  in.expect("T ");
  const auto h = in.number(2);
  in.expect(":");
  const auto min = in.number(2);
  const auto s = in.take(":") ? in.number(2) : 0;
  const auto fraction = in.take(".") ? in.fraction() : microseconds(0);
  minutes offset{0};
  if (const bool east = in.take("+"); east || in.take("-")) {
    const auto hours_off = in.number(2);
    in.take(":");
    const auto minutes_off = in.at_end() ? 0 : in.number(2);
    offset = (east ? 1 : -1) * (hours(hours_off) + minutes(minutes_off));
  } else {
    in.take("Z");
  }
  if (!in.at_end() || h > 23 || min > 59 || s > 60) return std::nullopt;
  return Time(sys_days(date).time_since_epoch() + hours(h) + minutes(min) - offset + seconds(s) + fraction);
}

}  // namespace detail

/// An ISO date (its midnight), or date and time (Z, an offset, or none: UTC; a blank may stand for the T), or whole seconds,
/// milliseconds or microseconds since 1970, as a number or a text: up to 10, 13 and 16 digits. nullopt for anything else.
inline std::optional<Time> read_time(const Json& value) {
  const auto text = is_number(value) ? number_text(value) : value.is_string() ? value.get<std::string>() : "";
  if (text.empty()) return std::nullopt;
  if (text.find_first_not_of("0123456789") != text.npos) return detail::read_iso(text);
  long long count = 0;
  const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (text.size() > 16 || fault != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  if (text.size() <= 10) return Time(std::chrono::seconds(count));
  return Time(text.size() <= 13 ? std::chrono::microseconds(std::chrono::milliseconds(count)) : std::chrono::microseconds(count));
}

/// Whole milliseconds since 1970.
inline long long milliseconds_of(Time time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

}  // namespace milepost
