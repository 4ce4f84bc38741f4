#include "host/journal/pruner.hpp"

#include <algorithm>

#include "host/journal/known_ids.hpp"
#include "host/journal/rows.hpp"
#include "host/journal/store_state.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/metrics.hpp"
#include "host/telemetry/thread_name.hpp"

namespace milepost::journal {

namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kEvery = 1min;
constexpr Time::duration kLongestWalk = 24h;
constexpr auto kJump = 1h;   // the clock went further than this within kEvery: it was set, or the machine slept
constexpr auto kStep = 5ms;  // of the writer's time, in one commit
constexpr int kShare = 4;    // of all time, a step has one part in so many
constexpr std::size_t kPage = 256;
constexpr std::size_t kIdentityPage = 2000;
constexpr std::size_t kMostSubjects = 10'000;

/// How long after its beginning a walk begins again.
Time::duration walk_again(std::chrono::milliseconds age) { return std::min<Time::duration>(kLongestWalk, age / 8); }

/// Runs a DELETE; its rows are counted as `what`.
template <class... Values>
void remove(sqlite::Connection& connection, Pruner::Gone& gone, const char* what, std::string_view sql,
            const Values&... values) {
  connection.run(sql, values...);
  gone[what] += connection.changes();
}

/// A finished event. The transaction's own look decides: it may have been opened again since it was found.
void remove_event(sqlite::Connection& connection, Pruner::Gone& gone, Sequence event) {
  {
    auto row = connection.query(
        "SELECT 1 FROM events WHERE sequence = ? AND state = 4 AND sequence < (SELECT max(sequence) FROM events)",
        event);
    if (!row.next()) return;
  }
  remove(connection, gone, "payloads", "DELETE FROM payloads WHERE event = ?", event);
  {
    // An older one of its lane that is not finished may still have to learn that it is superseded.
    auto row = connection.query(
        "SELECT 1 FROM events this WHERE this.sequence = ? AND (EXISTS (SELECT 1 FROM events older INDEXED BY events_open "
        "WHERE state = 0 AND older.pipeline = this.pipeline AND older.lane = this.lane AND older.sequence < this.sequence) "
        "OR EXISTS (SELECT 1 FROM events older INDEXED BY events_released WHERE state BETWEEN 1 AND 3 "
        "AND older.pipeline = this.pipeline AND older.lane = this.lane AND older.sequence < this.sequence))",
        event);
    if (row.next()) return;
  }
  // The holder of a `once` key keeps its answer for ever: who comes later is skipped with it.
  remove(connection, gone, "effects",
         "DELETE FROM effects WHERE event = ?1 AND step NOT IN (SELECT step FROM once WHERE event = ?1)", event);
  connection.run(
      "INSERT INTO identities (sequence, hash, id, pipeline, revision, receipt, payload_digest, seen_at) "
      "SELECT sequence, hash, id, pipeline, revision, receipt, payload_digest, accepted_at FROM events WHERE sequence = ? AND hash IS NOT NULL",
      event);
  remove(connection, gone, "events", "DELETE FROM events WHERE sequence = ?", event);
}

/// Parts of KnownIds in which no id is left.
static_assert(KnownIds::kPartBits == 17);
constexpr const char* kForgetParts =
    "DELETE FROM known_ids WHERE part < (SELECT min(first) >> 17 FROM (SELECT min(sequence) AS first FROM identities UNION ALL SELECT min(sequence) FROM events))";

}  // namespace

Pruner::Pruner(Store& store, telemetry::Clock& clock, Retention retention)
    : store_(store), clock_(clock), retention_(retention) {}

Pruner::~Pruner() = default;

