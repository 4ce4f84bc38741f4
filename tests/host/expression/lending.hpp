// A scope as an event of a loan gives it, and one-line evaluation.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/expression/expression.hpp"

namespace milepost::expression {

inline Json json(std::string_view text) {
  auto value = read_json(text);
  EXPECT_TRUE(value) << text << ": " << (value ? "" : value.error().message);
  return value ? *value : Json();
}

class Lending : public ::testing::Test {
 protected:
  Lending() {
    scope.payload = &payload;
    scope.event = &event;
    scope.steps = &steps;
    scope.params = &params;
    telemetry::from_text("2026-11-20T12:00:00Z", scope.now);
    scope.link = [](const std::string& system, const std::string& type,
                    const std::string& id) -> std::optional<std::string> {
      if (system == "blend" && type == "application" && id == "77") return "L-1001";
      return std::nullopt;
    };
  }

  /// The value as JSON text; "nil"; or the error's message after "! ".
  std::string value(std::string_view source) {
    const auto expression = Expression::compile(source);
    if (!expression) return "! " + expression.error().message;
    const auto result = machine.evaluate(*expression, scope);
    if (!result) {
      EXPECT_EQ(result.error().kind, ErrorKind::permanent);
      return "! " + result.error().message;
    }
    return *result ? text(**result) : "nil";
  }
  std::string test(std::string_view source) {
    const auto expression = Expression::compile(source);
    if (!expression) return "! " + expression.error().message;
    const auto result = machine.test(*expression, scope);
    return !result ? "! " + result.error().message : *result ? "true" : "false";
  }

  Json payload = json(R"({
    "type": "stage.changed",
    "loan": {"id": "L-1001", "stage": "approval", "amount": 25000.00, "rate": 6.125, "units": 3, "closed": false, "note": null,
             "two words": "yes", "big": 18446744073709551616, "huge": 1e400, "zero": -0, "precise": 0.12345678901234567890},
    "borrowers": [{"name": "Zoë Ω"}, {"name": "李"}],
    "tags": ["vip", "first", "vip"],
    "empty": {}, "none": []
  })");
  Json event = json(R"({"id": "e-1", "subject": "L-1001", "time": "2026-11-20T11:59:59.5Z", "late": false})");
  Json steps = json(R"({"crm": {"id": "9007199254740993", "effect": "created"}})");
  Json params = json(R"({"branch": "north"})");
  Scope scope;
  Machine machine;
};

}  // namespace milepost::expression
