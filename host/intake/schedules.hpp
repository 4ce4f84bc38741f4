// The `schedule` and `loans` sources of all pipelines: one thread that waits for the next time that one of them names.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "host/config/timetable.hpp"
#include "host/intake/feed.hpp"
#include "host/intake/sweep.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::intake {

/// One schedule source of one pipeline.
struct Schedule {
  /// What becomes of times that passed without an event, since the host was down or the machine asleep: the last of
  /// them runs (as one with nothing missed would), each of them runs, or none does that is more than a minute late.
  enum class Missed { latest, all, skip };

  /// From the checked settings: {"cron", "zone", "missed"}.
  static Result<Schedule> make(const Json& with, std::unique_ptr<Feed> feed);

  config::Timetable times;
  Missed missed = Missed::latest;
  std::shared_ptr<const Sweep> sweep;  ///< of a `loans` source: what each time brings; nullptr: one event, of the time
  std::unique_ptr<Feed> feed;  ///< never null
};

/// The event of one time: its id is the instant, so that no time runs twice, whatever is restarted or set back.
/// Payload:
/// {"at": UTC, "local_time": there, "date": there, "zone", "cron", "missed": how many times before it were passed over}.
Event scheduled_event(const std::string& pipeline, const config::Timetable& times, telemetry::Time at,
                      std::size_t missed);

class Schedules {
 public:
  Schedules(std::vector<Schedule> schedules, telemetry::Clock& clock);
  ~Schedules();

  void start();
  void stop();  ///< Idempotent. What is being stored is stored.
  /// Those of `pipelines` end, and `schedules` begin; the others go on as they were. Not beside start() and stop().
  void replace(const std::set<std::string>& pipelines, std::vector<Schedule> schedules);

 private:
  struct Entry;
  void go();
  void halt();
  void run(const std::stop_token& stop);

  std::vector<std::unique_ptr<Entry>> entries_;
  telemetry::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool started_ = false;
  std::jthread thread_;
};

}  // namespace milepost::intake
