#include <thread>

#include "tests/host/expression/lending.hpp"

namespace milepost::expression {
namespace TEST_FILE {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Evaluate : public Lending {};

TEST_F(Evaluate, CopiesWhatAPlainPathLeadsTo) {
  const std::pair<const char*, const char*> rows[] = {
      {"payload.loan.id", "\"L-1001\""},
      {"payload.loan.amount", "25000.00"},
      {"payload.loan.big", "18446744073709551616"},
      {"payload.loan.huge", "1e400"},
      {"payload.loan.zero", "-0"},
      {"payload.loan.note", "null"},
      {"payload.loan.missing", "nil"},
      {"payload.nowhere.at.all", "nil"},
      {"payload.loan.id.deeper", "nil"},
      {"payload.loan['two words']", "\"yes\""},
      {"payload.borrowers[2].name", "\"李\""},
      {"payload.borrowers[0]", "nil"},
      {"payload.borrowers[3]", "nil"},
      {"payload.borrowers.name", "nil"},
      {"payload.borrowers['1']", "nil"},
      {"payload.loan[1]", "nil"},
      {"payload.tags", "[\"vip\",\"first\",\"vip\"]"},
      {"payload.empty", "{}"},
      {"loan", "nil"},
      {"loan.stage", "nil"},
  };
  for (const auto& [source, expected] : rows) EXPECT_EQ(value(source), expected) << source;
}

TEST_F(Evaluate, ReadsTheSameThroughLua) {
  for (const char* path :
       {"payload.loan.id", "payload.loan.missing", "payload.nowhere.at.all", "payload.loan.id.deeper",
        "payload.loan.units.x", "payload.loan.closed.x", "payload.loan['two words']", "payload.borrowers[2].name",
        "payload.borrowers[0]", "payload.borrowers[3]", "payload.borrowers.name", "payload.borrowers['1']",
        "payload.loan[1]", "payload.tags", "payload.empty", "payload.none", "loan.stage", "payload.loan", "payload"})
    EXPECT_EQ(value("(" + std::string(path) + ")"), value(path)) << path;
}

TEST_F(Evaluate, ComparesWithATextAsLuaDoes) {
  for (const char* path : {"payload.loan.id", "payload.loan.missing", "payload.loan.id.deeper", "payload.loan.note", "payload.loan.units", "payload.loan.big",
                           "payload.loan.closed", "payload.loan['two words']", "payload.borrowers[2].name", "payload.borrowers[9].name", "payload.loan", "payload.tags",
                           "loan.stage", "steps.crm.effect", "event.subject"})
    for (const char* text : {"\"L-1001\"", "'yes'", "\"\"", "\"李\"", "\"3\"", "\"created\"", "'nil'", "[[L-1001]]", "\"L\\0451001\""})
      for (const char* with : {" == ", "~="}) {
        const std::string source = std::string(path) + with + text;
        EXPECT_EQ(value(source), value("(" + source + ")")) << source;
        EXPECT_EQ(test(source), test("(" + source + ")")) << source;
      }
  EXPECT_EQ(test("payload.loan.id == 'L-1001'  -- its own id"), "true");
  EXPECT_EQ(test("payload.loan.id ~= \"L\" .. '-1001'"), "false");
  EXPECT_EQ(value("'L-1001' == payload.loan.id"), "true");
}

TEST_F(Evaluate, ReadsNullAsNil) {
  EXPECT_EQ(value("payload.loan.note == nil"), "true");
  EXPECT_EQ(value("payload.loan.note or 'none'"), "\"none\"");
  EXPECT_EQ(value("(payload.loan.note)"), "nil");
}

TEST_F(Evaluate, ComputesWithNumbers) {
  const std::pair<const char*, const char*> rows[] = {
      {"payload.loan.amount > 0", "true"},
      {"payload.loan.amount == 25000", "true"},
      {"payload.loan.amount * 2", "50000"},
      {"payload.loan.amount or 0", "25000"},
      {"payload.loan.rate + 0.1", "6.225"},
      {"0.1 + 0.2", "0.30000000000000004"},
      {"payload.loan.units + 1", "4"},
      {"6 / 2", "3"},
      {"7 // 2", "3"},
      {"2^53", "9.007199254740992e+15"},
      {"2^0.5", "1.4142135623730951"},
      {"-0.0", "0"},
      {"payload.loan.zero + 0", "0"},
      {"9223372036854775807", "9223372036854775807"},
      {"1e400 > 1", "true"},
      {"payload.loan.huge > 1e300", "true"},
      {"1e-7", "1e-07"},
  };
  for (const auto& [source, expected] : rows) EXPECT_EQ(value(source), expected) << source;
}

TEST_F(Evaluate, NeverRoundsANumberThatItOnlyPassesOn) {
  EXPECT_EQ(value("payload.loan.big or 0"), "18446744073709551616");
  EXPECT_EQ(value("payload.loan.huge or 0"), "1e400");
  EXPECT_EQ(value("payload.loan.precise or 0"), "0.12345678901234567890");
  EXPECT_EQ(value("{id = payload.loan.big}"), "{\"id\":18446744073709551616}");
  payload = json(R"({"a": 18446744073709551616, "b": 18446744073709551617, "c": 18446744073709551615})");
  EXPECT_EQ(value("(payload.c)"), "18446744073709551615");
  EXPECT_THAT(value("payload.a == payload.b and payload.b"), HasSubstr("more digits than it can tell apart"));
}

TEST_F(Evaluate, RefusesNumbersThatJsonCannotHold) {
  EXPECT_EQ(value("1 / 0"), "! in 1 / 0: it gives a number that is not finite");
  EXPECT_THAT(value("0 / 0"), HasSubstr("not finite"));
  EXPECT_THAT(value("payload.loan.huge * 2"), ::testing::AnyOf(HasSubstr("not finite"), "1e400"));
  EXPECT_THAT(value("{1, -1e400}"), HasSubstr("not finite"));
}

TEST_F(Evaluate, GivesTheJsonItselfWhereAViewComesOut) {
  EXPECT_EQ(value("payload.missing or payload.loan"), text(payload["loan"]));
  EXPECT_EQ(value("{first = payload.borrowers[1], tags = payload.tags}"),
            "{\"first\":{\"name\":\"Zoë Ω\"},\"tags\":[\"vip\",\"first\",\"vip\"]}");
}

TEST_F(Evaluate, TurnsTablesIntoListsAndObjects) {
  const std::pair<const char*, const char*> rows[] = {
      {"{1, 'two', {3}, true}", "[1,\"two\",[3],true]"},
      {"{b = 1, a = 2, c = {d = 1}}", "{\"a\":2,\"b\":1,\"c\":{\"d\":1}}"},
      {"{}", "{}"},
      {"{a = nil}", "{}"},
      {"{1, nil, 3}", "[1,null,3]"},
  };
  for (const auto& [source, expected] : rows) EXPECT_EQ(value(source), expected) << source;
  for (const char* source :
       {"{1, a = 2}", "{[1.5] = 1}", "{[2] = 1}", "{[true] = 1}", "{1, nil, 3, x = 4}", "{[payload.loan] = 1}"})
    EXPECT_THAT(value(source), HasSubstr("neither a list nor has only text keys")) << source;
  EXPECT_THAT(value("{function() end}"), HasSubstr("it gives a function"));
  EXPECT_THAT(value("lower"), HasSubstr("it gives a function"));
  EXPECT_THAT(value("'\\xff'"), HasSubstr("not UTF-8"));
  EXPECT_THAT(value("{['\\xed\\xa0\\x80'] = 1}"), HasSubstr("not UTF-8"));
  EXPECT_EQ(value("'\\u{1F600}\\0'"), "\"😀\\u0000\"");
}

TEST_F(Evaluate, ComparesViewsByValue) {
  payload = json(R"({"a": {"x": [1, 2.50, {"y": null}], "z": "t"}, "b": {"z": "t", "x": [1.0, 2.5, {"y": null}]},
                     "c": {"z": "t", "x": [1.0, 2.5, {"y": 0}]}, "d": {"z": "t"}, "e": [], "f": {}})");
  EXPECT_EQ(value("payload.a == payload.b"), "true");
  EXPECT_EQ(value("payload.a == payload.c"), "false");
  EXPECT_EQ(value("payload.a == payload.d"), "false");
  EXPECT_EQ(value("payload.e == payload.f"), "false");
  EXPECT_EQ(value("payload.a == payload.a"), "true");
  EXPECT_EQ(value("payload.a ~= 'text'"), "true");
  EXPECT_EQ(value("payload.e == payload.nothing"), "false");
}

TEST_F(Evaluate, MeasuresListsAndTexts) {
  EXPECT_EQ(value("#payload.tags"), "3");
  EXPECT_EQ(value("#payload.none"), "0");
  EXPECT_EQ(value("#payload.type"), "13");
  EXPECT_THAT(value("#payload.loan"), HasSubstr("# wants a list or a text, not an object"));
  EXPECT_EQ(
      value("(function() local s = '' for i = 1, #payload.tags do s = s .. payload.tags[i] .. ',' end return s end)()"),
      "\"vip,first,vip,\"");
}

TEST_F(Evaluate, NamesTheExpressionAndTheReason) {
  const std::pair<const char*, const char*> rows[] = {
      {"payload.missing + 1",
       "! in payload.missing + 1: attempt to perform arithmetic on a nil value (field 'missing')"},
      {"payload.missing()", "! in payload.missing(): attempt to call a nil value (field 'missing')"},
      {"payload.missing > 1", "! in payload.missing > 1: attempt to compare number with nil"},
      {"'x' .. payload.loan", "! in 'x' .. payload.loan: attempt to concatenate a JSON value (field 'loan')"},
      {"payload.type + 1", "! in payload.type + 1: attempt to perform arithmetic on a string value (field 'type')"},
      {"'10' + 1", "! in '10' + 1: attempt to perform arithmetic on a string value (constant '10')"},
      {"payload.loan < payload.loan", "! in payload.loan < payload.loan: attempt to compare two JSON values"},
      {"1 // 0", "! in 1 // 0: attempt to divide by zero"},
      {"('x'):rep(3)", "! in ('x'):rep(3): attempt to call a nil value (method 'rep')"},
      {"lower(\n1)", "! in lower( 1): lower: argument 1 must be text, found number"},
  };
  for (const auto& [source, expected] : rows) EXPECT_EQ(value(source), expected);
  EXPECT_THAT(value("nil + '" + std::string(500, 'x') + "'").size(), ::testing::Lt(300u));
}

TEST_F(Evaluate, ForgetsEachScopeWhenItEnds) {
  const auto expression = *Expression::compile("payload.loan.id .. ''");
  for (int i = 0; i < 3; ++i) {
    const Json other = json("{\"loan\": {\"id\": \"L-" + std::to_string(i) + "\"}}");
    Scope its;
    its.payload = &other;
    EXPECT_EQ(**machine.evaluate(expression, its), "L-" + std::to_string(i));
  }
  EXPECT_EQ(**machine.evaluate(expression, scope), "L-1001");
}

TEST_F(Evaluate, GoesOnAfterAnError) {
  EXPECT_THAT(value("nil + 1"), StartsWith("!"));
  EXPECT_EQ(value("1 + 1"), "2");
}

TEST_F(Evaluate, KeepsManyExpressions) {
  for (int i = 0; i < 3000; ++i) ASSERT_EQ(value(std::to_string(i) + " + 1"), std::to_string(i + 1));
  EXPECT_EQ(value("0 + 1"), "1");
}

TEST_F(Evaluate, SurvivesTheExpressionThatItLoaded) {
  Machine moved = std::move(machine);
  for (int i = 0; i < 10; ++i) {
    const auto expression = *Expression::compile("payload.loan.units + " + std::to_string(i % 2));
    EXPECT_EQ(**moved.evaluate(expression, scope), 3 + i % 2);
  }
}

TEST_F(Evaluate, SharesExpressionsBetweenMachines) {
  const auto expression = *Expression::compile("upper(payload.loan.stage)");
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      Machine own;
      for (int n = 0; n < 100; ++n) EXPECT_EQ(**own.evaluate(expression, scope), "APPROVAL");
    });
}

