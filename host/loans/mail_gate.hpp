// The mail gate: whether a piece of mail may go to a loan's borrower. It fails closed: what is not known stops the piece, and a person
// decides. Immutable; shared. [any]
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/config/fault.hpp"
#include "host/config/loan_model.hpp"
#include "host/expression/expression.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::loans {

struct MailVerdict {
  enum class Kind {
    go,
    refuse,  ///< it must not go: the step is skipped
    hold,    ///< nobody knows whether it may: the step fails, and a person decides
    wait,    ///< it may, and waits for its turn in the day's budget
    lapse,   ///< it may, and waited too long for its turn: the step is skipped
    hold_out,  ///< it may, and would leave now: its loan is one of those that get no mail, for comparison; the step is skipped
  } kind = Kind::go;
  std::string reason;               ///< one line; "" for go
  Json seen = Json::object();       ///< each datum that was asked, and what there was; null: nothing
  std::optional<double> worth;      ///< by the budget's `best`
  telemetry::Time until{};          ///< of wait
};

class MailGate {
 public:
  /// Expressions of `rules` that do not compile are faults, at their places; nullptr then. Without rules the gate asks only what the host knows
  /// by itself.
  static std::shared_ptr<const MailGate> compile(const std::optional<config::MailRules>& rules, config::Faults& faults);

  struct Asked {
    const expression::Scope& scope;  ///< `loan` is the loan as it is at this moment
    bool ended = false;              ///< it is in a terminal stage
    std::function<std::optional<std::string>(const std::string& key)> suppressed;  ///< why, where the list has it
  };
  MailVerdict ask(const Asked& asked, expression::Machine& machine) const;

  const std::optional<config::MailRules>& rules() const { return rules_; }

 private:
  struct Datum {
    std::string name;
    expression::Expression expression;
  };
  std::optional<config::MailRules> rules_;
  std::vector<Datum> data_;  ///< those that are not waived
  std::vector<expression::Template> suppress_;
  std::optional<expression::Expression> best_;
};

}  // namespace milepost::loans
