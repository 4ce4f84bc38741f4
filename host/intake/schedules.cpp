#include "host/intake/schedules.hpp"

#include <algorithm>
#include <utility>

#include "host/telemetry/log.hpp"
#include "host/telemetry/thread_name.hpp"

namespace milepost::intake {
namespace {

using telemetry::Time;
using namespace std::chrono_literals;

constexpr auto kOnTime = 1min;  // what `skip` takes for not missed
constexpr auto kRetry = 1s;     // after a commit that failed
constexpr auto kLook = 1h;      // the clock may be set while the thread waits
constexpr auto kSetBack = 1h;   // from here on the clock was set, below it was corrected
constexpr std::size_t kMostAtOnce = 256;

}  // namespace

Result<Schedule> Schedule::make(const Json& with, std::unique_ptr<Feed> feed) {
  auto times = config::Timetable::make(get<std::string>(with, "/cron").value_or(""),
                                       get<std::string>(with, "/zone").value_or(""));
  if (!times) return fail(times.error());
  const auto missed = get<std::string>(with, "/missed").value_or("latest");
  return Schedule{std::move(*times),
                  missed == "all"    ? Missed::all
                  : missed == "skip" ? Missed::skip
                                     : Missed::latest,
                  nullptr,
                  std::move(feed)};
}

Event scheduled_event(const std::string& pipeline, const config::Timetable& times, Time at, std::size_t missed) {
  const auto& zone = times.zone();
  const auto local = zone.text(at);
  Event event;
  event.id = telemetry::to_text(at);
  event.type = "schedule";
  // As of any record that no loan is linked to: its own subject, so one run follows the other.
  event.subject = "milepost:schedule:" + pipeline;
  event.time = at;
  event.payload = Document(text(Json{{"at", event.id},
                                     {"local_time", local},
                                     {"date", local.substr(0, 10)},
                                     {"zone", zone.name()},
                                     {"cron", times.cron()},
                                     {"missed", missed}}));
  return event;
}

/// A schedule and how far it has come: every time up to `done` has its event, or was passed over.
struct Schedules::Entry {
  explicit Entry(Schedule given) : schedule(std::move(given)) {}

  Schedule schedule;
  bool ready = false;  ///< its place is known
  Time done{}, next{};
  Time retry{};
  std::size_t passed = 0;  ///< times since the last event that have none
  std::optional<Time> sweeping;  ///< the time whose loans are being brought,
  std::string after;             ///< and the last of them that is stored

  const std::string& pipeline() const { return schedule.feed->origin().pipeline; }
  std::string place() const {
    Json out{{"cron", schedule.times.cron()}, {"zone", schedule.times.zone().name()}, {"at", telemetry::to_text(done)}};
    if (sweeping) {
      out["sweep"] = telemetry::to_text(*sweeping);
      out["after"] = after;
    }
    return text(out);
  }
  Time due() const { return ready && !sweeping ? std::max(next, retry) : retry; }

  Status step(Time now) {
    if (!ready)
      if (auto loaded = load(now); !loaded) return loaded;
    if (done > now + kSetBack) {
      // What had its event keeps it, by its id; otherwise nothing would run until the clock has caught up.
      telemetry::log(telemetry::Level::warn, "schedule.clock_set_back", {{"pipeline", pipeline()}});
      done = now;
      if (auto kept = schedule.feed->store({}, place()); !kept) return fail(kept.error());
      next = schedule.times.next(now);
    }
    if (!sweeping && next <= now)
      if (auto begun = run(now); !begun) return begun;
    return sweeping ? sweep() : Status();
  }

  /// A page of a time's loans, with the place after it. A sweep that is cut off goes on where it stood.
  Status sweep() {
    auto page = schedule.sweep->page(*sweeping, after);
    if (!page) return fail(page.error());
    const auto at = *sweeping;
    const auto before = std::exchange(after, page->next);
    if (page->last) sweeping.reset();
    if (const auto stored = schedule.feed->store(page->events, place()); !stored) {
      sweeping = at;
      after = before;
      return fail(stored.error());
    }
    return {};
  }