void Pruner::start() {
  paced_ = true;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Pruner::run(const std::stop_token& stop) {
  telemetry::name_thread("prune");
  std::unique_lock lock(mutex_);
  Time not_before = clock_.now();
  for (Time last = clock_.now(); !stop.stop_requested(); last = clock_.now()) {
    clock_.wait_until(lock, changed_, stop, last + kEvery, [] { return false; });
    if (stop.stop_requested()) return;
    // A clock that was set wrong must not age the whole store at once: there is time to put it right.
    const Time now = clock_.now();
    if (now - last > kJump) {
      not_before = now + kJump;
      telemetry::log(telemetry::Level::warn, "retention.clock_jumped", {{"resumes", telemetry::to_text(not_before)}});
    }
    if (now < not_before && not_before - now <= kJump) continue;
    lock.unlock();
    pass(stop);
    lock.lock();
  }
}

bool Pruner::pass(const std::stop_token& stop) {
  try {
    return prune_events(stop) && prune_loans(stop) && prune_identities(stop);
  } catch (const StoreError& error) {
    telemetry::log(telemetry::Level::warn, "retention.failed", {{"reason", error.error().message}});
    return false;
  }
}

bool Pruner::in_steps(const std::stop_token& stop, std::size_t count, const Remove& remove_one) {
  for (std::size_t at = 0; at < count;) {
    std::size_t reached = at;
    steady_clock::duration took{};
    Gone gone;
    const Status done = store_.run([&](Writer& writer) {
      const auto began = steady_clock::now();
      gone.clear();
      for (reached = at; reached < count && (reached == at || steady_clock::now() - began < kStep); ++reached)
        remove_one(*writer.transaction_.connection, gone, reached);
      took = steady_clock::now() - began;
    });
    if (!done) {
      telemetry::log(telemetry::Level::warn, "retention.failed", {{"reason", done.error().message}});
      return false;
    }
    at = reached;
    for (const auto& [what, rows] : gone) telemetry::count("milepost_pruned_total", {{"what", what}}, rows);
    if (!rest(stop, took)) return false;
  }
  return true;
}

bool Pruner::rest(const std::stop_token& stop, steady_clock::duration after) {
  if (stop.stop_requested()) return false;
  if (!paced_) return true;
  // The disk's time and not the host's: however fast or slow its clock runs.
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, after * (kShare - 1) + 1ms, [] { return false; });
  return !stop.stop_requested();
}

bool Pruner::prune_events(const std::stop_token& stop) {
  if (!retention_.events) return true;
  const Time now = clock_.now();
  if (now - events_walk_began_ >= walk_again(*retention_.events) || now < events_walk_began_) {
    events_after_ = 0;
    events_walk_began_ = now;
  }
  for (bool last = false; !last;) {
    auto page = old_events(now - *retention_.events);
    last = page.last;
    const auto remove_one = [&](sqlite::Connection& connection, Gone& gone, std::size_t at) {
      remove_event(connection, gone, page.old[at]);
    };
    if (!in_steps(stop, page.old.size(), remove_one)) return false;
    if (subjects_.size() >= kMostSubjects && !prune_loans(stop)) return false;
    if (page.old.empty() && !rest(stop, 0ms)) return false;
  }
  return true;
}

/// The next page of the walk, which goes in the order of acceptance up to the first page that has only young ones: a
/// single stamp from when the clock was wrong neither ends the walk nor lets an event go early.
Pruner::Page Pruner::old_events(Time cutoff) {
  Page page{.old = {}, .last = true};
  const Time now = clock_.now();
  const auto reader = store_.state_->readers.take();
  auto row = reader->query(
      "SELECT sequence, accepted_at, state, subject, sequence = (SELECT max(sequence) FROM events), "
      "EXISTS (SELECT 1 FROM effects WHERE event = sequence AND ended_at >= ?) "
      "FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?",
      cutoff, events_after_, kPage);
  std::size_t rows = 0;
  while (row.next()) {
    ++rows;
    const Time accepted = row.time(1);
    const bool from_the_future = accepted > now + kJump;
    if (accepted >= cutoff && !from_the_future) continue;
    page.last = false;
    events_after_ = static_cast<Sequence>(row.integer(0));
    const bool finished = row.integer(2) == static_cast<int>(EventState::done);
    const bool newest = row.integer(4) != 0, touched_since = row.integer(5) != 0;
    if (from_the_future || !finished || newest || touched_since) continue;
    page.old.push_back(events_after_);
    if (!row.text(3).empty()) subjects_.emplace(row.text(3));
  }
  if (rows < kPage) page.last = true;
  return page;
}

