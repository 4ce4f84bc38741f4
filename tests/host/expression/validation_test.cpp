#include "host/expression/validation.hpp"

#include "tests/host/expression/lending.hpp"

namespace milepost::expression {
namespace TEST_FILE {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Validations : public Lending {
 protected:
  std::string refusal(std::string_view with, std::string_view schema = "") {
    std::shared_ptr<const config::JsonSchema> compiled;
    if (!schema.empty()) compiled = std::make_shared<const config::JsonSchema>(*config::JsonSchema::compile(json(schema)));
    const auto validation = Validation::compile(json(with), compiled);
    return validation ? validation->refusal(machine, scope) : "! " + validation.error().front().pointer;
  }
};

TEST_F(Validations, AcceptWhatHolds) {
  EXPECT_EQ(refusal(R"({"rules": [{"check": "payload.loan.amount > 0", "message": "positive"}]})",
                    R"({"required": ["loan"]})"),
            "");
  EXPECT_EQ(refusal("{}"), "");
}

TEST_F(Validations, NameEveryReasonInOrder) {
  const std::string reasons = refusal(
      R"({"rules": [{"check": "payload.loan.amount > 1e6", "message": "too small"}, {"check": "payload.nothing", "message": "nothing"}]})",
      R"({"properties": {"type": {"type": "integer"}}})");
  EXPECT_THAT(reasons, StartsWith("/type: "));
  EXPECT_THAT(reasons, HasSubstr("; too small; nothing"));
}

TEST_F(Validations, TakeACheckThatRaisesAsFailed) {
  EXPECT_THAT(
      refusal(R"({"rules": [{"check": "payload.nothing > 1", "message": "more than one"}]})"),
      StartsWith("more than one (the check could not be evaluated: in payload.nothing > 1: attempt to compare"));
}

TEST_F(Validations, ReportFaultsByTheirPointer) {
  EXPECT_EQ(refusal(R"({"rules": [{"check": "paylod", "message": "x"}]})"), "! /rules/0/check");
  EXPECT_EQ(refusal(R"({"rules": [{"check": "payload"}]})"), "! /rules/0");
}

}  // namespace TEST_FILE
}  // namespace milepost::expression
