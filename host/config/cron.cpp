#include "host/config/cron.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <span>
#include <string>
#include <vector>

#include "host/config/words.hpp"

namespace milepost::config {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::minutes;
using std::chrono::weekday;
using std::chrono::year_month_day;

constexpr auto kMonths = std::to_array<std::string_view>(
    {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"});
constexpr auto kWeekdays = std::to_array<std::string_view>({"sun", "mon", "tue", "wed", "thu", "fri", "sat"});

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find_first_of(separators, at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace

/// What one field may say.
struct Cron::Rule {
  std::string_view name;
  unsigned least, most;
  std::span<const std::string_view> names = {};  ///< of the values from `least` on

  std::string bounds() const {
    std::string out = std::to_string(least) + " to " + std::to_string(most);
    if (!names.empty()) out += ", or " + std::string(names.front()) + " to " + std::string(names.back());
    return out;
  }
  std::unexpected<Error> wrong(std::string_view part, const std::string& why) const {
    return fail(ErrorKind::permanent, in_quotes(part) + " is no " + std::string(name) + ": " + why);
  }
  Result<unsigned> value(std::string_view part) const {
    if (const auto named = std::ranges::find(names, lower(part)); named != names.end())
      return least + static_cast<unsigned>(named - names.begin());
    unsigned number = 0;
    const auto [stop, fault] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (fault != std::errc() || stop != part.data() + part.size() || number < least || number > most)
      return wrong(part, "it is " + bounds());
    return number;
  }
};

Result<Cron::Field> Cron::parse_field(std::string_view text, const Rule& rule) {
  Field field;
  field.any = text.starts_with('*');
  for (const auto part : split(text, ",")) {
    const auto slash = part.find('/');
    const auto range = part.substr(0, slash);
    unsigned first = rule.least, last = rule.most, step = 1;
    const auto dash = range.find('-');
    if (range != "*") {
      const auto from = rule.value(range.substr(0, dash));
      if (!from) return fail(from.error());
      const auto to = dash == range.npos ? from : rule.value(range.substr(dash + 1));
      if (!to) return fail(to.error());
      first = *from;
      last = *to;
      if (rule.most == 7 && last == 0 && first > 0) last = 7;  // sat-sun
      if (first > last) return rule.wrong(part, "the range runs backwards; write it as two, with a comma");
    }
    if (slash != part.npos) {
      const auto digits = part.substr(slash + 1);
      const auto [stop, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
      if (fault != std::errc() || stop != digits.data() + digits.size() || step == 0 || step > rule.most)
        return rule.wrong(part, "after the / stands a step, a whole number from 1 to " + std::to_string(rule.most));
      if (range != "*" && dash == range.npos)
        return rule.wrong(part, "a step goes over a range; write " + std::string(range) + "-" +
                                    std::to_string(rule.most) + "/" + std::to_string(step));
    }
    for (unsigned value = first; value <= last; value += step)
      field.bits |= std::uint64_t{1} << (rule.most == 7 && value == 7 ? 0 : value);
  }
  return field;
}

Result<Cron> Cron::parse(std::string_view text) {
  static const std::array<Rule, 5> kRules = {{{"minute", 0, 59},
                                              {"hour", 0, 23},
                                              {"day of the month", 1, 31},
                                              {"month", 1, 12, kMonths},
                                              {"day of the week", 0, 7, kWeekdays}}};
  auto fields = split(text, " \t");
  std::erase(fields, "");
  if (fields.size() != kRules.size())
    return fail(ErrorKind::permanent, in_quotes(text) +
                                          " is no cron: it has five fields, minute, hour, day of the month, month and "
                                          "day of the week, as in \"0 7 * * mon-fri\"; found " +
                                          std::to_string(fields.size()));
  Cron cron;
  Field* const into[] = {&cron.minute_, &cron.hour_, &cron.day_, &cron.month_, &cron.weekday_};
  for (std::size_t i = 0; i < kRules.size(); ++i) {
    auto field = parse_field(fields[i], kRules[i]);
    if (!field) return fail(field.error());
    *into[i] = *field;
  }
  if (!cron.next(LocalMinutes(minutes(0))))
    return fail(ErrorKind::permanent, in_quotes(text) + " never comes: no such day is in these months");
  return cron;
}

bool Cron::fits(local_days day) const {
  const year_month_day date(day);
  if (!month_.has(static_cast<unsigned>(date.month()))) return false;
  const bool by_day = day_.has(static_cast<unsigned>(date.day()));
  const bool by_weekday = weekday_.has(weekday(day).c_encoding());
  return day_.any || weekday_.any ? by_day && by_weekday : by_day || by_weekday;
}

std::optional<LocalMinutes> Cron::next(LocalMinutes after) const {
  constexpr days kHorizon{60 * 366};
  const auto from = after + minutes(1);
  auto day = std::chrono::floor<days>(from);
  auto least = static_cast<unsigned>((from - day).count());  // minutes into the day
  for (const auto end = day + kHorizon; day < end; day += days(1), least = 0) {
    if (!fits(day)) continue;
    for (unsigned hour = least / 60; hour < 24; ++hour) {
      if (!hour_.has(hour)) continue;
      const auto left = hour == least / 60 ? minute_.bits >> (least % 60) << (least % 60) : minute_.bits;
      if (left != 0) return day + hours(hour) + minutes(std::countr_zero(left));
    }
  }
  return std::nullopt;
}

}  // namespace milepost::config
