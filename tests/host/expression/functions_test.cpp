#include "tests/host/expression/lending.hpp"

namespace milepost::expression {
namespace TEST_FILE {

using ::testing::HasSubstr;

class Functions : public Lending {
 protected:
  void expect(std::initializer_list<std::pair<const char*, const char*>> rows) {
    for (const auto& [source, expected] : rows) EXPECT_EQ(value(source), expected) << source;
  }
};

TEST_F(Functions, WorkOnText) {
  expect({{"lower('ÀB-Ω')", "\"Àb-Ω\""},
          {"upper('àb z{')", "\"àB Z{\""},
          {"lower('')", "\"\""},
          {"trim('  \\t a b \\n')", "\"a b\""},
          {"trim('   ')", "\"\""},
          {"contains('approval', 'prov')", "true"},
          {"contains('approval', '.')", "false"},
          {"contains('x', '')", "true"},
          {"starts_with('stage.changed', 'stage.')", "true"},
          {"starts_with('st', 'stage.')", "false"},
          {"replace('a.b.c', '.', '')", "\"abc\""},
          {"replace('aaa', 'aa', 'b')", "\"ba\""},
          {"replace('abc', 'x', 'y')", "\"abc\""},
          {"replace('', 'x', 'y')", "\"\""},
          {"replace('%d', '%', '%%')", "\"%%d\""},
          {"len('Zoë Ω')", "5"},
          {"len('')", "0"}});
}

TEST_F(Functions, WorkOnListsAndObjects) {
  expect({{"split('a,b,,c', ',')", "[\"a\",\"b\",\"\",\"c\"]"},
          {"split('', ',')", "[\"\"]"},
          {"split('a, b', ', ')[2]", "\"b\""},
          {"contains(payload.tags, 'first')", "true"},
          {"contains(payload.tags, 'last')", "false"},
          {"contains(split('a b', ' '), 'b')", "true"},
          {"contains({1, 2.0}, 2)", "true"},
          {"contains(payload.borrowers, payload.borrowers[2])", "true"},
          {"len(payload.tags)", "3"},
          {"len(payload.empty)", "0"},
          {"len({1, 2})", "2"},
          {"has(payload.loan, 'note')", "true"},
          {"has(payload.loan, 'nothing')", "false"},
          {"has(payload.nothing, 'note')", "false"},
          {"has(payload.tags, 3)", "true"},
          {"has(payload.tags, 4)", "false"}});
}

TEST_F(Functions, RoundDecimalsAsPeopleDo) {
  expect({{"round(2.5)", "3"},
          {"round(-2.5)", "-3"},
          {"round(0.5)", "1"},
          {"round(0.49999999999999994)", "0"},
          {"round(2.675, 2)", "2.68"},
          {"round(1.005, 2)", "1.01"},
          {"round(-1.005, 2)", "-1.01"},
          {"round(9.995, 2)", "10"},
          {"round(99999.999, 1)", "100000"},
          {"round(1234.5678, -2)", "1200"},
          {"round(1250, -2)", "1300"},
          {"round(49, -2)", "0"},
          {"round(50, -2)", "100"},
          {"round(5, 2)", "5"},
          {"round(0.1 + 0.2, 2)", "0.3"},
          {"round(1e300)", "1e+300"},
          {"round(1e-300, 15)", "0"},
          {"round(0.0)", "0"},
          {"round(6.125, 2) .. ''", "\"6.13\""},
          {"round(payload.loan.amount / 12, 2)", "2083.33"},
          {"'USD ' .. round(payload.loan.amount)", "\"USD 25000\""}});
  EXPECT_THAT(value("round('1')"), HasSubstr("round: argument 1 must be a number, found string"));
  EXPECT_THAT(value("round(1, 99)"), HasSubstr("argument 2 must be a whole number from -15 to 15"));
  EXPECT_THAT(value("round(1, 0.5)"), HasSubstr("argument 2"));
}

TEST_F(Functions, KnowTheTime) {
  expect({{"time('1970-01-02T00:00:00Z')", "86400"},
          {"time('1970-01-01T00:00:00.25Z')", "0.25"},
          {"time('1970-01-01T01:00:00+01:00')", "0"},
          {"time('yesterday')", "nil"},
          {"time(payload.nothing)", "nil"},
          {"now() == time('2026-11-20T12:00:00Z')", "true"},
          {"now() - time(event.time)", "0.5"},
          {"days_between('2026-11-11T12:00:00Z', '2026-11-20T11:59:59Z')", "8"},
          {"days_between('2026-11-20T11:59:59Z', '2026-11-11T12:00:00Z')", "-8"},
          {"days_between('2026-11-11T12:00:00Z')", "9"},
          {"days_between(0, 86400 * 3)", "3"},
          {"days_between('2026-11-11T12:00:00Z', now())", "9"},
          {"days_between(payload.nothing, now())", "nil"},
          {"days_between('soon', now())", "nil"}});
  EXPECT_THAT(value("time(5)"), HasSubstr("time: argument 1 must be text, found number"));
  EXPECT_THAT(value("days_between(payload.loan, 1)"), HasSubstr("argument 1 must be a time, found an object"));
}

TEST_F(Functions, FindTheLinkedSubject) {
  expect({{"link('blend', 'application', '77')", "\"L-1001\""},
          {"link('blend', 'application', 77)", "\"L-1001\""},
          {"link('blend', 'application', '78') or 'blend:application:78'", "\"blend:application:78\""},
          {"link('blend', 'application', payload.nothing)", "nil"}});
  // Two values, where a type was forgotten, are no link that is not there.
  EXPECT_THAT(value("link('blend', '77')"), HasSubstr("link takes three values"));
  EXPECT_THAT(value("link('blend')"), HasSubstr("link takes three values"));
  EXPECT_THAT(value("link('blend', nil, '1')"), HasSubstr("link: argument 2 must be text, found nil"));
  scope.link = nullptr;
  EXPECT_EQ(value("link('blend', 'application', '77')"), "nil");
}

TEST_F(Functions, FailWhenTheLinkCannotBeLookedUp) {
  scope.link = [](auto&...) -> std::optional<std::string> { throw std::runtime_error("the store is gone"); };
  EXPECT_EQ(value("link('a', 'b', 'c')"), "! in link('a', 'b', 'c'): it failed");
  EXPECT_EQ(value("1 + 1"), "2");
}

TEST_F(Functions, RefuseWhatTheyCannotTake) {
  const std::pair<const char*, const char*> rows[] = {
      {"lower()", "lower: argument 1 must be text, found nil"},
      {"upper(payload.nothing)", "upper: argument 1 must be text, found nil"},
      {"trim(5)", "trim: argument 1 must be text, found number"},
      {"contains(payload.loan, 'x')", "contains: argument 1 must be text or a list, found an object"},
      {"contains('x', 5)", "contains: argument 2 must be text, found number"},
      {"starts_with('x', payload.tags)", "starts_with: argument 2 must be text, found a list"},
      {"split('x', '')", "split: argument 2 must be a text that is not empty, found string"},
      {"replace('x', '', 'y')", "replace: argument 2 must be a text that is not empty"},
      {"replace('x', 'y')", "replace: argument 3 must be text, found nil"},
      {"len(5)", "len: argument 1 must be text, a list or an object, found number"},
      {"has('x', 'y')", "has: argument 1 must be an object or a list, found string"},
  };
  for (const auto& [source, expected] : rows) EXPECT_THAT(value(source), HasSubstr(expected)) << source;
}

}  // namespace TEST_FILE
}  // namespace milepost::expression
