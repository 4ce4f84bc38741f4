#include "host/intake/admission.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "host/config/units.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::intake {

namespace {

using namespace std::chrono_literals;

constexpr auto kEvery = 1s;
/// Once a limit is reached, it has to be left by this part before more may come in: no swinging to and fro.
constexpr double kMargin = 0.02;

constexpr const char* kLimitNames[] = {"", "store_failing", "store", "free", "backlog"};

/// "20.0 GiB".
std::string bytes(std::uint64_t size) {
  constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto number = static_cast<double>(size);
  std::size_t unit = 0;
  for (; number >= 1024 && unit + 1 < std::size(units); ++unit) number /= 1024;
  return unit == 0 ? fmt::format("{} B", size) : fmt::format("{:.1f} {}", number, units[unit]);
}

std::string span(std::chrono::milliseconds time) {
  return config::duration_text(std::chrono::duration_cast<std::chrono::seconds>(time));
}

}  // namespace

Admission::Admission(const journal::Store& store, const telemetry::Clock& clock, AdmissionLimits limits,
                     std::function<bool(const std::string& pipeline)> runs)
    : store_(store), clock_(clock), limits_(limits), runs_(std::move(runs)) {}

Admission::~Admission() = default;

void Admission::start() {
  look();
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Admission::run(const std::stop_token& stop) {
  // In the disk's time, however fast or slow the host's clock runs.
  std::mutex unused;
  std::unique_lock lock(unused);
  while (!changed_.wait_for(lock, stop, kEvery, [] { return false; }) && !stop.stop_requested()) look();
}

Admission::Limit Admission::reached(const journal::Store::Usage& usage, std::chrono::microseconds waiting) const {
  const auto margin = [this](Limit limit) { return limit_ == limit ? kMargin : 0.0; };
  const auto part = [](auto limit, double factor) { return static_cast<double>(limit) * factor; };
  if (limits_.free != 0 && static_cast<double>(usage.free) < part(limits_.free, 1 + margin(Limit::free)))
    return Limit::free;
  if (limits_.store != 0 && static_cast<double>(usage.used()) > part(limits_.store, 1 - margin(Limit::store)))
    return Limit::store;
  const std::chrono::microseconds most = limits_.backlog;
  if (most.count() != 0 && static_cast<double>(waiting.count()) > part(most.count(), 1 - margin(Limit::backlog)))
    return Limit::backlog;
  return Limit::none;
}

void Admission::look() {
  if (const auto health = store_.health(); !health.ok) {
    return decide(Limit::store_failing,
                  {"the store fails: " + health.message,
                   "make room on its disk, or repair it; the host tries again each second and goes on by itself"});
  }
  try {
    const auto usage = store_.usage();
    const auto backlog = store_.backlog(behind_, runs_);
    behind_ = backlog.after;
    const auto waiting = backlog.since ? std::max(clock_.now() - *backlog.since, 0us) : 0us;
    const auto gauge = [](const char* part, std::uint64_t value) {
      telemetry::gauge("milepost_store_bytes", {{"part", part}}, static_cast<double>(value));
    };
    gauge("file", usage.file);
    gauge("wal", usage.wal);
    gauge("reusable", usage.reusable);
    telemetry::gauge("milepost_disk_free_bytes", {}, static_cast<double>(usage.free));
    telemetry::gauge("milepost_backlog_seconds", {}, std::chrono::duration<double>(waiting).count());

    const Limit limit = reached(usage, waiting);
    switch (limit) {
      case Limit::free:
        return decide(limit, {bytes(usage.free) + " are free on the store's disk, " + bytes(limits_.free) +
                                  " are to stay free (limits.free)",
                              "make room on the disk, or lower limits.free"});
      case Limit::store:
        return decide(limit, {bytes(usage.used()) + " are in use in the store, " + bytes(limits_.store) +
                                  " may be (limits.store)",
                              "raise limits.store, or keep finished events for a shorter time (retention.events)"});
      case Limit::backlog:
        return decide(
            limit,
            {"an event has waited " + span(std::chrono::duration_cast<std::chrono::milliseconds>(waiting)) +
                 " for its turn, " + config::duration_text(limits_.backlog) + " are allowed (limits.backlog)",
             "see which connection is slow (milepost_action_seconds), raise its limit, or raise limits.backlog"});
      default:
        return decide(Limit::none, {});
    }
  } catch (const std::exception& error) {
    decide(Limit::store_failing, {std::string("the store cannot be read: ") + error.what(), "repair its disk"});
  }
}

void Admission::decide(Limit limit, Verdict verdict) {
  {
    const std::lock_guard lock(mutex_);
    verdict_ = std::move(verdict);
  }
  const Limit before = limit_.exchange(limit);
  if (limit == before) return;
  for (const auto& [at, value] : {std::pair(before, 0), {limit, 1}})
    if (at != Limit::none) telemetry::gauge("milepost_intake_closed", {{"limit", kLimitNames[static_cast<int>(at)]}}, value);
  if (limit == Limit::none)
    telemetry::log(telemetry::Level::info, "intake.open");
  else
    telemetry::log(telemetry::Level::error, "intake.closed", {{"cause", verdict_.cause}, {"remedy", verdict_.remedy}});
}

Admission::Verdict Admission::verdict() const {
  const std::lock_guard lock(mutex_);
  return verdict_;
}

std::string Admission::refusal() const {
  switch (limit_.load()) {
    case Limit::none:
      return "";
    case Limit::backlog:
      return "The host is behind with what it has. Send the delivery again later.";
    default:
      return "There is no room in the store. Send the delivery again later.";
  }
}

}  // namespace milepost::intake
