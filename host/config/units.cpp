#include "host/config/units.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

#include "host/config/words.hpp"

namespace milepost::config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};
constexpr auto kDurations = std::to_array<Unit>(
    {{"w", 604'800'000}, {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}});
constexpr auto kSizes = std::to_array<Unit>({{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}});

/// A whole number in front of a unit. `what` is "a duration", `such_as` what to write instead.
template <class Units>
Result<std::int64_t> quantity(std::string_view text, const Units& units, std::string_view what,
                              std::string_view such_as) {
  const auto wrong = [&](const std::string& why) {
    return fail(ErrorKind::permanent,
                in_quotes(text) + " is not " + std::string(what) + ": " + why + ", such as " + std::string(such_as));
  };
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, number);
  if (fault == std::errc::result_out_of_range) return wrong("the number is too large");
  if (fault != std::errc() || number < 0) return wrong("it begins with a whole number");
  std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  if (unit.empty()) return wrong("it needs a unit");
  if (unit.front() == '.' || unit.front() == ',') return wrong("its number is a whole one");
  if (unit.front() == ' ') unit.remove_prefix(1);
  for (const auto& known : units) {
    if (known.name != unit) continue;
    if (number > std::numeric_limits<std::int64_t>::max() / 1000 / known.factor)
      return wrong("the number is too large");
    return number * known.factor;
  }
  std::string names;
  for (const auto& known : units) names += (names.empty() ? "" : ", ") + std::string(known.name);
  return wrong("the unit is one of " + names);
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto millis = quantity(text, kDurations, "a duration", "10s or 7d");
  if (!millis) return fail(millis.error());
  return std::chrono::milliseconds(*millis);
}

std::string duration_text(std::chrono::milliseconds duration) {
  for (const auto& unit : kDurations)
    if (duration.count() != 0 && duration.count() % unit.factor == 0)
      return std::to_string(duration.count() / unit.factor) + std::string(unit.name);
  return std::to_string(duration.count()) + "s";  // zero of anything
}

Result<std::size_t> parse_size(std::string_view text) {
  const auto bytes = quantity(text, kSizes, "a size", "64 KiB or 1 MiB");
  if (!bytes) return fail(bytes.error());
  return static_cast<std::size_t>(*bytes);
}

std::string size_text(std::size_t bytes) {
  for (const auto& unit : kSizes) {
    const auto factor = static_cast<std::size_t>(unit.factor);
    if (bytes != 0 && bytes % factor == 0) return std::to_string(bytes / factor) + " " + std::string(unit.name);
  }
  return "0 B";
}

Result<Rate> parse_rate(std::string_view text) {
  const auto wrong = [&](const std::string& why) {
    return fail(ErrorKind::permanent, in_quotes(text) + " is not a rate: " + why + ", such as 100 per 10s");
  };
  Rate rate;
  const char* const end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, rate.count);
  if (fault == std::errc::result_out_of_range) return wrong("the number is too large");
  if (fault != std::errc()) return wrong("it begins with a whole number");
  if (rate.count == 0) return wrong("the number is at least 1");
  constexpr std::string_view kPer = " per ";
  const std::string_view rest(stop, static_cast<std::size_t>(end - stop));
  if (!rest.starts_with(kPer)) return wrong("it is a number, the word per, and a duration");
  const auto per = parse_duration(rest.substr(kPer.size()));
  if (!per) return fail(per.error());
  if (per->count() == 0) return wrong("the duration is longer than nothing");
  rate.per = *per;
  return rate;
}

}  // namespace milepost::config
