#include "host/config/units.hpp"

#include <gmock/gmock.h>

#include "host/config/decimal.hpp"
#include "host/config/expression_text.hpp"

namespace milepost::config {
namespace TEST_FILE {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(Units, ReadDurations) {
  const std::pair<const char*, std::chrono::milliseconds> rows[] = {
      {"200ms", 200ms}, {"10s", 10s}, {"5m", 5min}, {"1h", 1h}, {"7d", 168h}, {"1w", 168h}, {"0s", 0ms}, {"10 s", 10s}};
  for (const auto& [text, wanted] : rows) EXPECT_EQ(parse_duration(text).value(), wanted) << text;
}

TEST(Units, SayWhatADurationLacks) {
  const std::pair<const char*, const char*> rows[] = {{"10", "needs a unit"},
                                                      {"10 min", "one of w, d, h, m, s, ms"},
                                                      {"1.5h", "whole"},
                                                      {"", "begins with a whole number"},
                                                      {"-5s", "whole number"},
                                                      {"s", "whole number"},
                                                      {"1h30m", "one of"},
                                                      {"99999999999999999999s", "too large"},
                                                      {"9223372036854775807w", "too large"}};
  for (const auto& [text, words] : rows) {
    const auto parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr(words)) << text;
  }
}

TEST(Units, ReadSizesAndRates) {
  EXPECT_EQ(parse_size("1 MiB").value(), 1u << 20);
  EXPECT_EQ(parse_size("64KiB").value(), 64u << 10);
  EXPECT_EQ(parse_size("512 B").value(), 512u);
  EXPECT_THAT(parse_size("1 MB").error().message, HasSubstr("GiB, MiB, KiB, B"));
  EXPECT_THAT(parse_size("1048576").error().message, HasSubstr("needs a unit"));
  const auto rate = parse_rate("100 per 10s").value();
  EXPECT_EQ(rate.count, 100u);
  EXPECT_EQ(rate.per, 10s);
  for (const char* bad : {"100", "100/s", "0 per 1s", "100 per", "100 per 0s", "per 10s", "-1 per 1s"})
    EXPECT_FALSE(parse_rate(bad)) << bad;
}

TEST(Units, PrintWhatTheyRead) {
  for (const char* text : {"7d", "90s", "1w", "250ms"})
    EXPECT_EQ(*parse_duration(duration_text(*parse_duration(text))), *parse_duration(text));
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(size_text(1 << 20), "1 MiB");
}

TEST(Decimal, ComparesByValueWhateverTheForm) {
  const char* equal[][2] = {{"1", "1.0"},   {"1e2", "100"},      {"0", "-0"},
                            {"0.0", "0e9"}, {"12300", "1.23e4"}, {"0.001", "1e-3"}};
  for (const auto& [a, b] : equal) EXPECT_EQ(Decimal::parse(a), Decimal::parse(b)) << a;
  const char* ascending[] = {"-1e400",
                             "-10",
                             "-9.99",
                             "-1e-400",
                             "0",
                             "1e-400",
                             "0.1",
                             "0.10000000000000000000001",
                             "9",
                             "18446744073709551615",
                             "18446744073709551616",
                             "1e400",
                             "1e99999999999999999999"};
  for (std::size_t i = 1; i < std::size(ascending); ++i)
    EXPECT_LT(*Decimal::parse(ascending[i - 1]), *Decimal::parse(ascending[i])) << ascending[i];
  for (const char* bad : {"", "-", "01", ".5", "5.", "1e", "+1", "0x1", "1 ", "NaN", "1e+", "--1"})
    EXPECT_FALSE(Decimal::parse(bad)) << bad;
}

TEST(Decimal, DividesExactly) {
  const auto divides = [](const char* divisor, const char* value) {
    return Decimal::parse(divisor)->divides(*Decimal::parse(value));
  };
  EXPECT_TRUE(divides("0.01", "25000.00"));
  EXPECT_TRUE(divides("0.01", "0.07"));
  EXPECT_FALSE(divides("0.01", "0.075"));
  EXPECT_TRUE(divides("3", "111111111111111111111111111111"));
  EXPECT_FALSE(divides("3", "1e400"));
  EXPECT_TRUE(divides("7", "-49"));
  EXPECT_TRUE(divides("2", "1e999999999"));
  EXPECT_TRUE(divides("1e-400", "1"));
  EXPECT_FALSE(divides("10", "1"));
  EXPECT_TRUE(is_integer("1e3"));
  EXPECT_FALSE(is_integer("1e-3"));
}

TEST(ExpressionText, FindsWhatNeverCloses) {
  EXPECT_TRUE(scan_expressions("plain { text }").found.empty());
  EXPECT_TRUE(scan_expressions("$${literal").found.empty());
  EXPECT_EQ(scan_expressions("a ${b} ${ {c} }").found, (std::vector<std::string_view>{"b", " {c} "}));
  EXPECT_EQ(scan_expressions("${a} and ${b").unclosed, 9u);
  EXPECT_EQ(scan_expressions("${ {a='}'}.a }").unclosed, std::string_view::npos);
  EXPECT_EQ(scan_expressions("${ \"\\\"}").unclosed, 0u);
}

}  // namespace TEST_FILE
}  // namespace milepost::config
