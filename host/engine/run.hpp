// One event on its way through its pipeline's steps. It evaluates, and gathers what must be written; it neither commits nor sends: the
// engine does, and tells it what came of it. [serial]: one thread at a time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/audit/trail.hpp"
#include "host/engine/program.hpp"
#include "host/engine/sharing.hpp"
#include "host/engine/track.hpp"
#include "host/journal/store.hpp"
#include "host/loans/model.hpp"

namespace milepost::engine {

/// Writes for the next commit, in order. They may run more than once (see journal::Store): each captures by value.
using Writes = std::vector<journal::Work>;
journal::Work all_of(Writes writes);

/// What stands between a run and its next move.
struct Progress {
  enum class Need {
    commit_end,  ///< the event ended (done, dead, waiting, in doubt): commit, then the lane goes on
    deliver,     ///< a connector step is ready: its connection's turn
  } need = Need::commit_end;
};

class Run {
 public:
  /// `effects` are the ledger's rows of the event. Binds the event to `program` where it is not bound yet.
  Run(journal::Event event, std::string payload, std::vector<journal::Effect> effects, std::shared_ptr<const Program> program,
      std::optional<journal::LoanRevision> loan, const telemetry::Clock& clock,
      std::shared_ptr<const loans::Model> loans = loans::Model::standard());

  /// Evaluates steps until one must be delivered or the event has ended. `link` answers link().
  Progress proceed(expression::Machine& machine,
                   const std::function<std::optional<std::string>(const std::string&, const std::string&, const std::string&)>& link);

  // The delivery at hand, after deliver:
  const ProgramStep& step() const { return program_->steps[position_]; }
  const journal::Effect& effect() const { return effect_; }
  bool settling() const { return effect_.state == journal::EffectState::sent; }  ///< sent before: its outcome is to be settled
  bool planned() const { return planned_ && writes_.empty(); }                   ///< it waits in the journal as it stands
  const Json& with() const { return with_; }
  const std::string& once_key() const { return once_key_; }  ///< "" without `once:`
  /// The keys that this `once:` has under the other names of a loan, all of whose names these are.
  std::vector<std::string> once_keys(const std::vector<std::string>& names) const;
  /// Set where the step writes to a system that shares fields of loans: why it need not, by what is true in this transaction; "" where it must.
  std::function<std::string(journal::Writer&)> needless() const;
  milepost::Event sdk_event() const;

  /// Planned, not before `at` when a retry waits (else as it was): rides in the commit of what came before.
  void plan(std::optional<journal::Time> at = {});
  /// Whether the mail at hand may go, by the loan as it is in this transaction, and what of it the trail must show. REQUIRES: step().mail
  loans::MailVerdict mail_verdict(expression::Machine& machine, journal::Writer& writer);
  void hold_out(const std::string& subject, loans::MailVerdict& verdict, journal::Writer& writer) const;
  void record_mail(const loans::MailVerdict& verdict, journal::Writer& writer) const;  ///< it leaves, in this transaction
  /// The write that makes it sent, with its intent row. Applied after the writes gathered so far; `attempt` counts up.
  void mark_sent();
  /// The writes so far, for one commit; the run keeps none.
  Writes take_writes();
  bool has_writes() const { return !writes_.empty(); }
  /// Where it stands rides with them: what they have done is not done again. Somebody waits for it.
  void keep_place() {
    save_event();
    presses_ = true;
  }
  /// Something of them concerns the world outside: the ledger is to know at once.
  bool presses() const { return presses_; }

  // What came of it. Each leaves the run ready for proceed(), or ended.
  void answered(const Answer& answer, bool by_look_up);
  void skipped(const std::string& outcome, const std::string& reason, const std::string& answer);  ///< superseded, or once: done before
  void failed(const Error& error, const std::string& reason);
  void gated(const loans::MailVerdict& verdict);  ///< not `go`: skipped, failed, waiting for its turn; in doubt where an attempt went out before
  void in_doubt(const Error& error, const std::string& reason);
  void retry(const Error& error, journal::Time at, bool counts);   ///< planned again
  void look_up_later(const Error& error, journal::Time at);        ///< stays sent
  void paused(const Error& error, bool during_look_up);            ///< planned again, or still sent; not counted
  void raise_paused(const config::Connection& connection, const std::string& reason);  ///< an event of the host's, unless this is an alert
  void unsent();                                                   ///< takes mark_sent() back: it was not committed after all

  const journal::Event& event() const { return event_; }
  const Program& program() const { return *program_; }
  bool ended() const { return event_.state != journal::EventState::open; }

 private:
  /// What the step at hand may look at.
  expression::Scope scope(const std::function<std::optional<std::string>(const std::string&, const std::string&, const std::string&)>& link);
  void read(bool whole = false);  ///< what expressions see of the event; once, and only when one looks
  void read_event();
  audit::Entry entry(std::string kind, std::string action, std::string step, std::string outcome, Json details = nullptr) const;
  void write(journal::Work work) { writes_.push_back(std::move(work)); }
  void write(audit::Entry row);
  void raise(std::string_view type, const std::string& step);  ///< an event of the host's about this one and its fault
  void save_event();
  void save_effect();
  void to_next_step();
  void end(journal::EventState state);
  void dead(const std::string& step, const std::string& reason);
  bool step_failed(const std::string& reason);  ///< true: the event is dead
  void run_built_in(expression::Machine& machine, const expression::Scope& scope);
  void keep_answer(const Json& answer);  ///< of a built-in step, in the ledger
  void keep_quiet();  ///< of a track step, there too
  void heed(const ProgramStep& tracking);
  void built_in_failed(const std::string& reason);
  bool prepare(expression::Machine& machine, const expression::Scope& scope);
  void outcome_row(const std::string& outcome, std::string body);
  audit::Entry gate_row(const loans::MailVerdict& verdict) const;
  std::optional<Written> written() const;  ///< what the delivery at hand writes; nullopt: nothing that is shared
  Json asked_of(const std::string& system) const;  ///< of an event of a changed loan: what it asks to write there; null

  const telemetry::Clock& clock_;
  std::shared_ptr<const loans::Model> loans_;
  journal::Event event_;
  std::string payload_text_;
  std::shared_ptr<const Program> program_;
  std::map<std::string, journal::Effect> effects_;
  std::optional<journal::LoanRevision> revision_;
  bool read_ = false, whole_ = false;  ///< the latter: the payload with all its members
  Json payload_, event_json_, loan_;  ///< once read, and of the first two what the program looks at
  Json steps_;
  std::size_t position_ = 0;
  Writes writes_;
  bool presses_ = false;
  journal::Effect effect_;
  bool planned_ = false;  ///< the journal holds `effect_` as planned
  Json with_;
  std::string once_key_, once_text_;
  std::shared_ptr<Tracked> tracked_ = std::make_shared<Tracked>();
  Json condition_ = Json::object();  ///< why this step runs: {"when", "values"}; empty without a condition
};

/// SHA-256 over the parts, each with its length, cut to 128 bits, in hex.
std::string idempotency_key(const std::string& pipeline, const std::string& event_id, const std::string& step);
/// A stored answer as expressions see it: `steps.<id>` is its body, with its effect beside it.
Json step_view(const std::string& answer);
std::string once_key(const std::string& use, const std::string& connection, const std::string& text);

}  // namespace milepost::engine
