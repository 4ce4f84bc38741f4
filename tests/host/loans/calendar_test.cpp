#include "host/loans/calendar.hpp"

#include "tests/host/loans/loans_rig.hpp"

namespace milepost::loans {
namespace TEST_FILE {

Calendar chicago(std::set<std::string> holidays = {}) {
  config::BusinessCalendar definition;
  definition.zone = "America/Chicago";
  definition.holidays = std::move(holidays);
  return *Calendar::make(definition);
}

// 2026-11-20 is a Friday; Chicago is six hours behind UTC in winter.
TEST(Calendar, FromFridayToMondayIsOneBusinessDay) {
  EXPECT_EQ(chicago().business_days(at("2026-11-20T22:00:00Z"), at("2026-11-23T15:00:00Z")), 1u);
}

TEST(Calendar, TheSameDayIsNone) {
  EXPECT_EQ(chicago().business_days(at("2026-11-20T14:00:00Z"), at("2026-11-20T23:59:00Z")), 0u);
  EXPECT_EQ(chicago().business_days(at("2026-11-23T14:00:00Z"), at("2026-11-20T14:00:00Z")), 0u) << "backwards";
}

TEST(Calendar, ADayBeginsAtMidnightOfItsZone) {
  // 05:30 UTC on Saturday is still Friday there: no day has passed since Friday noon.
  EXPECT_EQ(chicago().business_days(at("2026-11-19T18:00:00Z"), at("2026-11-20T05:30:00Z")), 0u);
  EXPECT_EQ(chicago().business_days(at("2026-11-19T18:00:00Z"), at("2026-11-20T06:30:00Z")), 1u);
}

TEST(Calendar, HolidaysAreNoBusinessDays) {
  EXPECT_EQ(chicago({"2026-11-26"}).business_days(at("2026-11-25T18:00:00Z"), at("2026-11-27T18:00:00Z")), 1u);
  EXPECT_EQ(chicago({"12-25"}).business_days(at("2028-12-22T18:00:00Z"), at("2028-12-26T18:00:00Z")), 1u) << "each year";
}

TEST(Calendar, ABusinessDayEndsAtItsMidnight) {
  EXPECT_EQ(chicago().end_of(at("2026-11-20T22:00:00Z"), 1), at("2026-11-24T06:00:00Z"));
  EXPECT_EQ(chicago({"2026-11-23"}).end_of(at("2026-11-20T22:00:00Z"), 1), at("2026-11-25T06:00:00Z"));
}

TEST(Calendar, SummerTimeMovesTheMidnight) {
  // The clocks go back on 2026-11-01.
  EXPECT_EQ(chicago().end_of(at("2026-10-29T18:00:00Z"), 1), at("2026-10-31T05:00:00Z"));
  EXPECT_EQ(chicago().end_of(at("2026-10-30T18:00:00Z"), 1), at("2026-11-03T06:00:00Z"));
}

TEST(Calendar, ADateEndsAtTheNextMidnight) {
  EXPECT_EQ(*chicago().end_of_date("2026-11-26"), at("2026-11-27T06:00:00Z"));
  EXPECT_FALSE(chicago().end_of_date("2026-13-01"));
  EXPECT_FALSE(chicago().end_of_date("tomorrow"));
}

TEST(Calendar, TellsTheNextTimeOfDay) {
  using namespace std::chrono_literals;
  EXPECT_EQ(chicago().next(16h, at("2026-11-20T21:00:00Z")), at("2026-11-20T22:00:00Z"));
  EXPECT_EQ(chicago().next(16h, at("2026-11-20T22:00:00Z")), at("2026-11-21T22:00:00Z")) << "after, not at";
}

TEST(Calendar, AHouseThatNeverWorksHasAnEndAllTheSame) {
  config::BusinessCalendar definition;
  definition.working.fill(false);
  EXPECT_GT(Calendar::make(definition)->end_of(at("2026-11-20T22:00:00Z"), 1), at("2100-01-01T00:00:00Z"));
}

}  // namespace TEST_FILE
}  // namespace milepost::loans