bool Pruner::prune_loans(const std::stop_token& stop) {
  while (!subjects_.empty()) {
    const auto began = steady_clock::now();
    std::vector<std::pair<std::string, std::int64_t>> revisions;
    auto subject = subjects_.begin();
    for (; subject != subjects_.end() && revisions.size() < kPage && steady_clock::now() - began < kStep; ++subject)
      for (const auto revision : old_revisions(*subject)) revisions.emplace_back(*subject, revision);
    const auto remove_one = [&](sqlite::Connection& connection, Gone& gone, std::size_t at) {
      remove(connection, gone, "loan_revisions", "DELETE FROM loans WHERE subject = ? AND revision = ?",
             revisions[at].first, revisions[at].second);
    };
    if (!in_steps(stop, revisions.size(), remove_one)) return false;
    subjects_.erase(subjects_.begin(), subject);
  }
  return true;
}

/// Neither the latest, nor named by an event, nor written by one that is there; and the one after it is as old: an
/// event that has just begun with it, and is not yet written down, cannot be.
std::vector<std::int64_t> Pruner::old_revisions(const std::string& subject) {
  std::vector<std::int64_t> found;
  const auto reader = store_.state_->readers.take();
  auto row = reader->query(
      "SELECT revision FROM (SELECT revision, event, lead(event) OVER (ORDER BY revision) AS successor "
      "FROM loans WHERE subject = ?1) WHERE successor IS NOT NULL "
      "AND NOT EXISTS (SELECT 1 FROM events WHERE sequence IN (event, successor)) "
      "AND revision NOT IN (SELECT loan_revision FROM events WHERE loan_revision IS NOT NULL AND sequence IN "
      MILEPOST_OF_SUBJECT("events", "?1") ")",
      subject);
  while (row.next()) found.push_back(row.integer(0));
  return found;
}

bool Pruner::prune_identities(const std::stop_token& stop) {
  if (!retention_.ids) return true;
  const Time now = clock_.now();
  if (identities_after_ == 0 && identities_walk_ended_ && now >= *identities_walk_ended_ &&
      now - *identities_walk_ended_ < walk_again(*retention_.ids))
    return true;
  for (bool last = false; !last;) {
    const auto began = steady_clock::now();
    const auto page = old_identities(now - *retention_.ids);
    last = page.last;
    const auto remove_one = [&](sqlite::Connection& connection, Gone& gone, std::size_t at) {
      remove(connection, gone, "identities", "DELETE FROM identities WHERE sequence = ?", page.old[at]);
      if (at + 1 == page.old.size()) connection.run(kForgetParts);
    };
    if (!in_steps(stop, page.old.size(), remove_one)) return false;
    if (page.old.empty() && !rest(stop, steady_clock::now() - began)) return false;
  }
  identities_after_ = 0;
  identities_walk_ended_ = now;
  return true;
}

Pruner::Page Pruner::old_identities(Time cutoff) {
  Page page;
  const auto reader = store_.state_->readers.take();
  auto row = reader->query(
      "SELECT sequence, seen_at FROM identities WHERE sequence > ? ORDER BY sequence LIMIT ?",
      identities_after_, kIdentityPage);
  std::size_t rows = 0;
  while (row.next()) {
    ++rows;
    identities_after_ = static_cast<Sequence>(row.integer(0));
    if (row.time(1) < cutoff) page.old.push_back(identities_after_);
  }
  page.last = rows < kIdentityPage;
  return page;
}

}  // namespace milepost::journal
