#include "tests/host/expression/lending.hpp"

namespace milepost::expression {
namespace TEST_FILE {

class Trees : public Lending {
 protected:
  std::string render(std::string_view source) {
    const auto tree = Tree::compile(json(source));
    if (!tree) return "! faults";
    const auto result = tree->render(machine, scope);
    return result ? text(*result) : "! " + result.error().message;
  }
};

TEST_F(Trees, EvaluateTheirTextLeaves) {
  EXPECT_EQ(
      render(
          R"({"object":"deals","key":{"loan_id":"${payload.loan.id}"},"n":25000.00,"properties":{"amount":"${payload.loan.amount}",)"
          R"("title":"Loan ${payload.loan.id}","literal":"$${x}"},"list":[1,"${payload.tags}",null]})"),
      R"({"object":"deals","key":{"loan_id":"L-1001"},"n":25000.00,"properties":{"amount":25000.00,)"
      R"("title":"Loan L-1001","literal":"${x}"},"list":[1,["vip","first","vip"],null]})");
}

TEST_F(Trees, OmitTheKeyOfALeafThatIsNil) {
  EXPECT_EQ(render(R"({"a":"${payload.nothing}","b":"${payload.loan.note}","c":{"d":"${payload.nothing}"}})"),
            R"({"b":null,"c":{}})");
  EXPECT_EQ(render(R"(["${payload.nothing}",1])"), "[null,1]");
  EXPECT_EQ(render(R"("${payload.nothing}")"), "null");
}

TEST_F(Trees, NeverEvaluateKeys) { EXPECT_EQ(render(R"({"${payload.type}":"x"})"), R"({"${payload.type}":"x"})"); }

TEST_F(Trees, KeepWhatHasNoExpression) {
  for (const char* source : {"{}", "[]", "1e400", "null", "\"\"", R"({"a":[{"b":{}},[],""],"c":-0})"})
    EXPECT_EQ(render(source), source);
  EXPECT_EQ(text(*Tree().render(machine, scope)), "null");
}

TEST_F(Trees, ReportEveryFaultByItsPointer) {
  const auto tree = Tree::compile(json(R"({"a":"${paylod}","b":["ok","${"],"c/d~":{"e":"${payload.x ==}"}})"));
  ASSERT_FALSE(tree);
  ASSERT_EQ(tree.error().size(), 3u);
  EXPECT_EQ(tree.error()[0].pointer, "/a");
  EXPECT_EQ(tree.error()[0].error.message, "column 3: unknown name paylod; did you mean payload?");
  EXPECT_EQ(tree.error()[1].pointer, "/b/1");
  EXPECT_EQ(tree.error()[2].pointer, "/c~1d~0/e");
}

TEST_F(Trees, NameThePointerOfALeafThatFails) {
  EXPECT_EQ(render(R"({"a":[{"b":"${nil + 1}"}]})"),
            "! /a/0/b: in nil + 1: attempt to perform arithmetic on a nil value");
  EXPECT_EQ(render(R"({"a":"x ${payload.nothing}"})"),
            "! /a: in payload.nothing: it is nil, which has no place inside a text");
}

}  // namespace TEST_FILE
}  // namespace milepost::expression
