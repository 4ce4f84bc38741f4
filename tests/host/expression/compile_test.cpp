#include "tests/host/expression/lending.hpp"

namespace milepost::expression {
namespace TEST_FILE {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string fault(std::string_view source) {
  const auto expression = Expression::compile(source);
  if (expression) return "none";
  EXPECT_EQ(expression.error().kind, ErrorKind::permanent);
  return expression.error().message;
}

TEST(ExpressionCompile, TakesWhatIsOneExpression) {
  for (const char* source :
       {"payload", "payload.loan.amount > 0", "not steps.card", "(payload.a)", "payload.a -- a comment",
        "--[[ x ]] payload.a", "payload[\"two words\"] == 'x'", "lower(payload.a) .. [[ ) ]]",
        "{a = payload.x, ['b'] = 1, 2; 3}", "payload\n  .loan\n",
        "(function(a, ...) local b <const>, c = 1, 2; for i = 1, a do c = c + i end return b + c end)(3)",
        "(function() local function f(n) if n == 0 then return 0 end return f(n - 1) end return f(3) end)()",
        "(function() for k in link do break end goto out; ::out:: return 1 end)()", "1e3 + 0x1p-2 + .5", "'\\z \n '",
        "payload.type == '}'"})
    EXPECT_EQ(fault(source), "none") << source;
}

TEST(ExpressionCompile, NamesTheNearestKnownName) {
  EXPECT_EQ(fault("paylod.loan.amount > 0"), "column 1: unknown name paylod; did you mean payload?");
  EXPECT_EQ(fault("payload.a == evnt.b"), "column 14: unknown name evnt; did you mean event?");
  EXPECT_EQ(fault("payload.a == strts_with(payload.b, 'x')"),
            "column 14: unknown name strts_with; did you mean starts_with?");
  EXPECT_EQ(fault("payload.a == null"), "column 14: unknown name null; write nil");
  EXPECT_THAT(fault("elephant"), HasSubstr("column 1: unknown name elephant; there are payload"));
}

TEST(ExpressionCompile, OffersNothingOfLuasOwn) {
  for (const char* name :
       {"_G",     "_ENV",   "print",    "pcall", "error", "load",      "require",      "os",
        "io",     "string", "table",    "math",  "debug", "coroutine", "setmetatable", "getmetatable",
        "rawset", "select", "tostring", "type",  "next",  "pairs",     "dofile",       "collectgarbage"})
    EXPECT_THAT(fault(std::string("payload.a == ") + name), HasSubstr(std::string("unknown name ") + name));
  EXPECT_THAT(fault("(function() local _ENV = {} return x end)()"), HasSubstr("unknown name _ENV"));
  EXPECT_THAT(fault("(function(_ENV) return payload end)({})"), HasSubstr("unknown name _ENV"));
  EXPECT_THAT(fault("(function() x = 1 return 1 end)()"), HasSubstr("unknown name x"));
  EXPECT_THAT(fault("(function() function f() end return 1 end)()"), HasSubstr("unknown name f"));
}

TEST(ExpressionCompile, KnowsMembersAndTableKeysFromNames) {
  EXPECT_EQ(fault("{paylod = 1}"), "none");
  EXPECT_EQ(fault("payload.paylod"), "none");
  EXPECT_EQ(fault("{[paylod] = 1}"), "column 3: unknown name paylod; did you mean payload?");
  EXPECT_EQ(fault("{payload, paylod}"), "column 11: unknown name paylod; did you mean payload?");
}

TEST(ExpressionCompile, SaysWhereAndWhatIsWrong) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "column 1: there is no expression"},
      {"  -- only a comment", "there is no expression"},
      {"payload.a ==", "column 13: the expression ends too early"},
      {"payload.a and and payload.b", "column 15: unexpected 'and'"},
      {"payload.a = 1", "column 11: unexpected '='; to compare, write =="},
      {"payload.a != 1", "column 11: unexpected '!'; \"not equal\" is ~="},
      {"payload.a && payload.b", "unexpected '&'; write and"},
      {"payload.a || payload.b", "unexpected '|'; write or"},
      {"payload.a == \"open", "column 14: a text is not closed"},
      {"payload.a == [[open", "column 14: a long string is not closed"},
      {"payload.a --[[ open", "column 11: a comment is not closed"},
      {"lower(payload.a", "column 6: '(' is not closed"},
      {"payload.a) or (payload.b", "column 10: unexpected ')'"},
      {"1), (2", "column 2: unexpected ')'"},
      {"lower(payload.a]", "column 16: unexpected ']'"},
      {"return 1", "column 1: unexpected 'return'"},
      {"payload.a payload.b", "column 11: unexpected 'payload'"},
      {"payload.end", "column 9: a name is expected before 'end'; a member may be written [\"…\"]"},
      {"x = 1; return x", "unexpected '='"},
      {"payload.a, payload.b", "unexpected ','"},
      {"0x", "malformed number"},
      {"'\\q'", "invalid escape sequence"},
      {"\x1bLua", "unexpected '<\\27>'"},
      {"payload.\xc3\xa9", "a name is expected before"},
      {"(function() break end)()", "column 22: break outside loop"},
  };
  for (const auto& [source, expected] : rows) EXPECT_THAT(fault(source), HasSubstr(expected)) << source;
}

TEST(ExpressionCompile, BoundsLengthAndNesting) {
  EXPECT_THAT(fault("1" + std::string(8192, ' ')), HasSubstr("longer than 8192 bytes"));
  EXPECT_EQ(fault("1" + std::string(8191, ' ')), "none");
  EXPECT_THAT(fault(std::string(100, '(') + "1" + std::string(100, ')')),
              HasSubstr("column 65: brackets nest deeper than 64"));
  std::string nots;
  for (int i = 0; i < 1500; ++i) nots += "not ";
  EXPECT_THAT(fault(nots + "1"), HasSubstr("overflow"));
  std::string functions, ends;
  for (int i = 0; i < 300; ++i) functions += "function() return ", ends += " end";
  EXPECT_NE(fault(functions + "1" + ends), "none");
}

TEST(ExpressionCompile, KnowsAPlainPath) {
  const auto path = [](std::string_view source) { return Expression::compile(source)->path(); };
  EXPECT_THAT(path("payload.loan.amount"), ElementsAre("payload", "loan", "amount"));
  EXPECT_THAT(path(" steps . crm [ 'id' ] -- the deal"), ElementsAre("steps", "crm", "id"));
  EXPECT_THAT(path("payload.borrowers[2].name"), ElementsAre("payload", "borrowers", "2", "name"));
  EXPECT_THAT(path("event"), ElementsAre("event"));
  for (const char* source :
       {"payload.a or 1", "(payload.a)", "payload[payload.a]", "payload['a\\n']", "payload[1.0]", "payload[-1]",
        "payload.a()", "lower(payload.a)", "now", "'payload.a'", "payload:a()", "payload[ [[a]] ]"})
    EXPECT_THAT(path(source), IsEmpty()) << source;
}

}  // namespace TEST_FILE
}  // namespace milepost::expression
