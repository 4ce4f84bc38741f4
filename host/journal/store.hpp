// The store: the journal of events, the ledger of effects, the audit rows, loan revisions, links, cursors and plugins'
// small state, in one SQLite file (WAL, synchronous=FULL). One writer thread commits for all that wait: one fsync for
// many. Everything that must be true together is written by one Work.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/journal/records.hpp"
#include "host/journal/store_error.hpp"
#include "milepost/error.hpp"

namespace milepost::journal {

/// Work's view of the transaction. Valid only while the Work runs, on the writer's thread. Reads see the writes before
/// them. Throws StoreError when SQLite does; a Work lets it pass.
class Writer {
 public:
  enum class Verdict { accepted, duplicate, quarantined };
  struct Acceptance {
    Verdict verdict = Verdict::accepted;
    Event event;                   ///< as stored; of a duplicate: the first one's
    bool content_differs = false;  ///< a duplicate by id whose payload is another
  };
  /// Stores the event, unless (pipeline, id) is known and the event has the same revision as the latest accepted, or
  /// none. Quarantined events (dead from the start) are not remembered as ids. `receipt` is the UUIDv7 for it.
  Acceptance accept(const NewEvent& event, const std::string& receipt, Time now);

  /// A quarantined event whose payload was mapped again: it becomes `event` under its own receipt and sequence, open and
  /// late, with an identity, and wakes its lane. duplicate: nothing was changed, since the event that is returned has
  /// its id. REQUIRES: quarantined(sequence)
  Acceptance admit(Sequence sequence, const NewEvent& event);
  /// A dead letter from the start: it has no identity, and no step has seen it.
  bool quarantined(Sequence sequence);

  /// The engine looks at this lane after the commit. accept() and admit() do it for what they let in; whoever opens an
  /// event again does it himself.
  void wake(Lane lane);

  std::optional<Event> event(Sequence sequence);
  /// How far an event has come; `lane`: its own.
  void update(Sequence sequence, const Lane& lane, const EventProgress& progress);
  void update(const Event& event) { update(event.sequence, {event.pipeline, event.lane}, event); }

  std::optional<Effect> effect(Sequence event, const std::string& step);
  std::vector<Effect> effects(Sequence event);
  void put(const Effect& effect);  ///< inserts or replaces

  /// Claims `key` for (event, step); when another has it already, that one is returned.
  std::optional<Once> claim(const Once& once);
  std::optional<Once> claimed(const std::string& key);  ///< who has it
  /// Makes (event, step) the holder of a claimed key: the one before gave up without an effect.
  void take_over(const Once& once);
  /// True when an effect of `step` is done for a later event of this lane (superseded).
  bool finished_later(const std::string& pipeline, const std::string& lane, Sequence after, const std::string& step);

  std::optional<LoanRevision> loan(const std::string& subject);  ///< the latest
  void append(const LoanRevision& revision);
  /// When the loan is looked at next; nullopt: never.
  void set_loan_timer(const std::string& subject, std::optional<Time> at);
  /// What each system is known to hold of a loan: system -> JSON.
  std::map<std::string, std::string> holdings(const std::string& subject);
  void put_holding(const std::string& subject, const std::string& system, const std::string& held);
  /// What the loan is called now, which was renumbered or merged; else its own name.
  std::string known_as(const std::string& subject);
  std::vector<std::string> names_of(const std::string& subject);  ///< what it was called before
  /// From now on `old` is a name of `subject`: later events of it, its links, its mail and its former names are the other's. Its revisions stay where
  /// they are. REQUIRES: neither is a former name of any loan
  void rename(const std::string& old, const std::string& subject);
  void put(const MailPiece& piece);  ///< inserts or replaces
  void remove_mail(const std::string& subject, Sequence event, const std::string& step);  ///< it never left after all
  std::vector<MailPiece> mail_of(const std::string& subject);  ///< oldest event first
  void put(const Suppression& suppression);                   ///< inserts or replaces
  bool remove_suppression(const std::string& key);            ///< false: it is not there
  std::optional<Suppression> suppression(const std::string& key);
  std::optional<std::string> linked(const std::string& system, const std::string& type, const std::string& id);
  void put(const Link& link);

  std::optional<std::string> cursor(const std::string& source);
  void put_cursor(const std::string& source, const std::string& cursor);
  struct Item {
    std::string value;
    std::uint64_t version = 0;
  };
  std::optional<Item> state(const std::string& scope, const std::string& key);
  std::map<std::string, std::string> states(const std::string& scope);  ///< all of a scope: key -> value
  /// Compare and set: `expected` 0 means "not there yet". False when it is another; value nullopt deletes.
  bool put_state(const std::string& scope, const std::string& key, const std::optional<std::string>& value,
                 std::uint64_t expected);
  /// Deletes it with its version: of the host's own alone, of which nobody holds one.
  void drop_state(const std::string& scope, const std::string& key);

