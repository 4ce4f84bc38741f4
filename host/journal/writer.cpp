#include <algorithm>

#include "host/journal/payload_codec.hpp"
#include "host/journal/rows.hpp"
#include "host/journal/transaction.hpp"

namespace milepost::journal {

using sqlite::blob;
using sqlite::Blob;

namespace {

[[noreturn]] void defect(std::string message) {
  throw StoreError(StoreError::Cause::defect, Error{ErrorKind::internal, std::move(message), "store"});
}

telemetry::Sha256 digest_of(const NewEvent& event) { return event.payload_digest ? *event.payload_digest : telemetry::sha256(event.payload); }

/// The event as it is stored when it is new.
Event first_row(const NewEvent& event, Sequence sequence, const std::string& receipt, const telemetry::Sha256& digest,
                Time now) {
  Event row;
  row.sequence = sequence;
  row.receipt = receipt;
  row.pipeline = event.pipeline;
  row.source = event.source;
  row.id = event.id;
  row.revision = event.revision;
  row.type = event.type;
  row.subject = event.subject;
  row.lane = event.lane.empty() ? receipt : event.lane;
  row.actor = event.actor;
  row.reason = event.reason;
  row.time = event.time == Time{} ? now : event.time;
  row.accepted_at = now;
  row.payload_digest = telemetry::hex(digest);
  row.state = !event.quarantine.empty() ? EventState::dead : event.followed_only ? EventState::done : EventState::open;
  row.fault = event.quarantine;
  return row;
}

/// An event of a loan that is called otherwise now is the other's, and stands in its lane.
void call_by_new_name(Writer& writer, Event& event) {
  if (event.subject.empty()) return;
  auto now = writer.known_as(event.subject);
  if (now == event.subject) return;
  if (event.lane == event.subject) event.lane = now;
  event.subject = std::move(now);
}

/// The event of a known id. When it is pruned, what its identity remembers.
Event first_event(sqlite::Connection& connection, const NewEvent& event, const sqlite::Query& identity) {
  auto row = connection.query("SELECT " MILEPOST_EVENT_COLUMNS " FROM events WHERE sequence = ?", identity.integer(0));
  if (row.next()) return read_event(row);
  Event first;
  first.sequence = static_cast<Sequence>(identity.integer(0));
  first.pipeline = event.pipeline;
  first.id = event.id;
  first.revision = identity.text(1);
  first.receipt = identity.text(2);
  first.payload_digest = telemetry::hex(identity.text(3));
  first.time = first.accepted_at = identity.time(4);
  first.state = EventState::done;
  return first;
}

/// Set when (pipeline, id) is known and the revision brings nothing new. `hash` is the id's.
std::optional<Writer::Acceptance> duplicate_of(Writer::Transaction& transaction, const NewEvent& event, std::int64_t hash,
                                               const telemetry::Sha256& digest) {
  auto& connection = *transaction.connection;
  for (const Sequence stretch : transaction.known.stretches(hash)) {
    auto latest = connection.query(
        "SELECT sequence, revision, receipt, payload_digest, accepted_at FROM events INDEXED BY events_id "
        "WHERE sequence >> 8 IN (?1 << 3, ?1 << 3 | 1, ?1 << 3 | 2, ?1 << 3 | 3, ?1 << 3 | 4, ?1 << 3 | 5, ?1 << 3 | 6, ?1 << 3 | 7) "
        "AND hash = ?2 AND id = ?3 AND pipeline = ?4 UNION ALL "
        "SELECT sequence, revision, receipt, payload_digest, seen_at FROM identities INDEXED BY identities_hash "
        "WHERE sequence >> 11 = ?1 AND hash = ?2 AND id = ?3 AND pipeline = ?4 ORDER BY sequence DESC LIMIT 1",
        stretch, hash, event.id, event.pipeline);
    if (!latest.next()) continue;
    if (!event.revision.empty() && event.revision != latest.text(1)) return std::nullopt;
    return Writer::Acceptance{Writer::Verdict::duplicate, first_event(connection, event, latest),
                              latest.digest(3) != digest};
  }
  return std::nullopt;
}

/// One at a time: it is half a megabyte.
constexpr Sequence kLookForParts = 256;
void keep_known_ids(Writer::Transaction& transaction) {
  const auto part = transaction.known.unkept(transaction.ends.event);
  if (!part) return;
  transaction.connection->run("INSERT OR REPLACE INTO known_ids (part, filter) VALUES (?, ?)", part->number, Blob{part->filter});
  transaction.known.kept(part->number);
}

}  // namespace

Time Writer::now() const { return transaction_.clock.now(); }

Writer::Acceptance Writer::accept(const NewEvent& event, const std::string& receipt, Time now) {
  auto& connection = *transaction_.connection;
  const telemetry::Sha256 digest = digest_of(event);
  const bool quarantined = !event.quarantine.empty();
  const std::int64_t hash = KnownIds::hash(event.id);
  bool alone = false;

  if (!quarantined)
    if (auto known = duplicate_of(transaction_, event, hash, digest)) return *std::move(known);

  Event stored = first_row(event, transaction_.ends.event + 1, receipt, digest, now);
  call_by_new_name(*this, stored);
  if (stored.state == EventState::open) {
    auto open = connection.query(
        "SELECT 1 FROM events INDEXED BY events_open WHERE state = 0 AND pipeline = ? AND lane = ? LIMIT 1",
        stored.pipeline, stored.lane);
    alone = !open.next();
  }
  connection.run(
      "INSERT INTO events (sequence, receipt, pipeline, source, id, revision, type, subject, lane, actor, reason, "
      "time, accepted_at, payload_digest, state, fault, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      stored.sequence, stored.receipt, stored.pipeline, stored.source, stored.id, stored.revision, stored.type,
      stored.subject, stored.lane, stored.actor, stored.reason, stored.time, stored.accepted_at, blob(digest),
      stored.state, stored.fault, quarantined ? std::nullopt : std::optional(hash));
  transaction_.ends.event = stored.sequence;
  connection.run("INSERT INTO payloads (event, content_type, body, headers) VALUES (?, ?, ?, ?)", stored.sequence,
                 event.content_type, Blob{PayloadCodec::to_disk(event.payload)}, event.headers);
  if (quarantined) return {Verdict::quarantined, std::move(stored), false};

  transaction_.known.add(stored.sequence, hash);
  if (stored.sequence % kLookForParts == 0) keep_known_ids(transaction_);
  if (event.followed_only) return {Verdict::accepted, std::move(stored), false};
  wake({stored.pipeline, stored.lane});
  transaction_.changes.push_back(std::make_unique<Fresh::Accepted>(stored, event.payload, alone));
  // Whoever runs the event looks for its loan; here the pages are at hand.
  if (transaction_.has_loans && !stored.subject.empty()) transaction_.tell_loan(stored.subject, loan(stored.subject));
  return {Verdict::accepted, std::move(stored), false};
}

Writer::Acceptance Writer::admit(Sequence sequence, const NewEvent& event) {
  auto& connection = *transaction_.connection;
  const auto before = this->event(sequence);
  if (!before || !quarantined(sequence)) defect("event " + std::to_string(sequence) + " is not quarantined");
  const telemetry::Sha256 digest = digest_of(event);
  const std::int64_t hash = KnownIds::hash(event.id);
  if (auto known = duplicate_of(transaction_, event, hash, digest)) return *std::move(known);

  Event stored = first_row(event, sequence, before->receipt, digest, before->accepted_at);
  call_by_new_name(*this, stored);
  stored.late = true;
  connection.run(
      "UPDATE events SET id = ?, revision = ?, type = ?, subject = ?, lane = ?, actor = ?, reason = ?, time = ?, "
      "payload_digest = ?, state = ?, late = ?, fault = '', hash = ? WHERE sequence = ?",
      stored.id, stored.revision, stored.type, stored.subject, stored.lane, stored.actor, stored.reason, stored.time,
      blob(digest), stored.state, stored.late, hash, sequence);
  connection.run("UPDATE payloads SET body = ?, headers = '' WHERE event = ?", Blob{PayloadCodec::to_disk(event.payload)}, sequence);
  transaction_.known.add(sequence, hash);
  connection.run("DELETE FROM known_ids WHERE part = ?", sequence >> KnownIds::kPartBits);
  wake({stored.pipeline, stored.lane});
  transaction_.changes.push_back(std::make_unique<Fresh::Updated>(sequence, Lane{stored.pipeline, stored.lane}, stored));
  return {Verdict::accepted, std::move(stored), false};
}

bool Writer::quarantined(Sequence sequence) {
  auto row = transaction_.connection->query(MILEPOST_QUARANTINED, sequence);
  return row.next();
}

void Writer::wake(Lane lane) { transaction_.awake.push_back(std::move(lane)); }

std::optional<Event> Writer::event(Sequence sequence) {
  auto row =
      transaction_.connection->query("SELECT " MILEPOST_EVENT_COLUMNS " FROM events WHERE sequence = ?", sequence);
  if (!row.next()) return std::nullopt;
  return read_event(row);
}

/// One that stays open keeps its place in the indexes, which SQLite would take out and put in again.
bool Writer::update_open(Sequence sequence, const EventProgress& progress) {
  if (progress.state != EventState::open || progress.resume_at) return false;
  transaction_.connection->run(
      "UPDATE events SET step = ?, definition = ?, loan_revision = ?, late = ?, crashes = ?, fault = ? "
      "WHERE sequence = ? AND state = 0 AND resume_at IS NULL",
      progress.step, progress.definition, progress.loan_revision, progress.late, progress.crashes, progress.fault, sequence);
  return transaction_.connection->changes() == 1;
}

void Writer::update(Sequence sequence, const Lane& lane, const EventProgress& progress) {
  if (!update_open(sequence, progress)) {
    transaction_.connection->run(
        "UPDATE events SET state = ?, step = ?, definition = ?, loan_revision = ?, resume_at = ?, late = ?, crashes = ?, "
        "fault = ? WHERE sequence = ?",
        progress.state, progress.step, progress.definition, progress.loan_revision, progress.resume_at, progress.late, progress.crashes,
        progress.fault, sequence);
    if (transaction_.connection->changes() != 1) defect("there is no event " + std::to_string(sequence));
  }
  auto updated = std::make_unique<Fresh::Updated>(sequence, lane);
  if (progress.state == EventState::open)
    updated->progress = progress;
  else
    updated->progress.state = progress.state;  // no more is asked of one that has ended
  transaction_.changes.push_back(std::move(updated));
}

std::optional<Effect> Writer::effect(Sequence event, const std::string& step) {
  auto row = transaction_.connection->query(
      "SELECT " MILEPOST_EFFECT_COLUMNS " FROM effects WHERE event = ? AND step = ?", event, step);
  if (!row.next()) return std::nullopt;
  return read_effect(row);
}

std::vector<Effect> Writer::effects(Sequence event) {
  auto row = transaction_.connection->query("SELECT " MILEPOST_EFFECT_COLUMNS " FROM effects WHERE event = ?", event);
  std::vector<Effect> found;
  while (row.next()) found.push_back(read_effect(row));
  return found;
}

void Writer::put(const Effect& effect) {
  transaction_.connection->run(
      "INSERT OR REPLACE INTO effects (" MILEPOST_EFFECT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      effect.event, effect.step, effect.state, effect.attempt, effect.key, effect.connection, effect.definition,
      effect.plugin, effect.first_at, effect.sent_at, effect.ended_at, effect.next_at, effect.answer, effect.error,
      effect.held.count(), effect.unknown);
  transaction_.changes.push_back(Fresh::Acted{effect.event});
}

std::optional<Once> Writer::claim(const Once& once) {
  auto& connection = *transaction_.connection;
  connection.run("INSERT OR IGNORE INTO once (key, event, step) VALUES (?, ?, ?)", once.key, once.event, once.step);
  if (connection.changes() == 1) return std::nullopt;
  auto row = connection.query("SELECT event, step FROM once WHERE key = ?", once.key);
  row.next();
  Once holder{once.key, static_cast<Sequence>(row.integer(0)), std::string(row.text(1))};
  if (holder.event == once.event && holder.step == once.step) return std::nullopt;  // claimed by an earlier attempt
  return holder;
}

std::optional<Once> Writer::claimed(const std::string& key) {
  auto row = transaction_.connection->query("SELECT event, step FROM once WHERE key = ?", key);
  if (!row.next()) return std::nullopt;
  return Once{key, static_cast<Sequence>(row.integer(0)), std::string(row.text(1))};
}

void Writer::take_over(const Once& once) {
  transaction_.connection->run("UPDATE once SET event = ?, step = ? WHERE key = ?", once.event, once.step, once.key);
}

bool Writer::finished_later(const std::string& pipeline, const std::string& lane, Sequence after,
                            const std::string& step) {
  // A lane that events share is named by their subject, which has the index.
  auto row = transaction_.connection->query(
      "WITH RECURSIVE stretch (n) AS (SELECT ?1 >> 8 UNION ALL SELECT n + 1 FROM stretch "
      "WHERE n < (SELECT max(sequence) >> 8 FROM events)) "
      "SELECT 1 FROM stretch CROSS JOIN events e INDEXED BY events_subject CROSS JOIN effects ON event = e.sequence "
      "AND effects.step = ?2 AND effects.state = 2 "
      "WHERE e.sequence >> 8 = n AND e.subject = ?3 AND e.sequence > ?1 AND e.lane = e.subject AND e.pipeline = ?4 LIMIT 1",
      after, step, lane, pipeline);
  return row.next();
}

std::optional<LoanRevision> Writer::loan(const std::string& subject) {
  if (!transaction_.has_loans) return std::nullopt;
  return transaction_.latest(subject);
}

void Writer::append(const LoanRevision& revision) { transaction_.append(revision); }

std::optional<std::string> Writer::linked(const std::string& system, const std::string& type, const std::string& id) {
  auto row = transaction_.connection->query("SELECT subject FROM links WHERE system = ? AND type = ? AND id = ?",
                                            system, type, id);
  if (!row.next()) return std::nullopt;
  return std::string(row.text(0));
}

void Writer::put(const Link& link) {
  transaction_.connection->run("INSERT OR REPLACE INTO links (system, type, id, subject) VALUES (?, ?, ?, ?)",
                               link.system, link.type, link.id, link.subject);
}

std::optional<std::string> Writer::cursor(const std::string& source) {
  auto row = transaction_.connection->query("SELECT cursor FROM cursors WHERE source = ?", source);
  if (!row.next()) return std::nullopt;
  return std::string(row.text(0));
}

void Writer::put_cursor(const std::string& source, const std::string& cursor) {
  transaction_.connection->run("INSERT OR REPLACE INTO cursors (source, cursor) VALUES (?, ?)", source, cursor);
}

std::optional<Writer::Item> Writer::state(const std::string& scope, const std::string& key) {
  auto row = transaction_.connection->query(
      "SELECT value, version FROM plugin_state WHERE scope = ? AND key = ? AND value IS NOT NULL", scope, key);
  if (!row.next()) return std::nullopt;
  return Item{std::string(row.text(0)), static_cast<std::uint64_t>(row.integer(1))};
}

bool Writer::put_state(const std::string& scope, const std::string& key, const std::optional<std::string>& value,
                       std::uint64_t expected) {
  const auto bytes = value ? std::optional(Blob{*value}) : std::nullopt;
  auto& connection = *transaction_.connection;
  if (expected != 0) {
    connection.run(
        "UPDATE plugin_state SET value = ?, version = version + 1 "
        "WHERE scope = ? AND key = ? AND version = ? AND value IS NOT NULL",
        bytes, scope, key, expected);
    return connection.changes() == 1;
  }
  if (!value) return !state(scope, key);  // what is not there is deleted already
  connection.run(
      "INSERT INTO plugin_state (scope, key, value, version) VALUES (?, ?, ?, 1) "
      "ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value, version = version + 1 "
      "WHERE plugin_state.value IS NULL",
      scope, key, bytes);
  return connection.changes() == 1;
}

void Writer::drop_state(const std::string& scope, const std::string& key) {
  transaction_.connection->run("DELETE FROM plugin_state WHERE scope = ? AND key = ?", scope, key);
}

void Writer::put_definition(const std::string& digest, const std::string& kind, const std::string& name,
                            const std::string& body) {
  transaction_.connection->run("INSERT OR IGNORE INTO definitions (digest, kind, name, body) VALUES (?, ?, ?, ?)",
                               digest, kind, name, body);
}

void Writer::put(const VersionRow& row) {
  transaction_.connection->run("INSERT INTO versions (audit, kind, name, version, file, source) VALUES (?, ?, ?, ?, ?, ?)",
                               row.audit, row.kind, row.name, row.version, row.file, row.source);
}

const AuditRow& Writer::last_audit_row() const { return transaction_.ends.audit; }

void Writer::append_audit_row(const AuditRow& row, const AuditDetails& details) {
  if (row.sequence != transaction_.ends.audit.sequence + 1) defect("audit rows are appended, one after the other");
  auto& connection = *transaction_.connection;
  connection.run(
      "INSERT INTO audit (sequence, time, kind, user, action, subject, pipeline, version, event, step, outcome, "
      "plugin, details, previous, hash, salt, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.sequence, row.time, row.kind, row.user, row.action, row.subject, row.pipeline, row.version, row.event,
      row.step, row.outcome, row.plugin, blob(row.details), blob(row.previous), blob(row.hash),
      Blob{details.salt}, details.body);
  transaction_.ends.audit = row;  // into the room that the one before had
}

bool Writer::erase_audit_details(std::uint64_t sequence) {
  transaction_.connection->run("UPDATE audit SET salt = NULL, body = NULL WHERE sequence = ? AND body IS NOT NULL", sequence);
  return transaction_.connection->changes() == 1;
}

}  // namespace milepost::journal
