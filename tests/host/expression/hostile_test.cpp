// Expressions that want to run for ever, to grow without end, or to get out. Each must end within its bound.
#include "tests/host/expression/lending.hpp"

namespace milepost::expression {
namespace TEST_FILE {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class Hostile : public Lending {
 protected:
  Hostile() {
    payload["long"] = std::string(1 << 20, 'a');
    payload["needle"] = std::string(1 << 18, 'a') + 'b';
    payload["wide"] = wide(0, 1);
  }
  static constexpr int kWide = 20'000;
  static Json wide(int first, int step) {
    std::string source = "{";
    for (int i = 0; i < kWide; ++i, first += step)
      source += (i == 0 ? "\"key " : ",\"key ") + std::to_string(first) + "\":" + std::to_string(first);
    return json(source + "}");
  }
  /// Each body runs inside a function; afterwards the machine must be as good as new.
  void ends(const std::string& body, const ::testing::Matcher<std::string>& how) {
    const std::clock_t begin = std::clock();  // the processor's time: others may want it too
    EXPECT_THAT(value("(function() " + body + " end)()"), how) << body;
    EXPECT_LT(std::clock() - begin, 5 * CLOCKS_PER_SEC) << body;
    EXPECT_EQ(value("payload.loan.units + 1"), "4");
  }
  const ::testing::Matcher<std::string> bounded = AnyOf(HasSubstr("it takes more than"), HasSubstr("stack overflow"));
};

TEST_F(Hostile, LoopsAreStopped) {
  ends("while true do end", HasSubstr("it takes more than 1000000 instructions"));
  ends("repeat until false", bounded);
  ends("for i = 1, 1e18 do end", bounded);
  ends("::again:: goto again", bounded);
  ends("local function f() return f() end return f()", bounded);
  ends("local n = 0 while true do n = n + #payload.tags end", bounded);
}

TEST_F(Hostile, DeepRecursionIsStopped) {
  ends("local function f(n) return 1 + f(n + 1) end return f(0)", bounded);
  ends("local function f(...) return 1 + f(1, ...) end return f()", bounded);
}

TEST_F(Hostile, TextsCannotGrowWithoutEnd) {
  ends("local s = 'x' while true do s = s .. s end", HasSubstr("it takes more than 16777216 bytes of memory"));
  ends("local s = 'x' for i = 1, 40 do s = replace(s, 'x', 'xxxxxxxxxx') end return s", bounded);
  ends("local s = payload.long for i = 1, 1e9 do local t = s .. i end", bounded);
  ends("return replace(payload.long, 'a', payload.long)", bounded);
  ends("local t = {} for i = 1, 1e9 do t[i] = payload.long end", bounded);
  ends("local t = {} for i = 1, 1e9 do t[i] = i end", bounded);
  ends("local t = {} for i = 1, 1e9 do t = {t} end", bounded);
  ends("return split(payload.long, 'a')", AnyOf(bounded, HasSubstr("[\"\"")));
  ends("while true do split(payload.long, 'a') end", bounded);
}

TEST_F(Hostile, FunctionsOnLongTextsArePaidFor) {
  for (const char* call :
       {"lower(payload.long)", "trim(payload.long)", "len(payload.long)", "contains(payload.long, payload.needle)",
        "replace(payload.long, payload.needle, '')", "starts_with(payload.long, payload.long)", "time(payload.long)",
        "has(payload.wide, 'none')", "payload.wide.none", "payload.wide == payload.copy"})
    ends("while true do local x = " + std::string(call) + " end", bounded);
  ends("local a, b = payload.long .. 'x', payload.long .. 'x' while true do local x = a == b end", bounded);
  ends("local a, b = payload.long .. 'x', payload.long .. 'y' while true do local x = a < b end", bounded);
}

TEST_F(Hostile, ComparingWideObjectsIsPaidFor) {
  payload["copy"] = wide(kWide - 1, -1);
  ends("while true do local x = payload.wide == payload.copy end", bounded);
}

TEST_F(Hostile, ResultsAreBounded) {
  ends("local t = {} t.t = t return t", HasSubstr("nests deeper than 64, or holds itself"));
  ends("local t = {} t[1] = t return t", HasSubstr("nests deeper than 64, or holds itself"));
  ends("local t = {1} for i = 1, 60 do t = {t, t} end return t", HasSubstr("more than its bound on memory"));
  ends("local t = {} for i = 1, 10000 do t[i] = payload end return t", HasSubstr("more than its bound on memory"));
}

TEST_F(Hostile, NothingOutsideIsWithinReach) {
  ends("payload.loan.amount = 1", HasSubstr("what came in is read-only"));
  ends("payload.tags[1] = 'x'", HasSubstr("what came in is read-only"));
  ends("payload.nothing.x = 1", HasSubstr("attempt to index a nil value"));
  ends("payload = 1", HasSubstr("no global variables to assign to"));
  ends("lower = upper", HasSubstr("no global variables to assign to"));
  ends("return ('x').rep or payload.type.format or (1).x or (nil).x or true.x", ::testing::StartsWith("!"));
  ends("return (''):rep(1e9)", HasSubstr("attempt to call a nil value (method 'rep')"));
  ends("return payload:__index('x')", HasSubstr("attempt to call a nil value"));
  ends("return payload.__metatable or payload.__index or payload.__gc", "nil");
  ends("return lower.x", HasSubstr("attempt to index a function value"));
  ends("local x <close> = payload", HasSubstr("got a non-closable value"));
  ends("return lower", HasSubstr("it gives a function"));
  ends("return payload.loan == 1 or payload.loan.x(1)", HasSubstr("attempt to call a nil value"));
}

TEST_F(Hostile, OneEvaluationCannotSpeakToTheNext) {
  const auto expression =
      *Expression::compile("(function() local n = 0 return (function() n = n + 1 return n end)() end)()");
  EXPECT_EQ(**machine.evaluate(expression, scope), 1);
  EXPECT_EQ(**machine.evaluate(expression, scope), 1);
}

TEST_F(Hostile, MemoryDoesNotAddUpOverEvaluations) {
  const auto expression =
      *Expression::compile("(function() local t = {} for i = 1, 10 do t[i] = payload.long .. i end return #t end)()");
  for (int i = 0; i < 50; ++i) ASSERT_EQ(text(**machine.evaluate(expression, scope)), "10");
}

TEST_F(Hostile, SmallerBoundsHold) {
  Machine small(Bounds{.instructions = 10'000, .memory_bytes = 100'000, .cpu = std::chrono::seconds(1)});
  const auto run = [&](const char* source) {
    const auto result = small.evaluate(*Expression::compile(source), scope);
    return result ? text(**result) : result.error().message;
  };
  EXPECT_EQ(run("1 + 1"), "2");
  EXPECT_THAT(run("(function() for i = 1, 1e5 do end end)()"), HasSubstr("more than 10000 instructions"));
  EXPECT_THAT(run("#(payload.long .. 'x')"), HasSubstr("it takes more than"));
  EXPECT_EQ(run("1 + 1"), "2");
}

TEST_F(Hostile, TheProcessorsTimeIsTheLastBound) {
  Machine quick(Bounds{.instructions = 1'000'000'000, .memory_bytes = 1 << 20, .cpu = std::chrono::milliseconds(20)});
  const auto result = quick.evaluate(*Expression::compile("(function() while true do end end)()"), scope);
  EXPECT_THAT(result.error().message, HasSubstr("it takes more than 20 ms"));
}

TEST_F(Hostile, AFewInstructionsOnLongTextsAreTimedToo) {
  Machine quick(Bounds{.cpu = std::chrono::milliseconds(2)});
  Json twins{{"a", std::string(2'000'000, 'x')}, {"b", std::string(2'000'000, 'x')}};
  scope.payload = &twins;
  const auto result = quick.evaluate(*Expression::compile("(function() local a, b = payload.a, payload.b for i = 1, 400 do local c = a < b end end)()"), scope);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("it takes more than 2 ms"));
}

}  // namespace TEST_FILE
}  // namespace milepost::expression