  void put_definition(const std::string& digest, const std::string& kind, const std::string& name,
                      const std::string& body);
  void put(const VersionRow& row);

  /// The chain's last row (sequence 0 when there is none), kept in memory across works.
  const AuditRow& last_audit_row() const;
  void append_audit_row(const AuditRow& row, const AuditDetails& details);
  /// The chain holds all the same (docs/audit.md). False when they are not there.
  bool erase_audit_details(std::uint64_t sequence);

  Time now() const;  ///< by the store's clock

  struct Transaction;  ///< SQLite's side, private to journal/
  explicit Writer(Transaction& transaction) : transaction_(transaction) {}

 private:
  bool update_open(Sequence sequence, const EventProgress& progress);
  friend class Pruner;
  Transaction& transaction_;
};

using Work = std::function<void(Writer&)>;
/// ok: on disk. An error (`retryable`: full or failing disk, named in the message): nothing of it is; only of what drain() or
/// the store's end gave up while the disk failed nobody knows. On a thread of the store's; what is on disk, in the order of submission. Readers
/// may see a commit a moment before: what they saw is taken back when the machine, not the process, stops in that moment.
using Done = std::function<void(Status)>;

struct EventFilter {
  std::optional<std::string> pipeline = {}, subject = {}, id = {}, receipt = {}, type = {}, step = {};
  std::optional<EventState> state = {};
  std::optional<Time> since = {}, until = {};  ///< accepted at or after, and before
  Sequence before = 0;                         ///< 0: from the newest
  Sequence after = 0;                          ///< only later ones
  std::size_t limit = 50;
  bool oldest_first = false;
};
struct AuditFilter {
  std::optional<std::string> pipeline = {}, subject = {}, event = {}, kind = {};
  std::uint64_t after = 0;
  std::size_t limit = 100;
  bool newest_first = false;
};
struct AuditRecord {
  AuditRow row;
  std::optional<AuditDetails> details;  ///< nullopt: erased
};
struct StoreOptions {
  std::string path;                   ///< its folder is made (0700) when missing
  telemetry::Clock* clock = nullptr;  ///< required
  bool read_only = false;             ///< for tools on a copy
};

/// All methods [any] once open() has returned. Reads use short transactions of their own connections (never past one
/// second) and throw StoreError when the file cannot be read.
class Store {
 public:
  /// Migrates an older schema forward, in one transaction; refuses a newer one, a foreign file and a damaged one:
  /// `permanent`, with both versions and the remedy.
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options);
  ~Store();  ///< commits what was submitted, then closes

  /// Runs `work` on the writer's thread in the next commit, then `done` on that thread (it must be quick). A lone work
  /// is not delayed for company. When a commit of several fails, each is tried alone, so a Work may run more than once:
  /// it assigns, never accumulates. `reply`: `done` answers a sender, and asks nothing of this store: it is called before the commit is told
  /// to anyone else. `soon`: nobody waits for it, so it rides with the next commit, and has one of its own when none comes within 2 ms.
  /// Works run in the order of their submission, whatever their haste.
  enum class Haste { reply, now, soon };
  void submit(Work work, Done done, Haste haste = Haste::now);
  /// The same, waiting. Not from inside a Work, a Done or a listener.
  Status run(Work work);
  /// Returns once every `done` of what was submitted before has been called. Where the disk fails, and commits wait for their sync, those
  /// are told an error, though they may be there: for who is about to end. Not from inside a Work, a Done or a listener.
  void drain();

  // Listeners, one of each, called on a thread of the store's; quick, and throwing nothing, as every `done`. Once the call that replaces one
  // returns, the one before is not at work any more. Not from inside a Done or a listener.

  /// After each commit that woke lanes: each once, after every `done` of that commit.
  void on_work(std::function<void(const std::vector<Lane>&)> listener);

  /// After each commit that stored events, with the newest one's sequence.
  void on_events(std::function<void(Sequence newest)> listener);

  /// After each commit that set a loan's timer.
  void on_loan_timers(std::function<void()> listener);

