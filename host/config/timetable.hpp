// A cron text on the wall clock of a place: instants. Zones are IANA names, from the machine's tzdata.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "host/config/cron.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::config {

/// A place's wall clock. A value; cheap to copy. [any]
class Zone {
 public:
  /// "America/New_York", "UTC". `permanent` names the nearest that is known.
  static Result<Zone> find(const std::string& name);

  const std::string& name() const { return name_; }
  std::chrono::local_time<std::chrono::microseconds> local(telemetry::Time time) const;
  /// When the clock there shows this. Where it never does (the clock is put forward over it): the moment the gap ends.
  /// Where it does twice: the first time.
  telemetry::Time instant(std::chrono::local_seconds local) const;
  /// When the next day begins there.
  telemetry::Time next_midnight(telemetry::Time after) const;
  /// "2026-11-20T07:00:00-05:00".
  std::string text(telemetry::Time time) const;

 private:
  Zone(std::string name, const void* data) : name_(std::move(name)), data_(data) {}
  std::string name_;
  const void* data_;  ///< the zone library's, kept until the process ends
};

class Timetable {
 public:
  /// Errors as of Cron::parse and Zone::find.
  static Result<Timetable> make(const std::string& cron, const std::string& zone);

  /// The first instant after `after`. Times within a gap of the clock share the moment it ends; a time that the clock
  /// shows twice counts once. [any]
  telemetry::Time next(telemetry::Time after) const;
  const Zone& zone() const { return zone_; }
  const std::string& cron() const { return text_; }

 private:
  Timetable(std::string text, Cron cron, Zone zone) : text_(std::move(text)), cron_(cron), zone_(std::move(zone)) {}
  std::string text_;
  Cron cron_;
  Zone zone_;
};

}  // namespace milepost::config
