// The store's reads: each takes a connection of the pool for one short statement.
#include <algorithm>
#include <initializer_list>
#include <utility>

#include "host/config/host_events.hpp"
#include "host/journal/known_ids.hpp"
#include "host/journal/payload_codec.hpp"
#include "host/journal/rows.hpp"
#include "host/journal/store_state.hpp"

namespace milepost::journal {

namespace {

constexpr std::size_t kRows = 1000;
/// Where no index serves, a list is found by walking windows of sequences, each in a transaction of its own.
constexpr std::uint64_t kWindow = 50'000;

std::string text(std::string_view bytes) { return std::string(bytes); }

/// "state = 3": as a literal, since only that lets SQLite see that a partial index serves.
std::string is(EventState state) { return "state = " + std::to_string(static_cast<int>(state)); }

/// One absent or matching value: `(?1 IS NULL OR column = ?1)` would hide the index from SQLite, so clauses are added
/// as needed.
struct Clauses {
  std::string sql;
  std::vector<std::string> values;
  /// Each `?` of the clause stands for the value.
  void add(std::string_view clause, const std::optional<std::string>& value) {
    if (!value) return;
    sql.append(" AND ").append(clause);
    values.insert(values.end(), static_cast<std::size_t>(std::ranges::count(clause, '?')), *value);
  }
  void add(std::string_view clause, std::initializer_list<std::string> each) {
    sql.append(" AND ").append(clause);
    values.insert(values.end(), each);
  }
  void bind(sqlite::Query& query, int place) const {
    for (const std::string& value : values) query.bind(place++, value, false);
  }
};

/// Where to begin to look for events accepted since then. A receipt begins with its time, and has an index; within one
/// millisecond receipts come in any order.
std::optional<Sequence> first_since(const Readers::Lease& reader, Time since) {
  const std::string first = telemetry::new_id(std::max(since, Time{})).substr(0, 13);
  auto row = reader->query(
      "SELECT min(sequence) FROM (SELECT sequence FROM events WHERE substr(receipt, 1, 13) >= ? ORDER BY substr(receipt, 1, 13) LIMIT 1000)", first);
  if (!row.next() || row.integer(0) == 0) return std::nullopt;
  return static_cast<Sequence>(row.integer(0));
}

/// The index of the events in a state that is not done.
const char* index_of(EventState state) {
  switch (state) {
    case EventState::open: return "events_open";
    case EventState::waiting: return "events_waiting";
    case EventState::in_doubt: return "events_in_doubt";
    default: return "events_dead";
  }
}

/// Few enough to be sorted: of many the first are found soon enough among all events, of few hardly one is.
bool are_few(const Readers::Lease& reader, EventState state) {
  constexpr std::int64_t kFew = 10'000;
  return state != EventState::done && reader->number("SELECT count(*) FROM (SELECT 1 FROM events INDEXED BY " + std::string(index_of(state)) +
                                                     " WHERE " + is(state) + " LIMIT " + std::to_string(kFew + 1) + ")") <= kFew;
}

constexpr std::string_view kOfHost = "INDEXED BY events_of_host ";

/// How the events of a list are found.
struct Way {
  std::string hint = "";  ///< the index to go by; "": as SQLite sees fit
  bool at_once = false;   ///< few others are met on it; else all are walked, a window at a time
  bool in_order = true;   ///< of their sequence, so that bounds of it spare a look at the others
};

Way way_of(const Readers::Lease& reader, const EventFilter& filter) {
  if (filter.id || filter.receipt || filter.subject) return {.at_once = true, .in_order = false};
  if (filter.pipeline == config::kHostPipeline && filter.type) return {.hint = std::string(kOfHost), .at_once = true};
  if (filter.state && are_few(reader, *filter.state))
    return {.hint = std::string("INDEXED BY ") + index_of(*filter.state) + " ", .at_once = true, .in_order = false};
  return {};
}

}  // namespace

std::optional<Event> Store::event(Sequence sequence) const {
  const auto reader = state_->readers.take();
  auto row = reader->query("SELECT " MILEPOST_EVENT_COLUMNS " FROM events WHERE sequence = ?", sequence);
  if (!row.next()) return std::nullopt;
  return read_event(row);
}

std::optional<Event> Store::event_by_receipt(const std::string& receipt) const {
  const auto reader = state_->readers.take();
  auto row = reader->query("SELECT " MILEPOST_EVENT_COLUMNS " FROM events WHERE " MILEPOST_OF_RECEIPT("receipt"), receipt, receipt);
  if (!row.next()) return std::nullopt;
  return read_event(row);
}

std::optional<std::string> Store::payload(Sequence sequence) const {
  const auto reader = state_->readers.take();
  auto row = reader->query("SELECT body FROM payloads WHERE event = ?", sequence);
  if (!row.next()) return std::nullopt;
  return PayloadCodec::from_disk(row.text(0));
}

std::string Store::headers(Sequence sequence) const {
  const auto reader = state_->readers.take();
  auto row = reader->query("SELECT headers FROM payloads WHERE event = ?", sequence);
  return row.next() ? std::string(row.text(0)) : std::string();
}

std::vector<Effect> Store::effects(Sequence event) const {
  if (state_->fresh.has_no_effects(event)) return {};
  const auto reader = state_->readers.take();
  auto row = reader->query("SELECT " MILEPOST_EFFECT_COLUMNS " FROM effects WHERE event = ?", event);
  std::vector<Effect> found;
  while (row.next()) found.push_back(read_effect(row));
  return found;
}

std::vector<Event> Store::events(const EventFilter& filter) const {
  Clauses clauses;
  // Accepted ones by the hash of their id; quarantined ones have none.
  if (filter.id)
    clauses.add("(sequence IN " MILEPOST_IN_STRETCHES("events", "events_id", "8", "s.hash = ? AND s.id = ?")
                " OR sequence IN (SELECT sequence FROM events WHERE state = 3 AND id = ?))",
                {std::to_string(KnownIds::hash(*filter.id)), *filter.id, *filter.id});
  clauses.add(MILEPOST_OF_RECEIPT("receipt"), filter.receipt);
  clauses.add("sequence IN " MILEPOST_OF_SUBJECT("events", "?"), filter.subject);
  const auto way = way_of(state_->readers.take(), filter);
  static_assert(config::kHostPipeline == "milepost");  // as the partial index has it, which wants the literal
  if (way.hint == kOfHost) clauses.sql += " AND pipeline = 'milepost'";
  else clauses.add("pipeline = ?", filter.pipeline);
  clauses.add("type = ?", filter.type);
  clauses.add("step = ?", filter.step);
  const auto micros = [](Time time) { return std::to_string(telemetry::to_micros(time)); };
  clauses.add("accepted_at >= ?", filter.since.transform(micros));
  clauses.add("accepted_at < ?", filter.until.transform(micros));
  if (filter.state) clauses.sql += " AND " + is(*filter.state);

  const std::string order = filter.oldest_first ? "ASC" : "DESC";
  // The rows are looked up after the first are chosen: only the chosen ones are read whole.
  const std::string sql = "SELECT " MILEPOST_EVENT_COLUMNS
                          " FROM events WHERE sequence IN (SELECT sequence FROM events " +
                          way.hint + "WHERE " + (way.in_order ? "sequence < ? AND sequence >= ?" : "+sequence < ? AND +sequence >= ?") +
                          clauses.sql + " ORDER BY sequence " + order + " LIMIT ?) ORDER BY sequence " + order;

  Sequence low = filter.after + 1, high = filter.before;
  {
    const auto reader = state_->readers.take();
    if (high == 0) high = static_cast<Sequence>(reader->number("SELECT max(sequence) FROM events")) + 1;
    if (filter.since && way.in_order) low = std::max(low, first_since(reader, *filter.since).value_or(high));
  }
  std::vector<Event> found;
  while (low < high && found.size() < filter.limit) {
    const Sequence width = way.at_once ? high - low : std::min(high - low, kWindow);
    const auto [from, to] = filter.oldest_first ? std::pair(low, low + width) : std::pair(high - width, high);
    const auto reader = state_->readers.take();
    auto row = reader->query(sql, to, from);
    clauses.bind(row, 3);
    row.bind(3 + static_cast<int>(clauses.values.size()), filter.limit - found.size(), false);
    while (row.next()) found.push_back(read_event(row));
    (filter.oldest_first ? low : high) = filter.oldest_first ? to : from;
  }
  return found;
}

bool Store::quarantined(Sequence sequence) const {
  const auto reader = state_->readers.take();
  auto row = reader->query(MILEPOST_QUARANTINED, sequence);
  return row.next();
}

std::vector<AuditRecord> Store::audit(const AuditFilter& filter) const {
  Clauses clauses;
  clauses.add("a.sequence IN " MILEPOST_OF_SUBJECT("audit", "?"), filter.subject);
  clauses.add(MILEPOST_OF_RECEIPT("a.event"), filter.event);
  clauses.add("a.pipeline = ?", filter.pipeline);
  clauses.add("a.kind = ?", filter.kind);
  const bool indexed = filter.subject || filter.event;
  const std::string sql =
      "SELECT " MILEPOST_AUDIT_COLUMNS
      ", a.salt, a.body FROM audit a WHERE " +
      std::string(indexed ? "+a.sequence > ? AND +a.sequence <= ?" : "a.sequence > ? AND a.sequence <= ?") +
      clauses.sql + " ORDER BY a.sequence " + (filter.newest_first ? "DESC" : "ASC") + " LIMIT ?";

  std::uint64_t last = 0;
  {
    const auto reader = state_->readers.take();
    last = static_cast<std::uint64_t>(reader->number("SELECT max(sequence) FROM audit"));
  }
  std::vector<AuditRecord> found;
  std::uint64_t low = filter.after, high = last;
  while (low < high && found.size() < filter.limit) {
    const std::uint64_t width = indexed ? high - low : std::min(high - low, kWindow);
    const auto [from, to] = filter.newest_first ? std::pair(high - width, high) : std::pair(low, low + width);
    const auto reader = state_->readers.take();
    auto row = reader->query(sql, from, to);
    clauses.bind(row, 3);
    row.bind(3 + static_cast<int>(clauses.values.size()), filter.limit - found.size(), false);
    while (row.next()) read_audit_record(row, found.emplace_back());
    (filter.newest_first ? high : low) = filter.newest_first ? from : to;
  }
  return found;
}

void Store::each_audit_row(const std::function<bool(const AuditRecord&)>& visit, std::uint64_t after,
                           std::uint64_t last) const {
  std::vector<AuditRecord> page(kRows);
  for (;;) {
    std::size_t count = 0;
    {
      const auto reader = state_->readers.take();
      auto row = reader->query("SELECT " MILEPOST_AUDIT_COLUMNS
                               ", a.salt, a.body FROM audit a "
                               "WHERE a.sequence > ? AND a.sequence <= ? ORDER BY a.sequence LIMIT ?",
                               after, last, kRows);
      while (row.next()) read_audit_record(row, page[count++]);
    }
    if (count == 0) return;
    for (std::size_t i = 0; i < count; ++i)
      if (!visit(page[i])) return;
    after = page[count - 1].row.sequence;
  }
}

std::optional<LoanRevision> Store::loan(const std::string& subject, std::optional<std::int64_t> revision) const {
  if (state_->fresh.no_loans) return std::nullopt;
  const auto reader = state_->readers.take();
  auto row = reader->query(
      "SELECT revision, event, time, state FROM loans WHERE subject = ? AND revision <= ? ORDER BY revision DESC LIMIT "
      "1",
      subject, revision.value_or(INT64_MAX));
  if (!row.next() || (revision && row.integer(0) != *revision)) return std::nullopt;
  return LoanRevision{subject, row.integer(0), static_cast<Sequence>(row.integer(1)), row.time(2), text(row.text(3))};
}

std::optional<std::string> Store::linked(const std::string& system, const std::string& type,
                                         const std::string& id) const {
  const auto reader = state_->readers.take();
  auto row = reader->query("SELECT subject FROM links WHERE system = ? AND type = ? AND id = ?", system, type, id);
  return row.next() ? std::optional(text(row.text(0))) : std::nullopt;
}

std::optional<std::string> Store::definition(const std::string& digest) const {
  const auto reader = state_->readers.take();
  auto row = reader->query("SELECT body FROM definitions WHERE digest = ?", digest);
  return row.next() ? std::optional(text(row.text(0))) : std::nullopt;
}

namespace {

std::vector<VersionRow> read_versions(sqlite::Query& row) {
  std::vector<VersionRow> found;
  while (row.next())
    found.push_back({static_cast<std::uint64_t>(row.integer(0)), text(row.text(1)), text(row.text(2)), text(row.text(3)), text(row.text(4)),
                     text(row.text(5))});
  return found;
}

}  // namespace

std::vector<VersionRow> Store::versions(const std::string& kind, const std::string& name, std::size_t limit) const {
  const auto reader = state_->readers.take();
  auto row = reader->query(
      "SELECT audit, kind, name, version, file, source FROM versions WHERE kind = ? AND name = ? ORDER BY audit DESC LIMIT ?", kind, name, limit);
  return read_versions(row);
}

std::vector<VersionRow> Store::latest_versions() const {
  const auto reader = state_->readers.take();
  auto row = reader->query(
      "SELECT audit, kind, name, version, file, source FROM versions WHERE audit IN (SELECT max(audit) FROM versions GROUP BY kind, name) "
      "ORDER BY kind, name");
  return read_versions(row);
}

std::map<std::string, UnderWay> Store::under_way() const {
  std::map<std::string, UnderWay> found;
  const auto reader = state_->readers.take();
  const auto count = [&](const char* index, EventState state, std::uint64_t UnderWay::*member) {
    auto row = reader->query("SELECT pipeline, count(*) FROM events INDEXED BY " + std::string(index) + " WHERE " + is(state) + " GROUP BY pipeline");
    while (row.next()) found[text(row.text(0))].*member = static_cast<std::uint64_t>(row.integer(1));
  };
  count("events_open", EventState::open, &UnderWay::open);
  count("events_waiting", EventState::waiting, &UnderWay::waiting);
  count("events_in_doubt", EventState::in_doubt, &UnderWay::in_doubt);
  return found;
}

std::optional<std::string> Store::cursor(const std::string& source) const {
  const auto reader = state_->readers.take();
  auto row = reader->query("SELECT cursor FROM cursors WHERE source = ?", source);
  return row.next() ? std::optional(text(row.text(0))) : std::nullopt;
}

std::optional<Writer::Item> Store::state(const std::string& scope, const std::string& key) const {
  const auto reader = state_->readers.take();
  auto row = reader->query("SELECT value, version FROM plugin_state WHERE scope = ? AND key = ? AND value IS NOT NULL",
                           scope, key);
  if (!row.next()) return std::nullopt;
  return Writer::Item{text(row.text(0)), static_cast<std::uint64_t>(row.integer(1))};
}

std::vector<std::string> Store::open_pipelines() const {
  std::vector<std::string> pipelines;
  const auto reader = state_->readers.take();
  for (std::string last;;) {
    auto row = reader->query("SELECT pipeline FROM events INDEXED BY events_open WHERE state = 0 AND pipeline > ? ORDER BY pipeline LIMIT 1", last);
    if (!row.next()) return pipelines;
    pipelines.push_back(last = text(row.text(0)));
  }
}

std::vector<Lane> Store::open_lanes(const std::string& pipeline, const std::optional<std::string>& after, std::size_t limit) const {
  // From each lane the index leads straight to the next, however many events the lane holds.
  std::vector<Lane> lanes;
  const auto reader = state_->readers.take();
  std::string last = after.value_or("");
  while (lanes.size() < limit) {
    const bool first = !after && lanes.empty();
    auto row = reader->query(first ? "SELECT lane FROM events INDEXED BY events_open WHERE state = 0 "
                                     "AND pipeline = ? AND lane >= ? ORDER BY lane LIMIT 1"
                                   : "SELECT lane FROM events INDEXED BY events_open WHERE state = 0 "
                                     "AND pipeline = ? AND lane > ? ORDER BY lane LIMIT 1",
                             pipeline, last);
    if (!row.next()) break;
    lanes.push_back({pipeline, last = text(row.text(0))});
  }
  return lanes;
}

std::optional<Store::Head> Store::head(const Lane& lane) const {
  if (auto fresh = state_->fresh.head(lane)) {
    if (!fresh->event) return std::nullopt;
    return Head{std::move(*fresh->event), std::move(fresh->payload), fresh->more, std::move(fresh->loan)};
  }
  const auto reader = state_->readers.take();
  auto row = reader->query("SELECT " MILEPOST_EVENT_COLUMNS
                           ", (SELECT body FROM payloads WHERE event = sequence) "
                           "FROM events INDEXED BY events_open WHERE state = 0 "
                           "AND pipeline = ? AND lane = ? ORDER BY sequence LIMIT 2",
                           lane.pipeline, lane.lane);
  if (!row.next()) return std::nullopt;
  Head found{read_event(row), PayloadCodec::from_disk(row.text(22))};
  found.more = row.next();
  return found;
}

Store::PlannedPage Store::planned(const std::string& connection, Time now, Sequence after, std::size_t limit) const {
  const auto reader = state_->readers.take();
  auto row = reader->query(
      "SELECT pipeline, lane, event FROM effects INDEXED BY effects_planned JOIN events ON sequence = event WHERE effects.state = 0 "
      "AND connection = ? AND event > ? AND (next_at IS NULL OR next_at <= ? OR sent_at > ?) AND events.state = 0 ORDER BY event LIMIT ?",
      connection, after, now, now, limit);  // sent in the future: the clock was set back, and its rest is over
  PlannedPage page;
  while (row.next()) {
    page.lanes.push_back({text(row.text(0)), text(row.text(1))});
    page.last = static_cast<Sequence>(row.integer(2));
  }
  return page;
}

std::vector<Sequence> Store::due(Time now, std::size_t limit) const {
  const auto reader = state_->readers.take();
  auto row = reader->query(
      "SELECT sequence FROM events WHERE state = 1 AND resume_at <= ? ORDER BY resume_at, sequence LIMIT ?", now,
      limit);
  std::vector<Sequence> found;
  while (row.next()) found.push_back(static_cast<Sequence>(row.integer(0)));
  return found;
}

std::optional<Time> Store::next_due() const {
  const auto reader = state_->readers.take();
  auto row = reader->query(
      "SELECT resume_at FROM events WHERE state = 1 AND resume_at IS NOT NULL ORDER BY resume_at LIMIT 1");
  if (!row.next()) return std::nullopt;
  return row.time(0);
}

std::vector<Effect> Store::sent_without_outcome() const {
  const auto reader = state_->readers.take();
  auto row = reader->query("SELECT " MILEPOST_EFFECT_COLUMNS " FROM effects WHERE state = 1 ORDER BY event, step");
  std::vector<Effect> found;
  while (row.next()) found.push_back(read_effect(row));
  return found;
}

std::uint64_t Store::count(EventState state) const {
  const auto reader = state_->readers.take();
  return static_cast<std::uint64_t>(reader->number("SELECT count(*) FROM events WHERE " + is(state)));
}

}  // namespace milepost::journal