  std::optional<Event> event(Sequence sequence) const;
  std::optional<Event> event_by_receipt(const std::string& receipt) const;
  std::optional<std::string> payload(Sequence sequence) const;  ///< raw; nullopt when pruned
  std::string headers(Sequence sequence) const;                 ///< NewEvent::headers; "" where none were kept
  std::vector<Effect> effects(Sequence event) const;
  std::vector<Event> events(const EventFilter& filter) const;  ///< newest first, unless the filter says otherwise
  bool quarantined(Sequence sequence) const;                   ///< as the Writer's
  Sequence newest() const;  ///< 0: none yet
  struct Slice {
    std::vector<Event> events;
    Sequence reached = 0;  ///< all up to it were looked at
  };
  /// What was accepted (so nothing quarantined) after `after`, in order: at most `limit` events of these pipelines, or of any when
  /// there are none. It looks at a stretch that is quickly read, so more may follow even when it finds nothing.
  Slice accepted(Sequence after, const std::vector<std::string>& pipelines, std::size_t limit) const;
  std::vector<AuditRecord> audit(const AuditFilter& filter) const;
  /// Every audit row after `after` and up to `last`, in order, in pages, without holding a transaction between them.
  /// `visit` false ends.
  void each_audit_row(const std::function<bool(const AuditRecord&)>& visit, std::uint64_t after = 0,
                      std::uint64_t last = INT64_MAX) const;
  std::optional<LoanRevision> loan(const std::string& subject, std::optional<std::int64_t> revision = {}) const;
  std::string known_as(const std::string& subject) const;               ///< as the Writer's
  std::vector<std::string> names_of(const std::string& subject) const;  ///< as the Writer's
  std::map<std::string, std::string> holdings(const std::string& subject) const;  ///< as the Writer's
  /// The latest revision of each loan, by subject, after the subject `after`; none of those that became another.
  std::vector<LoanRevision> loans(const std::string& after, std::size_t limit) const;
  /// A loan's revisions, newest first, those before `before` (0: from the newest). Retention thins out the old ones.
  std::vector<LoanRevision> loan_history(const std::string& subject, std::int64_t before, std::size_t limit) const;
  /// Loans whose timer has run out, oldest first; and when the next one does.
  std::vector<std::string> loans_due(Time now, std::size_t limit) const;
  std::optional<Time> next_loan_due() const;
  std::vector<MailPiece> mail_of(const std::string& subject) const;  ///< oldest event first
  std::vector<Suppression> suppressions(const std::string& after, std::size_t limit) const;  ///< by key
  std::optional<std::string> linked(const std::string& system, const std::string& type, const std::string& id) const;
  std::optional<std::string> definition(const std::string& digest) const;
  /// What went live, newest first; at most `limit`.
  std::vector<VersionRow> versions(const std::string& kind, const std::string& name, std::size_t limit) const;
  /// The newest of each pipeline and connection, also where it was taken away.
  std::vector<VersionRow> latest_versions() const;
  std::optional<std::string> cursor(const std::string& source) const;
  std::optional<Writer::Item> state(const std::string& scope, const std::string& key) const;
  std::map<std::string, std::string> states(const std::string& scope) const;  ///< all of a scope: key -> value

  /// Pipelines that have open events, deployed or not.
  std::vector<std::string> open_pipelines() const;
  /// A pipeline's lanes with open events, in key order after the lane `after`; at most `limit`.
  std::vector<Lane> open_lanes(const std::string& pipeline, const std::optional<std::string>& after, std::size_t limit) const;
  struct Head {
    Event event;
    std::string payload;  ///< raw
    bool more = false;    ///< there is another open event behind it
    std::optional<std::optional<LoanRevision>> loan = {};  ///< loan(event.subject), where it is at hand
  };
  /// The oldest open event of a lane.
  std::optional<Head> head(const Lane& lane) const;
  struct PlannedPage {
    std::vector<Lane> lanes;
    Sequence last = 0;  ///< the head of the last of them: the next page comes after it
  };
  /// Lanes whose head is planned on `connection` and may be sent by `now`: oldest events first, those after `after`.
  PlannedPage planned(const std::string& connection, Time now, Sequence after, std::size_t limit) const;
  /// Waiting events whose time has come, oldest first; and the next time after `now` when there is one.
  std::vector<Sequence> due(Time now, std::size_t limit) const;
  std::optional<Time> next_due() const;
  /// Effects that were sent and have no outcome: what a crash left.
  std::vector<Effect> sent_without_outcome() const;
  std::uint64_t count(EventState state) const;
  std::map<std::string, UnderWay> under_way() const;  ///< by pipeline

  struct Usage {
    std::uint64_t file = 0, wal = 0;  ///< bytes on disk
    std::uint64_t reusable = 0;       ///< of the file: pages that are free to be filled again
    std::uint64_t free = 0;           ///< on the disk that holds them
    std::uint64_t used() const { return file + wal - std::min(reusable, file); }
  };
  Usage usage() const;
  struct Backlog {
    Sequence after;             ///< every event up to here has begun: what the next look begins with
    std::optional<Time> since;  ///< when the oldest one was accepted whose turn it is and that has not begun
  };
  /// Of the pipelines that `counts` names. An event whose turn it is is the first of its lane: one that stands behind
  /// another, which retries or is held by a pause, waits for that one. Looks at 50,000 rows at most, so a long journal
  /// is walked in several looks.
  Backlog backlog(Sequence after, const std::function<bool(const std::string& pipeline)>& counts) const;

  struct Health {
    bool ok = true;
    std::string message;  ///< why not: "the disk is full", "fsync failed"
  };
  Health health() const;

 private:
  friend class Pruner;
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace milepost::journal