  /// The stored place. A schedule that is new, or says another time than it did, begins now: an edit makes up for
  /// nothing.
  Status load(Time now) {
    const auto stored = schedule.feed->place();
    if (!stored) return fail(stored.error());
    const auto place = *stored ? read_json(**stored).value_or(nullptr) : Json(nullptr);
    const bool same = get<std::string>(place, "/cron").value_or("") == schedule.times.cron() &&
                      get<std::string>(place, "/zone").value_or("") == schedule.times.zone().name() &&
                      telemetry::from_text(get<std::string>(place, "/at").value_or(""), done);
    Time swept{};
    if (same && schedule.sweep != nullptr && telemetry::from_text(get<std::string>(place, "/sweep").value_or(""), swept)) {
      sweeping = swept;
      after = get<std::string>(place, "/after").value_or("");
    }
    if (!same) {
      done = now;
      if (const auto kept = schedule.feed->store({}, this->place()); !kept) return fail(kept.error());
    }
    next = schedule.times.next(done);
    ready = true;
    return {};
  }

  /// Stores what has come due. More may be: then next is not after `now`.
  Status run(Time now) {
    std::vector<Event> events;
    Time last = done, upcoming = next;
    std::size_t without = passed;
    for (std::size_t looked = 0; upcoming <= now && looked < 100 * kMostAtOnce && events.size() < kMostAtOnce;
         ++looked) {
      const Time at = std::exchange(upcoming, schedule.times.next(upcoming));
      last = at;
      const bool latest = upcoming > now;
      const bool wanted = schedule.missed == Schedule::Missed::all || latest;
      const bool runs = wanted && (schedule.missed != Schedule::Missed::skip || now - at <= kOnTime);
      if (runs && schedule.sweep != nullptr) {
        sweeping = at;
        after.clear();
      } else if (runs)
        events.push_back(scheduled_event(pipeline(), schedule.times, at, std::exchange(without, 0)));
      else
        ++without;
    }
    std::swap(done, last);
    if (const auto stored = schedule.feed->store(events, place()); !stored) {
      done = last;
      sweeping.reset();
      return fail(stored.error());
    }
    next = upcoming;
    passed = without;
    return {};
  }
};

Schedules::Schedules(std::vector<Schedule> schedules, telemetry::Clock& clock) : clock_(clock) {
  for (auto& schedule : schedules) entries_.push_back(std::make_unique<Entry>(std::move(schedule)));
}
Schedules::~Schedules() { stop(); }

void Schedules::start() {
  started_ = true;
  go();
}

void Schedules::go() {
  if (!entries_.empty()) thread_ = std::jthread([this, here = clock_.attend()](const std::stop_token& stop) { run(stop); });
}

void Schedules::stop() {
  started_ = false;
  halt();
}

void Schedules::halt() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  changed_.notify_all();
  thread_.join();
}

void Schedules::replace(const std::set<std::string>& pipelines, std::vector<Schedule> schedules) {
  const auto ends = [&](const auto& entry) { return pipelines.contains(entry->pipeline()); };
  if (schedules.empty() && std::ranges::none_of(entries_, ends)) return;
  halt();
  std::erase_if(entries_, ends);
  for (auto& schedule : schedules) entries_.push_back(std::make_unique<Entry>(std::move(schedule)));
  if (started_) go();
}

void Schedules::run(const std::stop_token& stop) {
  telemetry::name_thread("schedule");
  while (!stop.stop_requested()) {
    const Time now = clock_.now();
    for (auto& entry : entries_) {
      if (stop.stop_requested()) return;
      if (entry->retry > now) continue;
      const auto done = entry->step(now);
      if (done) continue;
      telemetry::log(telemetry::Level::error, "schedule.not_stored",
                     {{"pipeline", entry->pipeline()}, {"reason", done.error().message}});
      entry->retry = now + kRetry;
    }
    Time next = now + kLook;
    for (const auto& entry : entries_) next = std::min(next, entry->due());
    std::unique_lock lock(mutex_);
    clock_.wait_until(lock, changed_, stop, next, [&] { return clock_.now() + kSetBack < now; });
  }
}

}  // namespace milepost::intake
