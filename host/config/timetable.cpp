#include "host/config/timetable.hpp"

#include <date/tz.h>
#include <fmt/format.h>

#include <vector>

#include "host/config/words.hpp"

namespace milepost::config {
namespace {

using telemetry::Time;

const date::time_zone& zone_of(const void* data) { return *static_cast<const date::time_zone*>(data); }

}  // namespace

Result<Zone> Zone::find(const std::string& name) {
  try {
    const auto& known = date::get_tzdb().zones;
    for (const auto& zone : known)
      if (zone.name() == name) {
        zone.get_info(date::sys_seconds());  // reads its file, which may be damaged
        return Zone(name, &zone);
      }
    std::vector<std::string> names;
    for (const auto& zone : known) names.push_back(zone.name());
    return fail(ErrorKind::permanent,
                in_quotes(name) + " is no time zone" + did_you_mean(name, names) +
                    (nearest(name, names).empty() ? "; write it as America/New_York or UTC" : ""));
  } catch (const std::exception& error) {
    return fail(ErrorKind::permanent, std::string("the time zones of this machine cannot be read (") + error.what() +
                                          "): install its tzdata");
  }
}

std::chrono::local_time<std::chrono::microseconds> Zone::local(Time time) const {
  const auto info = zone_of(data_).get_info(date::floor<std::chrono::seconds>(time));
  return std::chrono::local_time<std::chrono::microseconds>(time.time_since_epoch() + info.offset);
}

Time Zone::instant(std::chrono::local_seconds local) const {
  const auto info = zone_of(data_).get_info(date::local_seconds(local.time_since_epoch()));
  if (info.result == date::local_info::nonexistent) return info.first.end;
  return Time(local.time_since_epoch() - info.first.offset);
}

Time Zone::next_midnight(Time after) const {
  return instant(std::chrono::floor<std::chrono::days>(local(after)) + std::chrono::days(1));
}

std::string Zone::text(Time time) const {
  const auto info = zone_of(data_).get_info(date::floor<std::chrono::seconds>(time));
  const auto there = telemetry::to_text(time + info.offset);  // its Z is not ours
  const auto offset = std::chrono::duration_cast<std::chrono::minutes>(info.offset).count();
  return fmt::format("{}{}{:02}:{:02}", there.substr(0, 19), offset < 0 ? '-' : '+', std::abs(offset) / 60,
                     std::abs(offset) % 60);
}

Result<Timetable> Timetable::make(const std::string& cron, const std::string& zone) {
  auto parsed = Cron::parse(cron);
  if (!parsed) return fail(parsed.error());
  auto found = Zone::find(zone);
  if (!found) return fail(found.error());
  return Timetable(cron, *parsed, std::move(*found));
}

Time Timetable::next(Time after) const {
  // The wall clock only runs back where it is put back: what it shows again there is found to lie before `after`, and
  // passed over.
  auto shown = std::chrono::floor<std::chrono::minutes>(zone_.local(after));
  for (;;) {
    const auto fitting = cron_.next(shown);
    if (!fitting) return Time::max();
    const auto instant = zone_.instant(*fitting);
    if (instant > after) return instant;
    shown = *fitting;
  }
}

}  // namespace milepost::config
