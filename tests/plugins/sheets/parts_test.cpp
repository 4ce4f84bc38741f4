// What needs no spreadsheet: ranges, cells, the error table, the claim on a tab.
#include "plugins/sheets/a1.hpp"
#include "plugins/sheets/claim.hpp"
#include "plugins/sheets/rows.hpp"
#include "plugins/sheets/write.hpp"
#include "tests/plugins/sheets/fixture.hpp"

namespace milepost::sheets {
namespace TEST_FILE {

TEST(SheetsRanges, AreWrittenAsSheetsReadsThem) {
  for (const auto& [column, letters] : std::vector<std::pair<std::size_t, std::string>>{
           {0, "A"}, {25, "Z"}, {26, "AA"}, {51, "AZ"}, {701, "ZZ"}, {702, "AAA"}, {18'277, "ZZZ"}}) {
    EXPECT_EQ(column_letters(column), letters);
    EXPECT_EQ(column_index(letters), column);
  }
  for (const char* bad : {"", "a", "A1", "AAAA"}) EXPECT_FALSE(column_index(bad)) << bad;
  EXPECT_EQ(range_of("Ann's log", "1:1"), "'Ann''s log'!1:1");
  EXPECT_EQ(range_of("A1", ""), "'A1'");
  EXPECT_EQ(cells_of(5, 1, 27), "B5:AB5");
  EXPECT_EQ(corner_of("'Ann''s!log'!B5:D6")->row, 5u);
  EXPECT_EQ(corner_of("B5")->column, 1u);
  for (const char* bad : {"", "Loans", "Loans!A:B", "Loans!5:5", "Loans!A0", "Loans!A5x", "Loans!5A"})
    EXPECT_FALSE(corner_of(bad)) << bad;
  EXPECT_EQ(escaped("'L n'!A1:é"), "%27L%20n%27%21A1%3A%C3%A9");
}

TEST(SheetsCells, KeepEveryDigit) {
  for (const auto& [given, cell] :
       std::vector<std::pair<std::string, std::string>>{{"25000.00", "25000.00"},
                                                        {"-7", "-7"},
                                                        {"123456789012345", "123456789012345"},
                                                        {"1e20", "1e20"},
                                                        {"true", "true"},
                                                        {"null", "null"},
                                                        {"\"00123\"", "\"00123\""},
                                                        {"1234567890123456", "\"1234567890123456\""},
                                                        {"18446744073709551617", "\"18446744073709551617\""},
                                                        {"1e400", "\"1e400\""},
                                                        {"0.00000000000000012345", "0.00000000000000012345"}})
    EXPECT_EQ(text(*to_cell(*read_json(given), "c")), cell);
  EXPECT_TRUE(to_cell(std::string(50'000, 'x'), "c"));
  EXPECT_EQ(to_cell(std::string(10'000'000, 'x'), "What").error().message,
            "column What: longer than the 50000 characters of a cell");
  std::string emoji;
  for (int i = 0; i < 25'001; ++i) emoji += "🏠";
  EXPECT_FALSE(to_cell(emoji, "c"));  // two of Google's characters each
}

TEST(SheetsEntries, NameWhatIsWrong) {
  const Event event = loan();
  for (const auto& [with, words] : std::vector<std::pair<std::string, std::string>>{
           {R"({"key":{"Loan":"L-1"}})", "tab: missing"},
           {R"({"tab":"","key":{"Loan":"L-1"}})", "tab: is empty"},
           {R"({"tab":"T"})", "key: missing"},
           {R"({"tab":"T","key":"L-1"})", "key: expected one column with its value"},
           {R"({"tab":"T","key":{"a":1,"b":2}})", "key: expected one column"},
           {R"({"tab":"T","key":{"Loan":null}})", "key: is empty"},
           {R"({"tab":"T","key":{" Loan":"x"}})", "blanks around it"},
           {R"({"tab":"T","key":{"Loan":"x"},"row":{"Loan":"y"}})",
            "row.Loan: the key's own column, with another value"},
           {R"({"tab":"T","key":{"Loan":"x"},"row":[]})", "row"},
           {R"({"tab":"T","key":{"Loan":"x"},"row":{"":1}})", "a column's name is empty"},
           {R"({"tab":"T","key":{"Loan":"x"},"rows":{}})", "rows: unknown key"}}) {
    const auto entry = to_upsert({&event, *read_json(with), key_of("one")});
    ASSERT_FALSE(entry) << with;
    EXPECT_EQ(entry.error().kind, ErrorKind::permanent);
    EXPECT_THAT(entry.error().message, HasSubstr(words));
  }
  EXPECT_FALSE(to_upsert({&event, {{"tab", "T"}, {"key", {{"Loan", std::string(201, 'x')}}}}, key_of("one")}));
  EXPECT_FALSE(to_append({&event, {{"tab", "T"}, {"row", Json::object()}}, key_of("one")}));
  EXPECT_EQ(to_append({&event, {{"tab", "T"}, {"row", {{"a", 1}}}, {"key", "mine"}}, key_of("one")})->key, "mine");
}

TEST(SheetsErrors, FollowTheTable) {
  constexpr Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 2);
  using K = ErrorKind;
  struct Row {
    int status;
    HttpHeaders headers;
    K once, repeatable;
    std::optional<std::chrono::milliseconds> wait = {};
  };
  for (const auto& row : std::vector<Row>{
           {400, {}, K::permanent, K::permanent},
           {401, {}, K::auth, K::auth},
           {403, {}, K::auth, K::auth},
           {404, {}, K::auth, K::auth},
           {302, {}, K::permanent, K::permanent},
           {409, {}, K::permanent, K::permanent},
           {429, {}, K::rate_limited, K::rate_limited, 20s},
           {429, {{"Retry-After", "60"}}, K::rate_limited, K::rate_limited, 60s},
           {500, {}, K::indeterminate, K::retryable},
           {502, {}, K::indeterminate, K::retryable},
           {503, {}, K::retryable, K::retryable},
           {503, {{"Retry-After", "Mon, 02 Nov 2026 00:00:40 GMT"}}, K::rate_limited, K::rate_limited, 40s},
           {504, {}, K::indeterminate, K::retryable}})
    for (const auto& [intent, kind] :
         {std::pair{Intent::once, row.once}, {Intent::repeatable, row.repeatable}, {Intent::read, row.repeatable}}) {
      const auto error = refusal({row.status, row.headers, "<html>"}, {"sheets: POST x", intent, "T"}, kNow);
      ASSERT_TRUE(error);
      EXPECT_EQ(error->kind, kind) << row.status;
      EXPECT_EQ(error->retry_after, row.wait) << row.status;
    }
  EXPECT_FALSE(refusal({200, {}, ""}, {"x", Intent::once, ""}, kNow));
  const auto protected_range = refusal(
      {400,
       {},
       R"({"error":{"message":"You are trying to edit a protected cell or object.","status":"INVALID_ARGUMENT"}})"},
      {"x", Intent::once, ""}, kNow);
  EXPECT_THAT(protected_range->message, HasSubstr("Protected sheets and ranges (INVALID_ARGUMENT)"));
  const auto quota = refusal(
      {429,
       {},
       R"({"error":{"status":"RESOURCE_EXHAUSTED","details":[{"metadata":{"quota_limit":"WriteRequestsPerMinutePerUser"}}]}})"},
      {"x", Intent::once, ""}, kNow);
  EXPECT_EQ(quota->message, "over the quota WriteRequestsPerMinutePerUser (RESOURCE_EXHAUSTED)");
}

TEST(SheetsClaim, LetsOneWriterHaveATab) {
  FakeHost host;
  const std::vector<Claim::Key> mine{{"L-1", "a"}}, others{{"L-2", "b"}};
  auto first = Claim::take(host.host(), "1S", "T", mine, host.call());
  ASSERT_TRUE(first);
  const auto second = Claim::take(host.host(), "1S", "T", others, host.call());
  EXPECT_EQ(second.error().kind, ErrorKind::rate_limited);
  EXPECT_GT(second.error().retry_after, 0ms);
  EXPECT_TRUE(Claim::take(host.host(), "1S", "U", others, host.call()));
  first->release({"L-1"}, host.call());
  EXPECT_TRUE(Claim::take(host.host(), "1S", "T", others, host.call()));  // and dies
  EXPECT_FALSE(Claim::take(host.host(), "1S", "T", mine, host.call()));
  host.clock.advance(10s);
  const auto after = Claim::take(host.host(), "1S", "T", mine, host.call());
  ASSERT_TRUE(after);
  EXPECT_TRUE(after->held({"L-2", "c"}));   // what it had under way may still be made
  EXPECT_FALSE(after->held({"L-2", "b"}));  // its own doubt does not hold it back
  EXPECT_FALSE(after->held(mine[0]));
}

TEST(SheetsClaim, WaitsRatherThanForgetWhatIsOpen) {
  FakeHost host;
  for (int i = 0; i < 40; ++i) {
    std::vector<Claim::Key> keys;
    for (int j = 0; j < 50; ++j) keys.push_back({std::to_string(i) + "/" + std::to_string(j), "d"});
    auto claim = Claim::take(host.host(), "1S", "T", keys, host.call());
    if (!claim) {
      EXPECT_GT(i, 10);
      EXPECT_EQ(claim.error().kind, ErrorKind::rate_limited);
      return;
    }
    claim->release({}, host.call());
  }
  FAIL() << "2000 open keys were taken";
}

}  // namespace TEST_FILE
}  // namespace milepost::sheets
