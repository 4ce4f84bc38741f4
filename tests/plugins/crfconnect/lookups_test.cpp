#include "plugins/crfconnect/lookups.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace milepost::crfconnect {
namespace TEST_FILE {

TEST(Lookups, AreCompleteAndWithoutDoubles) {
  std::size_t values = 0;
  std::set<std::string_view> names;
  for (const auto* lookup : lookups()) {
    names.insert(lookup->name);
    values += lookup->values.size();
    EXPECT_EQ(std::set<std::string_view>(lookup->values.begin(), lookup->values.end()).size(), lookup->values.size());
  }
  EXPECT_EQ(names.size(), 18u);
  EXPECT_EQ(values, 137u);
}

TEST(Lookups, MatchEachOfTheirOwnValuesExactly) {
  for (const auto* lookup : lookups())
    for (const auto value : lookup->values) {
      EXPECT_EQ(match(*lookup, value).fit, Fit::exact) << value;
      EXPECT_EQ(match(*lookup, " " + std::string(value) + " ").value, value);
    }
}

TEST(Lookups, KnowNearSpellings) {
  const std::tuple<const Lookup*, const char*, const char*> rows[] = {
      {&kRevenueTypes, "100000To250000", "_100000To250000"},
      {&kFicoScores, "660To699", "_660To699"},
      {&kPriorBankruptcies, "1Prior", "_1Prior"},
      {&kIndustry, "Accommodation & Food Service", "Accomodation & Food Service"},
      {&kIndustry, "retail", "Retail"},
      {&kUsesOfProceeds, "WORKING CAPITAL", "Working Capital"},
      {&kLeadStatus, "matched", "Matched"}};
  for (const auto& [lookup, raw, value] : rows) {
    EXPECT_EQ(match(*lookup, raw).fit, Fit::near) << raw;
    EXPECT_EQ(match(*lookup, raw).value, value);
  }
}

TEST(Lookups, DoNotGuess) {
  EXPECT_EQ(match(kIndustry, "Space Tourism").fit, Fit::unknown);
  EXPECT_EQ(match(kYearsInBusiness, "Less Than One").fit, Fit::unknown);
  EXPECT_EQ(match(kIndustry, "").fit, Fit::unknown);
  EXPECT_EQ(match(kLeadState, "Minnesota").fit, Fit::unknown);
}

}  // namespace TEST_FILE
}  // namespace milepost::crfconnect
