// The rows of the store, as values. States only move forward (a person's retry of a dead letter opens the event again,
// audited).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/telemetry/clock.hpp"
#include "host/telemetry/ids.hpp"

namespace milepost::journal {

using telemetry::Time;
using Sequence = std::uint64_t;  ///< of events: the order of acceptance, from 1

/// One subject's events in one pipeline, in order.
struct Lane {
  std::string pipeline, lane;
  auto operator<=>(const Lane&) const = default;
};

enum class EventState {
  open = 0,      ///< in its lane: new, running, or held there by a retry, a limit or a pause
  waiting = 1,   ///< released: resumes at resume_at
  in_doubt = 2,  ///< released: a person or a look-up settles it
  dead = 3,      ///< dead letter: waits for a person
  done = 4,
};
std::string_view name(EventState state);

/// What intake brings.
struct NewEvent {
  std::string pipeline, source;
  std::string id, revision, type, subject, actor, reason;
  Time time{};          ///< when it happened; accepted_at when the sender does not say
  std::string lane;     ///< the subject, or "" for a lane of its own
  std::string payload;  ///< raw bytes as received (one event's part of them)
  std::string content_type;
  std::string quarantine;  ///< not empty: a dead letter from the start, with this reason
  /// JSON [[name, value], …]: the headers of a delivery that could not be decoded, for its decoder to see again.
  std::string headers = {};
  bool followed_only = false;  ///< done from the start: only `events` sources take it, no lane runs it
  /// SHA-256 of the payload, where who made it has taken it already: the writer's time is everybody's.
  std::optional<telemetry::Sha256> payload_digest = {};
};

/// How far an event has come: what its run changes of it.
struct EventProgress {
  EventState state = EventState::open;
  std::string step;                           ///< id of the next step; "" before the first
  std::string definition;                     ///< version bound when its first step began; "" before
  std::optional<std::int64_t> loan_revision;  ///< what `loan` shows during the run
  std::optional<Time> resume_at;
  bool late = false;     ///< it was released and resumed
  unsigned crashes = 0;  ///< times it was alone in flight when the process died
  std::string fault;     ///< why it is dead or in doubt; one line
};

struct Event : EventProgress {
  Sequence sequence = 0;
  std::string receipt;  ///< UUIDv7: what the sender was told, and what audit rows name
  std::string pipeline, source, id, revision, type, subject, lane, actor, reason;
  Time time{}, accepted_at{};
  std::string payload_digest;  ///< SHA-256, hex
};

enum class EffectState { planned = 0, sent = 1, done = 2, skipped = 3, failed = 4, in_doubt = 5 };
std::string_view name(EffectState state);

/// The ledger: one row for each event and step.
struct Effect {
  Sequence event = 0;
  std::string step;
  EffectState state = EffectState::planned;
  unsigned attempt = 0;  ///< attempts that were sent
  std::string key;       ///< idempotency key, hex
  std::string connection;
  std::string definition, plugin;  ///< versions that acted
  std::optional<Time> first_at;    ///< first attempt: `within` counts from here
  std::optional<Time> sent_at, ended_at;
  std::optional<Time> next_at;  ///< a retry's earliest time; without one it waits for its connection alone
  std::chrono::microseconds held{};  ///< since first_at, by a limit, a pause or an open breaker: not counted for `within`
  bool unknown = false;  ///< an attempt went out whose outcome was never learned: it is not failed, but in doubt, when it ends without one
  std::string answer;           ///< JSON {"effect":…,"body":…,"record":…}; "" until done or skipped
  std::string error;            ///< JSON {"kind":…,"message":…,"origin":…} of the last attempt
};

struct LoanRevision {
  std::string subject;
  std::int64_t revision = 0;  ///< from 1
  Sequence event = 0;
  Time time{};        ///< the event's time
  std::string state;  ///< JSON
};

/// A piece of mail that was handed to a vendor: the delivery that took it there.
struct MailPiece {
  std::string subject;
  Sequence event = 0;
  std::string step;
  std::string action, connection;  ///< as the step names them
  Time sent_at{};                  ///< of the last attempt
  std::optional<Time> recalled_at = {};  ///< when the host asked for it back
};

/// Who gets no mail.
struct Suppression {
  std::string key;     ///< a loan, a borrower's id: whatever `mail.suppress` names
  std::string reason;
  std::string user;    ///< who said so
  Time since{};
};

struct Link {
  std::string system, type, id, subject;
};

/// One row of the audit trail (audit/row.hpp turns it into bytes). The fixed part: hashed plainly. Ids and names only;
/// nothing that may name a borrower beyond the subject's own id.
struct AuditRow {
  std::uint64_t sequence = 0;  ///< from 1, without gaps
  telemetry::Time time{};
  std::string kind;    ///< event, intent, outcome, decision, admin
  std::string user;    ///< the event's actor, else "system", else "key:<name>": always an id
  std::string action;  ///< "accepted", "acme.send", "audit" …
  std::string subject;
  std::string pipeline, version;  ///< version: SHA-256 in hex of the effective definition
  std::string event;              ///< our receipt id (UUIDv7)
  std::string step;
  std::string outcome;  ///< "", or created, updated, unchanged, skipped, superseded, failed, in_doubt, dead_letter,
                        ///< quarantined …
  std::string plugin;   ///< SHA-256 in hex of the library that acted; "" for the host
  telemetry::Sha256 details{};   ///< SHA-256(salt ‖ details' bytes)
  telemetry::Sha256 previous{};  ///< hash of the row before; zeros for the first
  telemetry::Sha256 hash{};      ///< SHA-256 over the bytes of all of the above
};

/// What may name a borrower: reason text, note, request digest, vendor's ids. Kept beside the chain with its salt; may
/// be erased later with the chain still whole.
struct AuditDetails {
  std::string salt;  ///< 16 random bytes
  std::string body;  ///< a JSON text
};

/// An `once:` text that was claimed. Never pruned.
struct Once {
  std::string key;     ///< hex
  Sequence event = 0;  ///< whose delivery claimed it
  std::string step;
};

/// A version of a pipeline or connection went live.
struct VersionRow {
  std::uint64_t audit = 0;  ///< sequence of the audit row that says when, by whom and why
  std::string kind;         ///< "pipeline" or "connection"
  std::string name;
  std::string version;  ///< digest of its definition; "": it was taken away
  std::string file;     ///< of the config folder
  std::string source;   ///< digest of the file's text, a definition of kind "source"; "": not kept
};

/// Events of a pipeline that have not ended.
struct UnderWay {
  std::uint64_t open = 0, waiting = 0, in_doubt = 0;
};

}  // namespace milepost::journal
