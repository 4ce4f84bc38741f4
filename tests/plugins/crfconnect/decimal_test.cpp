#include "plugins/crfconnect/decimal.hpp"

#include <gtest/gtest.h>

namespace milepost::crfconnect {
namespace TEST_FILE {

TEST(Decimal, HasOneTextForEachValue) {
  const std::pair<const char*, const char*> rows[] = {
      {"25000.00", "25e3"},
      {"25000", "25e3"},
      {"2.5E4", "25e3"},
      {"2.5e+4", "25e3"},
      {"-1200.5", "-12005e-1"},
      {"0", "0"},
      {"-0.00", "0"},
      {"0e5", "0"},
      {"0.15", "15e-2"},
      {"1.50", "15e-1"},
      {"1e400", "1e400"},
      {"10e-1", "1"},
      {"12.0", "12"},
      {"7", "7"},
      {"18446744073709551616", "18446744073709551616"},
      {"0.1000000000000000055511151231257827", "1000000000000000055511151231257827e-34"}};
  for (const auto& [token, text] : rows) EXPECT_EQ(Decimal::parse(token)->text(), text) << token;
}

TEST(Decimal, RefusesWhatIsNoNumber) {
  for (auto token : {"", "-", ".", "1e", "1e99999999999", "abc", "1x", "--1", "1.2.3", "NaN"})
    EXPECT_EQ(Decimal::parse(token), std::nullopt) << token;
}

TEST(Decimal, OrdersByValueAndNotByText) {
  const char* rising[] = {"-1e3", "-2.5", "-2.49", "0",  "0.001", "0.85", "0.850000000000000000001",
                          "1",    "9",    "10.5",  "1e3"};
  for (std::size_t i = 0; i + 1 < std::size(rising); ++i)
    EXPECT_LT(*Decimal::parse(rising[i]), *Decimal::parse(rising[i + 1])) << rising[i];
  EXPECT_EQ(*Decimal::parse("0.850"), *Decimal::parse("85e-2"));
}

TEST(Decimal, KnowsWholeNumbers) {
  EXPECT_TRUE(Decimal::parse("12.0")->integer());
  EXPECT_TRUE(Decimal::parse("-3")->integer());
  EXPECT_FALSE(Decimal::parse("12.5")->integer());
}

}  // namespace TEST_FILE
}  // namespace milepost::crfconnect
