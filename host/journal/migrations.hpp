// The schema, as the list of steps that lead to it.
#pragma once

namespace milepost::journal {

struct Migration {
  int version;  ///< PRAGMA user_version once it is applied
  const char* sql;
};

/// Applied in order, each once. One that has shipped is never edited: a change is a new entry.
inline constexpr Migration kMigrations[] = {
    {1, R"sql(
-- Events in the order of acceptance. Times are UTC microseconds; digests are blobs of 32 bytes.
CREATE TABLE events (
  sequence       INTEGER PRIMARY KEY,
  receipt        TEXT NOT NULL,
  pipeline       TEXT NOT NULL,
  source         TEXT NOT NULL,
  id             TEXT NOT NULL,
  revision       TEXT NOT NULL,
  type           TEXT NOT NULL,
  subject        TEXT NOT NULL,
  lane           TEXT NOT NULL,
  actor          TEXT NOT NULL,
  reason         TEXT NOT NULL,
  time           INTEGER NOT NULL,
  accepted_at    INTEGER NOT NULL,
  payload_digest BLOB NOT NULL,
  state          INTEGER NOT NULL,  -- EventState
  step           TEXT NOT NULL DEFAULT '',
  definition     TEXT NOT NULL DEFAULT '',
  loan_revision  INTEGER,
  resume_at      INTEGER,
  late           INTEGER NOT NULL DEFAULT 0,
  crashes        INTEGER NOT NULL DEFAULT 0,
  fault          TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX events_receipt ON events (receipt);
CREATE INDEX events_subject ON events (subject);
-- Small whatever the number of finished events: lanes and their heads, timers, and what waits for a person.
CREATE INDEX events_open ON events (pipeline, lane) WHERE state = 0;
CREATE INDEX events_waiting ON events (resume_at) WHERE state = 1;
CREATE INDEX events_in_doubt ON events (state) WHERE state = 2;
CREATE INDEX events_dead ON events (state) WHERE state = 3;
-- Sequences are never used twice, also when all older events are pruned.
CREATE TRIGGER events_newest_stays BEFORE DELETE ON events
WHEN OLD.sequence = (SELECT max(sequence) FROM events)
BEGIN SELECT RAISE(ABORT, 'the newest event stays: its sequence must not be used again'); END;

-- Apart from the events, so that they can be pruned and the events stay small.
CREATE TABLE payloads (
  event        INTEGER PRIMARY KEY,
  content_type TEXT NOT NULL,
  body         BLOB NOT NULL        -- as PayloadCodec writes it
) STRICT;

-- Every accepted id and revision; the latest is the one with the highest sequence. Outlives event and payload.
CREATE TABLE identities (
  id             TEXT NOT NULL,
  pipeline       TEXT NOT NULL,
  sequence       INTEGER NOT NULL,
  revision       TEXT NOT NULL,
  receipt        TEXT NOT NULL,
  payload_digest BLOB NOT NULL,
  seen_at        INTEGER NOT NULL,
  PRIMARY KEY (id, pipeline, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE effects (
  event      INTEGER NOT NULL,
  step       TEXT NOT NULL,
  state      INTEGER NOT NULL,      -- EffectState
  attempt    INTEGER NOT NULL,
  key        TEXT NOT NULL,
  connection TEXT NOT NULL,
  definition TEXT NOT NULL,
  plugin     TEXT NOT NULL,
  first_at   INTEGER,
  sent_at    INTEGER,
  ended_at   INTEGER,
  next_at    INTEGER,
  answer     TEXT NOT NULL,
  error      TEXT NOT NULL,
  PRIMARY KEY (event, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX effects_sent ON effects (event) WHERE state = 1;

CREATE TABLE once (
  key   TEXT PRIMARY KEY,
  event INTEGER NOT NULL,
  step  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE loans (
  subject  TEXT NOT NULL,
  revision INTEGER NOT NULL,
  event    INTEGER NOT NULL,
  time     INTEGER NOT NULL,
  state    TEXT NOT NULL,
  PRIMARY KEY (subject, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE links (
  system  TEXT NOT NULL,
  type    TEXT NOT NULL,
  id      TEXT NOT NULL,
  subject TEXT NOT NULL,
  PRIMARY KEY (system, type, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursors (
  source TEXT PRIMARY KEY,
  cursor TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A deleted item keeps its row with value NULL: a version is never given twice.
CREATE TABLE plugin_state (
  scope   TEXT NOT NULL,
  key     TEXT NOT NULL,
  value   BLOB,
  version INTEGER NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE definitions (
  digest TEXT PRIMARY KEY,
  kind   TEXT NOT NULL,
  name   TEXT NOT NULL,
  body   TEXT NOT NULL
) STRICT;

-- The audit trail: docs/audit.md. Its triggers bind every program that writes here, whatever its settings: REPLACE deletes
-- without a DELETE trigger unless recursive_triggers is on, so an INSERT must be the next row and no other.
CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY,
  time     INTEGER NOT NULL,
  kind     TEXT NOT NULL,
  user     TEXT NOT NULL,
  action   TEXT NOT NULL,
  subject  TEXT NOT NULL,
  pipeline TEXT NOT NULL,
  version  TEXT NOT NULL,
  event    TEXT NOT NULL,
  step     TEXT NOT NULL,
  outcome  TEXT NOT NULL,
  plugin   TEXT NOT NULL,
  details  BLOB NOT NULL,
  previous BLOB NOT NULL,
  hash     BLOB NOT NULL
) STRICT;
CREATE INDEX audit_subject ON audit (subject);
CREATE INDEX audit_event ON audit (event);
CREATE TRIGGER audit_is_append_only BEFORE INSERT ON audit
WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM audit)
BEGIN SELECT RAISE(ABORT, 'audit rows are appended, one after the other'); END;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;
CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows are never removed'); END;

-- What may name a borrower, with its salt. May be erased; the chain holds its digest.
CREATE TABLE audit_details (
  sequence INTEGER PRIMARY KEY,
  salt     BLOB NOT NULL,
  body     TEXT NOT NULL
) STRICT;
)sql"},
    {2, R"sql(
-- Microseconds of a limit, a pause or an open breaker since the first attempt: they do not count for `within`.
ALTER TABLE effects ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
-- Whether an attempt went out whose outcome was never learned.
ALTER TABLE effects ADD COLUMN unknown INTEGER NOT NULL DEFAULT 0;
-- What waits for its connection outside memory.
CREATE INDEX effects_planned ON effects (connection, event) WHERE state = 0;
)sql"},
    {3, R"sql(
-- Subjects come in no order: in one index over all rows, nearly every row would change a page of its own, and the page is
-- what a commit writes. Within a stretch of 2,048 rows the pages are few, and a reader asks the stretches one by one
-- (reads.cpp).
DROP INDEX audit_subject;
CREATE INDEX audit_subject ON audit (sequence >> 11, subject);
)sql"},
    {4, R"sql(
-- Which of an event's effects must outlive it.
CREATE INDEX once_event ON once (event);
)sql"},
    {5, R"sql(
-- Ids come in no order either: they are found by a hash of theirs in stretches of 2,048 sequences, and a filter in memory
-- tells which (known_ids.hpp). The rows themselves are only ever appended. id_hash() is ours, for this migration.
ALTER TABLE identities RENAME TO identities_before;
CREATE TABLE identities (
  sequence       INTEGER PRIMARY KEY,
  hash           INTEGER NOT NULL,    -- KnownIds::hash(id)
  id             TEXT NOT NULL,
  pipeline       TEXT NOT NULL,
  revision       TEXT NOT NULL,
  receipt        TEXT NOT NULL,
  payload_digest BLOB NOT NULL,
  seen_at        INTEGER NOT NULL
) STRICT;
INSERT INTO identities SELECT sequence, id_hash(id), id, pipeline, revision, receipt, payload_digest, seen_at
  FROM identities_before ORDER BY sequence;
DROP TABLE identities_before;
CREATE INDEX identities_hash ON identities (sequence >> 11, hash);
-- A subject's text is long: its stretches are of 512, about two pages each.
DROP INDEX events_subject;
CREATE INDEX events_subject ON events (sequence >> 9, subject);
DROP INDEX audit_subject;
CREATE INDEX audit_subject ON audit (sequence >> 9, subject);
-- Whether an event of a lane waits for time or for a person.
CREATE INDEX events_released ON events (pipeline, lane) WHERE state BETWEEN 1 AND 3;
)sql"},
    {6, R"sql(
-- Which version of a pipeline or connection went live when: beside the audit row that says by whom and why.
CREATE TABLE versions (
  audit   INTEGER PRIMARY KEY,  -- the row's sequence
  kind    TEXT NOT NULL,        -- pipeline, connection
  name    TEXT NOT NULL,
  version TEXT NOT NULL,        -- digest of its definition; '': it was taken away
  file    TEXT NOT NULL,
  source  TEXT NOT NULL         -- digest of the file's text, in definitions; '': not kept
) STRICT;
CREATE INDEX versions_name ON versions (kind, name, audit);
)sql"},
    {7, R"sql(
-- When a loan is looked at next, since something of it runs out then: a stage's service level, a task's due date.
CREATE TABLE loan_timers (
  subject TEXT PRIMARY KEY,
  at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX loan_timers_at ON loan_timers (at);
-- Each piece of mail that was handed to a vendor. Never pruned.
CREATE TABLE mail (
  subject     TEXT NOT NULL,
  event       INTEGER NOT NULL,
  step        TEXT NOT NULL,
  action      TEXT NOT NULL,       -- as in a step's use
  connection  TEXT NOT NULL,
  sent_at     INTEGER NOT NULL,
  recalled_at INTEGER,             -- when the host asked for it back
  PRIMARY KEY (subject, event, step)
) STRICT, WITHOUT ROWID;
-- Who gets no mail, by whatever names him: a loan, a borrower's id.
CREATE TABLE suppressions (
  key    TEXT PRIMARY KEY,
  reason TEXT NOT NULL,
  user   TEXT NOT NULL,
  since  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql"},
    {8, R"sql(
-- Of a delivery that could not be decoded, for its decoder to see again; empty for all others.
ALTER TABLE payloads ADD COLUMN headers TEXT NOT NULL DEFAULT '';
)sql"},
    {9, R"sql(
-- What each system is known to hold of a loan: what it told, and what was written to it since.
CREATE TABLE loan_holdings (
  subject TEXT NOT NULL,
  system  TEXT NOT NULL,
  held    TEXT NOT NULL,           -- JSON, as loans/holdings.cpp writes it
  PRIMARY KEY (subject, system)
) STRICT, WITHOUT ROWID;
-- Loans that were renumbered, or merged with another: what they were called, and what they are called now.
CREATE TABLE loan_names (
  name    TEXT PRIMARY KEY,
  subject TEXT NOT NULL            -- never itself a name in here
) STRICT, WITHOUT ROWID;
CREATE INDEX loan_names_subject ON loan_names (subject);
)sql"},
    {10, R"sql(
-- An id is known by its event, and by its row in `identities` once the event is pruned: one row less to write for each event.
ALTER TABLE events ADD COLUMN hash INTEGER;  -- KnownIds::hash(id); NULL: quarantined, its id is not known
UPDATE events SET hash = (SELECT hash FROM identities i WHERE i.sequence = events.sequence);
DELETE FROM identities WHERE sequence IN (SELECT sequence FROM events);
CREATE INDEX events_id ON events (sequence >> 11, hash) WHERE hash IS NOT NULL;
)sql"},
    {11, R"sql(
-- What may name a borrower stands with its row: one row less to write for each. NULL: erased, and nothing else of a row ever changes.
ALTER TABLE audit ADD COLUMN salt BLOB;
ALTER TABLE audit ADD COLUMN body TEXT;
DROP TRIGGER audit_is_never_changed;
UPDATE audit SET (salt, body) = (SELECT d.salt, d.body FROM audit_details d WHERE d.sequence = audit.sequence);
DROP TABLE audit_details;
-- Stretches of 256: a commit under load changes half of the pages.
DROP INDEX events_subject;
CREATE INDEX events_subject ON events (sequence >> 8, subject);
DROP INDEX audit_subject;
CREATE INDEX audit_subject ON audit (sequence >> 8, subject);
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
WHEN NOT (NEW.salt IS NULL AND NEW.body IS NULL
  AND NEW.sequence IS OLD.sequence AND NEW.time IS OLD.time AND NEW.kind IS OLD.kind AND NEW.user IS OLD.user
  AND NEW.action IS OLD.action AND NEW.subject IS OLD.subject AND NEW.pipeline IS OLD.pipeline AND NEW.version IS OLD.version
  AND NEW.event IS OLD.event AND NEW.step IS OLD.step AND NEW.outcome IS OLD.outcome AND NEW.plugin IS OLD.plugin
  AND NEW.details IS OLD.details AND NEW.previous IS OLD.previous AND NEW.hash IS OLD.hash)
BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;
)sql"},
    {12, R"sql(
-- A receipt begins with its time: what comes in a row stands in a row, and a short key makes few pages.
DROP INDEX events_receipt;
CREATE INDEX events_receipt ON events (substr(receipt, 1, 13));
DROP INDEX audit_event;
CREATE INDEX audit_event ON audit (substr(event, 1, 13));
-- Stretches of 256 here too; the filter in memory keeps its own, of eight of them.
DROP INDEX events_id;
CREATE INDEX events_id ON events (sequence >> 8, hash) WHERE hash IS NOT NULL;
-- The host's own events, which are few among many: figures are made of them.
CREATE INDEX events_of_host ON events (type) WHERE pipeline = 'milepost';
-- That filter, in parts of 131,072 sequences, once nothing more is accepted in them: a start that finds a part here reads none of its ids.
CREATE TABLE known_ids (
  part   INTEGER PRIMARY KEY,
  filter BLOB NOT NULL             -- as KnownIds has it in memory
) STRICT;
)sql"},
    {13, R"sql(
-- Loans come in no order: where their states stood in the order of subjects, a new one changed pages of its own, and pushed rows from page to page.
-- Now states are only ever appended, and what finds them is small.
ALTER TABLE loans RENAME TO loans_before;
CREATE TABLE loans (
  subject  TEXT NOT NULL,
  revision INTEGER NOT NULL,
  event    INTEGER NOT NULL,
  time     INTEGER NOT NULL,
  state    TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX loans_subject ON loans (subject, revision);
INSERT INTO loans SELECT subject, revision, event, time, state FROM loans_before ORDER BY subject, revision;  -- as they stand: nothing is sorted in memory
DROP TABLE loans_before;
)sql"},
};

}  // namespace milepost::journal
