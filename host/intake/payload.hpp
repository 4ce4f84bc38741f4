// A payload as intake looks at it: checked in one quick pass, a few of its values picked; a document is built only
// where an expression asks for more. [serial]
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "host/expression/expression.hpp"

namespace milepost::intake {

class Payload {
 public:
  /// `source` is borrowed.
  explicit Payload(const std::string& source);
  ~Payload();
  Payload(const Payload&) = delete;
  Payload& operator=(const Payload&) = delete;

  /// Why read_json() refuses it, in its words; "" when it does not.
  const std::string& fault() const;
  /// What the plain path of these names gives: a scalar's value, or nil. nullopt: only the document tells (a list, an
  /// object, a fraction, whose source text must be kept). REQUIRES: no fault.
  std::optional<expression::Value> pick(std::span<const std::string> names) const;
  /// The whole value, built at the first call. REQUIRES: no fault.
  const Json& document();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace milepost::intake