class Test : public Lending {};

TEST_F(Test, TakesBooleansNilAndAnswers) {
  EXPECT_EQ(test("payload.type == 'stage.changed' and payload.loan.stage == 'approval'"), "true");
  EXPECT_EQ(test("payload.loan.closed"), "false");
  EXPECT_EQ(test("(payload.loan.closed)"), "false");
  EXPECT_EQ(test("steps.crm"), "true");
  EXPECT_EQ(test("steps.crm and steps.crm"), "true");
  EXPECT_EQ(test("steps.card"), "false");
  EXPECT_EQ(test("steps.card and steps.card.id"), "false");
  EXPECT_EQ(test("payload.loan.note"), "false");
  EXPECT_EQ(test("not steps.card"), "true");
}

TEST_F(Test, RefusesEverythingElse) {
  const std::pair<const char*, const char*> rows[] = {
      {"payload.type", "a text"},
      {"(payload.type)", "a text"},
      {"payload.loan.units", "a number"},
      {"payload.loan.amount", "a number"},
      {"1", "a number"},
      {"payload.tags", "a list"},
      {"(payload.tags)", "a list"},
      {"{}", "a table"},
      {"lower", "a function"},
  };
  for (const auto& [source, found] : rows)
    EXPECT_EQ(test(source),
              "! in " + std::string(source) + ": it must give true, false, nil or an answer, and gives " + found);
  EXPECT_THAT(test("payload.loan.stage.x > 1"), HasSubstr("attempt to compare"));
}

}  // namespace TEST_FILE
}  // namespace milepost::expression
