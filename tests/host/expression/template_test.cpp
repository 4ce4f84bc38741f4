#include "tests/host/expression/lending.hpp"

namespace milepost::expression {
namespace TEST_FILE {

using ::testing::HasSubstr;

class Templates : public Lending {
 protected:
  std::string render(std::string_view source) {
    const auto made = Template::compile(source);
    if (!made) return "! " + made.error().message;
    EXPECT_EQ(made->source(), source);
    const auto result = made->render(machine, scope);
    return !result ? "! " + result.error().message : *result ? text(**result) : "nil";
  }
};

TEST_F(Templates, KeepTheTypeOfOneExpression) {
  EXPECT_EQ(render("${payload.loan.amount}"), "25000.00");
  EXPECT_EQ(render("${payload.loan.closed}"), "false");
  EXPECT_EQ(render("${payload.loan.note}"), "null");
  EXPECT_EQ(render("${payload.loan.nothing}"), "nil");
  EXPECT_EQ(render("${payload.tags}"), "[\"vip\",\"first\",\"vip\"]");
  EXPECT_EQ(render("${ payload.loan.units + 1 }"), "4");
}

TEST_F(Templates, TellWhenTheyAreOnePlainPathOfNames) {
  const auto names = [](const char* source) { return Template::compile(source)->names(); };
  EXPECT_THAT(names("${payload.loan.id}"), ::testing::ElementsAre("payload", "loan", "id"));
  EXPECT_THAT(names("${payload[\"a b\"]}"), ::testing::ElementsAre("payload", "a b"));
  EXPECT_THAT(names("${payload}"), ::testing::ElementsAre("payload"));
  for (const char* other : {"", "payload", "x${payload.id}", "${payload.list[1]}", "${payload.a + 1}", "${lower(payload.a)}"})
    EXPECT_THAT(names(other), ::testing::IsEmpty()) << other;
}

TEST_F(Templates, PutValuesIntoTextByTheirSource) {
  EXPECT_EQ(render("Loan ${payload.loan.id}: ${payload.loan.amount} at ${payload.loan.rate}, ${payload.loan.closed}"),
            "\"Loan L-1001: 25000.00 at 6.125, false\"");
  EXPECT_EQ(render("${payload.loan.big}${payload.loan.huge}"), "\"184467440737095516161e400\"");
  EXPECT_EQ(render(" ${payload.loan.units}"), "\" 3\"");
  EXPECT_EQ(render("${payload.borrowers[1].name}, ${payload.borrowers[2].name}"), "\"Zoë Ω, 李\"");
}

TEST_F(Templates, NeverPutNilOrAStructureIntoText) {
  EXPECT_EQ(render("x ${payload.loan.nothing}"),
            "! in payload.loan.nothing: it is nil, which has no place inside a text");
  EXPECT_EQ(render("x ${payload.loan.note}"), "! in payload.loan.note: it is nil, which has no place inside a text");
  EXPECT_EQ(render("x ${payload.tags}"), "! in payload.tags: it is a list, which has no place inside a text");
  EXPECT_EQ(render("x ${payload.loan}"), "! in payload.loan: it is an object, which has no place inside a text");
}

TEST_F(Templates, EvaluateNothingThatValuesBring) {
  payload["loan"]["id"] = "${event.id} $${x}";
  EXPECT_EQ(render("a ${payload.loan.id}"), "\"a ${event.id} $${x}\"");
}

TEST_F(Templates, FindTheClosingBrace) {
  EXPECT_EQ(render("${'}'}"), "\"}\"");
  EXPECT_EQ(render("${\"}\" .. [[}]] .. '\\'}'}!"), "\"}}'}!\"");
  EXPECT_EQ(render("${ {a = {b = 1}} }"), "{\"a\":{\"b\":1}}");
  EXPECT_EQ(render("${({1, 2})[2]}}"), "\"2}\"");
  EXPECT_EQ(render("${payload.loan.units --[[ } ]]}"), "3");
  EXPECT_EQ(render("${payload.loan.units -- }\n}"), "3");
}

TEST_F(Templates, WriteADollarAndABraceWithTwoDollars) {
  EXPECT_EQ(render("$${payload.x}"), "\"${payload.x}\"");
  EXPECT_EQ(render("$$${payload.loan.id}"), "\"$${payload.loan.id}\"");
  EXPECT_EQ(render("$5 {x} $ $$ ${payload.loan.units}"), "\"$5 {x} $ $$ 3\"");
  EXPECT_EQ(render("$"), "\"$\"");
  EXPECT_EQ(render(""), "\"\"");
}

TEST_F(Templates, KnowWhetherTheyAreConstant) {
  EXPECT_TRUE(Template::compile("")->constant());
  EXPECT_TRUE(Template::compile("plain $${x}")->constant());
  EXPECT_FALSE(Template::compile("${payload.a}")->constant());
}

TEST_F(Templates, SayWhereTheFaultIs) {
  const std::pair<const char*, const char*> rows[] = {
      {"Loan ${payload.loan.id", "! column 6: ${ is not closed by }"},
      {"${", "! column 1: ${ is not closed by }"},
      {"${}", "! column 3: there is no expression"},
      {"ab ${paylod.x}", "! column 6: unknown name paylod; did you mean payload?"},
      {"a ${payload.x} ${payload.y ==}", "! column 30: the expression ends too early"},
      {"${payload.a == 'x}", "! column 16: a text inside ${…} is not closed"},
      {"${payload.a -- note}", "! column 1: ${ is not closed by }"},
      {"${payload.a)}", "! column 12: unexpected ')'"},
      {"${ {payload.a }", "! column 1: ${ is not closed by }"},
  };
  for (const auto& [source, expected] : rows) EXPECT_THAT(render(source), HasSubstr(expected)) << source;
}

}  // namespace TEST_FILE
}  // namespace milepost::expression
