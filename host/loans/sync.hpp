// Fields that several systems share: what an event of one of them changes, what is only our own write that comes back, whose word counts, and who has
// to be told. Loans.yaml's `owners` names the fields. Pure. [any]
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/journal/records.hpp"
#include "host/loans/holdings.hpp"
#include "host/loans/model.hpp"

namespace milepost::loans {

/// What became of a field that the event told of.
struct Heard {
  enum class Kind {
    stale,     ///< the system itself has said something later
    echo,      ///< our own write
    known,     ///< nothing new
    same,      ///< it has changed there, to what the loan has
    taken,
    late,      ///< another system changed it since
    refused,   ///< a stage that the model does not allow
    unowned,   ///< not the owner's, who has not spoken yet: not taken
    kept,      ///< a conflict: not the owner's, so not taken, and the owner's is written back
    overruled, ///< a conflict: not the owner's, and taken
    task,      ///< a conflict: a person decides
    endless,   ///< a conflict: systems answer each other's writes without end, so nothing more is written
  } kind = Kind::known;
  std::string field;
  Json value;  ///< as the event has it; of a stage: the model's
  Json loan;   ///< what the loan had
  bool conflict() const { return kind >= Kind::kept; }
};
std::string_view name(Heard::Kind kind);

/// One event's part in it: judge(), then merge what it leaves, then settle().
class Sync {
 public:
  /// `holdings`: of all systems, as they are stored.
  Sync(const Model& model, const journal::Event& event, const std::map<std::string, std::string>& holdings);

  /// `with`, a track step's settings, without what is not to be merged, and with the tasks that conflicts leave. REQUIRES: fault_in() says nothing
  Json judge(const Json& state, Json with);
  /// Once the rest is merged: what was taken after all, and who is to be told.
  void settle(const Json& before, Json& after, bool stage_refused);

  const std::string& system() const { return system_; }
  const std::vector<Heard>& heard() const { return heard_; }
  /// Nothing of it is new: no step needs to run for it.
  bool quiet() const;
  /// System -> field -> the value that it is to have; empty: everyone has it.
  const std::map<std::string, Json>& to() const { return to_; }
  /// The fields that changed, with their values now.
  const Json& changed() const { return changed_; }
  /// What the event's system holds now, to be stored.
  std::string holdings_json() const { return holdings_.at(system_).json(); }

 private:
  void judge_field(const Json& state, Json& with, const std::string& field, Json value);
  void settle_tasks(const Json& state, Json& with);
  bool has(const std::string& system, const std::string& field, const Json& value) const;

  const Model& model_;
  const journal::Event& event_;
  std::string system_;
  std::map<std::string, Holdings> holdings_;
  std::optional<bool> ours_;
  Stamp stamp_;
  std::vector<Heard> heard_;
  std::vector<Holdings::Arrived> arrived_;  ///< deliveries that this event shows to have arrived
  std::map<std::string, Json> to_;
  std::map<std::string, std::uint64_t> hops_;  ///< of what was taken: how many writes of ours it answers, one after the other
  Json changed_ = Json::object();
};

/// The fields whose values stand somewhere in `with`, a step's settings: field -> value. `candidates`: what each may be, the latest last.
std::map<std::string, Json> written_in(const Json& with, const std::map<std::string, std::vector<Json>>& candidates, const Model& model, const std::string& system);

}  // namespace milepost::loans
