// How loans go through a lender's house, ready to be asked: what a source's word means, which moves are allowed, when a stage has
// lasted too long. Immutable; shared by all that track, gate and watch. [any]
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/config/fault.hpp"
#include "host/config/loan_model.hpp"
#include "host/loans/calendar.hpp"
#include "host/loans/mail_gate.hpp"
#include "milepost/json.hpp"

namespace milepost::loans {

class Model {
 public:
  /// nullptr, and faults: an expression that does not compile, a zone that this machine lacks.
  static std::shared_ptr<const Model> compile(const config::LoanModel& definition, config::Faults& faults);
  /// What a folder without a loans.yaml has.
  static std::shared_ptr<const Model> standard();

  /// The stage that a source means by this text: by the synonyms of the pipeline, of the source, of its system, of any; else the stage of that name.
  /// Letter case does not count, and a space, "_" and "-" are one. nullopt: nobody mapped it.
  std::optional<std::string> stage(const std::string& text, const std::string& pipeline, const std::string& source) const;
  /// The same for a text that is written to a system: in its own words.
  std::optional<std::string> stage_of_system(const std::string& text, const std::string& system) const;
  bool terminal(const std::string& stage) const;
  /// Why a loan may not go from one stage to the other; "" where it may. Back, and out of a terminal stage, only with a reason.
  std::string refusal(const std::string& from, const std::string& to, bool reason) const;

  const config::ServiceLevel* service_level(const std::string& stage) const;  ///< nullptr: none
  /// When a loan that is in the stage since then is stuck there; nullopt: never.
  std::optional<Time> stuck_at(const std::string& stage, Time since) const;

  /// The time to order an event by: its own, unless that lies further ahead of its arrival than clocks differ.
  Time believed(Time time, Time accepted) const;

  /// Who owns a field that systems share; nullptr: nobody shares it.
  const config::FieldOwner* owner(const std::string& field) const;
  /// The systems that share fields, by name.
  const std::vector<std::string>& systems() const { return systems_; }

  /// Whether the loan is one of those that get no mail (mail.hold_out): by its name and the salt alone, so that no replay and no other edit changes it.
  /// A greater share holds out the same loans, and more.
  bool held_out(const std::string& subject) const;

  const config::LoanModel& definition() const { return definition_; }
  const Calendar& calendar() const { return calendar_; }
  const MailGate& mail() const { return *mail_; }
  const std::string& digest() const { return digest_; }  ///< SHA-256 in hex of json()
  Json json() const;                                     ///< whole, with the defaults

 private:
  Model(config::LoanModel definition, Calendar calendar, std::shared_ptr<const MailGate> mail);
  std::size_t rank(const std::string& stage) const;  ///< 0: the model does not have it

  config::LoanModel definition_;
  Calendar calendar_;
  std::shared_ptr<const MailGate> mail_;
  std::map<std::string, std::map<std::string, std::string>> words_;  ///< source -> folded text -> stage
  std::map<std::string, std::size_t> ranks_;                         ///< from 1; terminal ones come after all others
  std::vector<std::string> systems_;
  std::string digest_;
};

}  // namespace milepost::loans
