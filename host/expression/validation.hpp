// The `validate` step: a JSON Schema over the payload, and rules. Used by the engine, and by intake for `accept: validated`.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/config/json_schema.hpp"
#include "host/expression/expression.hpp"

namespace milepost::expression {

class Validation {
 public:
  /// `with` of a validate step: {"schema": path?, "rules": [{"check": expression, "message": text}]?}; `schema` the file's (nullptr when
  /// none is named). Every fault with the JSON pointer into `with`.
  static std::expected<Validation, std::vector<TreeFault>> compile(const Json& with, std::shared_ptr<const config::JsonSchema> schema);

  /// "" when all hold; else the reasons, in order, joined by "; ": "/loan/amount: expected a number", "the loan amount must be positive". A
  /// check that raises is a failed check. At most 20. No payload values in it.
  std::string refusal(Machine& machine, const Scope& scope) const;

  /// The payload's members that its schema looks at; nullopt: any, or so many that the whole is read as quickly. Rules look at what they name.
  std::optional<std::set<std::string>> members() const;
  void each(const std::function<void(const Expression&)>& visit) const {
    for (const auto& rule : rules_) visit(rule.check);
  }

 private:
  struct Rule {
    Expression check;
    std::string message;
  };
  std::shared_ptr<const config::JsonSchema> schema_;
  std::vector<Rule> rules_;
};

}  // namespace milepost::expression
