// Columns to records. Each list of columns goes with the function that reads it.
#pragma once

#include "host/journal/records.hpp"
#include "host/journal/sqlite.hpp"
#include "host/journal/store.hpp"

namespace milepost::journal {

#define MILEPOST_EVENT_COLUMNS                                                                                 \
  "sequence, receipt, pipeline, source, id, revision, type, subject, lane, actor, reason, time, accepted_at, " \
  "payload_digest, state, step, definition, loan_revision, resume_at, late, crashes, fault"
Event read_event(const sqlite::Query& row);

/// Bound with a sequence: a row when that event is quarantined.
#define MILEPOST_QUARANTINED "SELECT 1 FROM events WHERE sequence = ? AND state = 3 AND hash IS NULL"

/// A set of sequences, from an index that goes in stretches of 2^bits of them: `condition` is on the row `s`.
#define MILEPOST_IN_STRETCHES(table, index, bits, condition)                                                    \
  "(WITH RECURSIVE stretch (n) AS (SELECT min(sequence) >> " bits " FROM " table                                \
  " UNION ALL SELECT n + 1 FROM stretch WHERE n < (SELECT max(sequence) >> " bits " FROM " table "))"           \
  " SELECT s.sequence FROM stretch CROSS JOIN " table " s INDEXED BY " index " WHERE s.sequence >> " bits " = n" \
  " AND " condition ")"
/// The sequences of a subject's rows in `events` or `audit`; one `?`.
#define MILEPOST_OF_SUBJECT(table, place) MILEPOST_IN_STRETCHES(table, table "_subject", "8", "s.subject = " place)

/// Rows whose column is this receipt, by the index on its first letters, which hold the time; two `?`. The + keeps SQLite from putting the
/// receipt into the first term too, which then says nothing of the index.
#define MILEPOST_OF_RECEIPT(column) "substr(" column ", 1, 13) = substr(?, 1, 13) AND +" column " = ?"

#define MILEPOST_EFFECT_COLUMNS                                                                              \
  "event, step, state, attempt, key, connection, definition, plugin, first_at, sent_at, ended_at, next_at, " \
  "answer, error, held, unknown"
Effect read_effect(const sqlite::Query& row);

#define MILEPOST_AUDIT_COLUMNS                                                                                   \
  "a.sequence, a.time, a.kind, a.user, a.action, a.subject, a.pipeline, a.version, a.event, a.step, a.outcome, " \
  "a.plugin, a.details, a.previous, a.hash"
/// Assigns to what is there, so that a page of rows is read into the room of the page before.
void read_audit_row(const sqlite::Query& row, AuditRow& out);
/// MILEPOST_AUDIT_COLUMNS followed by d.salt, d.body of a left join.
void read_audit_record(const sqlite::Query& row, AuditRecord& out);

}  // namespace milepost::journal
