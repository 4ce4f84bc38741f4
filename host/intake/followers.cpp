#include "host/intake/followers.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "host/config/host_events.hpp"
#include "host/config/links.hpp"
#include "host/journal/host_event.hpp"
#include "host/journal/store_error.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/thread_name.hpp"

namespace milepost::intake {
namespace {

using journal::Sequence;
using telemetry::Time;
using namespace std::chrono_literals;

constexpr std::size_t kSlice = 256;       // they share one commit
constexpr auto kAgainAfter = 1s;              // after a commit that failed
constexpr Sequence kKeepAfter = 10'000;  // a place that nothing came of is kept now and then

bool of_the_host(const std::string& type) { return type.starts_with(config::kHostTypes); }

}  // namespace

Following Following::make(const Json& with, std::unique_ptr<Feed> feed) {
  Following out{config::texts(with, "/pipelines"), config::texts(with, "/types"), std::move(feed)};
  // Alerts, most often: then the others' events need not be looked at.
  if (out.pipelines.empty() && !out.types.empty() && std::ranges::all_of(out.types, of_the_host))
    out.pipelines.emplace_back(config::kHostPipeline);
  return out;
}

bool Following::takes(const journal::Event& event) const {
  if (event.pipeline == feed->origin().pipeline) return false;
  if (!pipelines.empty() && std::ranges::find(pipelines, event.pipeline) == pipelines.end()) return false;
  if (types.empty()) return true;
  if (of_the_host(event.type) && event.pipeline != config::kHostPipeline) return false;
  return std::ranges::any_of(types, [&](const auto& type) { return config::type_fits(type, event.type); });
}

namespace {

/// A place as it is stored.
std::optional<Sequence> parse(const std::optional<std::string>& stored) {
  Sequence place = 0;
  const auto text = stored.value_or("");
  if (std::from_chars(text.data(), text.data() + text.size(), place).ec != std::errc()) return std::nullopt;
  return place;
}

}  // namespace

Status Following::begin(Sequence newest) {
  const auto stored = feed->place();
  if (!stored) return fail(stored.error());
  if (parse(*stored)) return {};
  if (auto done = feed->store({}, std::to_string(newest)); !done) return fail(done.error());
  return {};
}

Event followed_event(const journal::Event& event, std::string payload) {
  Event out;
  out.id = event.receipt;
  out.type = event.type;
  out.subject = event.subject;
  out.actor = event.actor;
  out.reason = event.reason;
  out.time = event.time;
  out.payload = Document(std::move(payload));
  return out;
}

/// A source and how far it has come along the journal.
struct Followers::Entry {
  explicit Entry(Following given) : following(std::move(given)) {}

  Following following;
  bool ready = false;  ///< its place is known
  Sequence place = 0, kept = 0;
  Time retry{};

  Status load() {
    const auto stored = following.feed->place();
    if (!stored) return fail(stored.error());
    place = kept = parse(*stored).value_or(0);
    ready = true;
    return {};
  }
  Status keep(Sequence reached) {
    if (auto done = following.feed->store({}, std::to_string(reached)); !done) return fail(done.error());
    place = kept = reached;
    return {};
  }
  /// Takes what is there; true when there may be more.
  Result<bool> step(journal::Store& store) {
    if (!ready)
      if (auto loaded = load(); !loaded) return fail(loaded.error());
    const auto slice = store.accepted(place, following.pipelines, kSlice);
    std::vector<Event> events;
    std::vector<std::string> sources;
    for (const auto& event : slice.events) {
      if (!following.takes(event)) continue;
      auto payload = store.payload(event.sequence);
      if (!payload) continue;  // pruned: it is finished and older than anything should wait here
      events.push_back(followed_event(event, std::move(*payload)));
      const bool alert = (event.pipeline == config::kHostPipeline && !config::host_event::asks(event.type)) || journal::is_alert(event);
      sources.emplace_back(alert ? std::string(journal::kOfAlert) : "events");
    }
    if (!events.empty()) {
      if (auto done = following.feed->store(events, std::to_string(slice.reached), sources); !done)
        return fail(done.error());
      kept = slice.reached;
    } else if (slice.reached >= kept + kKeepAfter) {
      if (auto done = keep(slice.reached); !done) return fail(done.error());
    }
    return std::exchange(place, slice.reached) != slice.reached;
  }
};

Followers::Followers(std::vector<Following> followings, journal::Store& store, telemetry::Clock& clock)
    : store_(store), clock_(clock) {
  for (auto& following : followings) entries_.push_back(std::make_unique<Entry>(std::move(following)));
}
Followers::~Followers() { stop(); }

Status Followers::start() {
  if (!entries_.empty()) {
    try {
      const auto newest = store_.newest();
      for (auto& entry : entries_)
        if (auto begun = entry->following.begin(newest); !begun) return begun;
    } catch (const journal::StoreError& error) {
      return fail(error.error());
    }
  }
  started_ = true;
  go();
  return {};
}

void Followers::go() {
  if (entries_.empty()) return;
  store_.on_events([this](Sequence newest) {
    {
      const std::lock_guard lock(mutex_);
      newest_ = newest;
    }
    changed_.notify_one();
  });
  thread_ = std::jthread([this, here = clock_.attend()](const std::stop_token& stop) { run(stop); });
}

void Followers::stop() {
  started_ = false;
  halt();
}

void Followers::halt() {
  if (!thread_.joinable()) return;
  store_.on_events({});
  thread_.request_stop();
  thread_.join();
  for (auto& entry : entries_)
    if (entry->place != entry->kept) static_cast<void>(entry->keep(entry->place).has_value());
}

void Followers::replace(const std::set<std::string>& pipelines, std::vector<Following> followings) {
  const auto ends = [&](const auto& entry) { return pipelines.contains(entry->following.feed->origin().pipeline); };
  if (followings.empty() && std::ranges::none_of(entries_, ends)) return;
  halt();
  std::erase_if(entries_, ends);
  for (auto& following : followings) entries_.push_back(std::make_unique<Entry>(std::move(following)));
  if (started_) go();
}

void Followers::run(const std::stop_token& stop) {
  telemetry::name_thread("follow");
  Sequence seen = 0;  // newest_ when this round began
  while (!stop.stop_requested()) {
    Time next = Time::max();
    for (auto& entry : entries_) {
      if (stop.stop_requested()) return;
      const Time now = clock_.now();
      if (entry->retry > now) {
        next = std::min(next, entry->retry);
        continue;
      }
      Result<bool> done = false;
      try {
        done = entry->step(store_);
      } catch (const journal::StoreError& error) {
        done = fail(error.error());
      }
      if (done && !*done) continue;
      next = now;
      if (done) continue;
      telemetry::log(telemetry::Level::error, "events.not_stored",
                     {{"pipeline", entry->following.feed->origin().pipeline}, {"reason", done.error().message}});
      entry->retry = next = now + kAgainAfter;
    }
    std::unique_lock lock(mutex_);
    if (next > clock_.now()) clock_.wait_until(lock, changed_, stop, next, [&] { return newest_ != seen; });
    seen = newest_;
  }
}

}  // namespace milepost::intake
