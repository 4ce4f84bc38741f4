#include "host/config/timetable.hpp"

#include <gmock/gmock.h>

namespace milepost::config {
namespace TEST_FILE {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;
using telemetry::Time;

Time at(const std::string& text) {
  Time time;
  EXPECT_TRUE(telemetry::from_text(text, time)) << text;
  return time;
}

Timetable table(const std::string& cron, const std::string& zone = "UTC") {
  auto made = Timetable::make(cron, zone);
  if (!made) throw std::runtime_error(made.error().message);
  return *made;
}

/// The next `count` times after `from`, as the clock there shows them.
std::vector<std::string> times(const Timetable& table, const std::string& from, int count) {
  std::vector<std::string> out;
  Time time = at(from);
  while (count-- > 0) {
    time = table.next(time);
    out.push_back(table.zone().text(time));
  }
  return out;
}

TEST(Zone, KnowsWhenTheNextDayBegins) {
  const std::pair<const char*, std::pair<const char*, const char*>> rows[] = {
      {"UTC", {"2026-11-20T00:00:00Z", "2026-11-21T00:00:00+00:00"}},
      {"America/New_York", {"2026-11-20T04:59:59Z", "2026-11-20T00:00:00-05:00"}},
      {"America/New_York", {"2026-11-20T05:00:00Z", "2026-11-21T00:00:00-05:00"}},
      {"America/New_York", {"2026-11-01T04:30:00Z", "2026-11-02T00:00:00-05:00"}},  // a day of 25 hours
      {"America/Santiago", {"2026-09-06T02:00:00Z", "2026-09-06T01:00:00-03:00"}},  // its clock is put forward at midnight
  };
  for (const auto& [name, times] : rows) {
    const auto zone = Zone::find(name);
    ASSERT_TRUE(zone);
    EXPECT_EQ(zone->text(zone->next_midnight(at(times.first))), times.second) << name << ' ' << times.first;
  }
}

TEST(Timetable, NamesWorkingDaysAtSeven) {
  EXPECT_THAT(times(table("0 7 * * mon-fri", "America/New_York"), "2026-11-19T12:00:00Z", 3),
              ElementsAre("2026-11-20T07:00:00-05:00", "2026-11-23T07:00:00-05:00", "2026-11-24T07:00:00-05:00"));
}

TEST(Timetable, KnowsStepsListsAndRanges) {
  EXPECT_THAT(times(table("*/20 8-9,17 * * *"), "2026-11-20T08:30:00Z", 7),
              ElementsAre("2026-11-20T08:40:00+00:00", "2026-11-20T09:00:00+00:00", "2026-11-20T09:20:00+00:00",
                          "2026-11-20T09:40:00+00:00", "2026-11-20T17:00:00+00:00", "2026-11-20T17:20:00+00:00",
                          "2026-11-20T17:40:00+00:00"));
  EXPECT_THAT(times(table("0 8-18/5 1 JAN,Jul *"), "2026-11-20T08:30:00Z", 4),
              ElementsAre("2027-01-01T08:00:00+00:00", "2027-01-01T13:00:00+00:00", "2027-01-01T18:00:00+00:00",
                          "2027-07-01T08:00:00+00:00"));
}

TEST(Timetable, TakesSundayByBothNumbersAndAtTheEndOfARange) {
  for (const char* cron : {"0 0 * * 0", "0 0 * * 7", "0 0 * * sun"})
    EXPECT_THAT(times(table(cron), "2026-11-20T00:00:00Z", 2),
                ElementsAre("2026-11-22T00:00:00+00:00", "2026-11-29T00:00:00+00:00"))
        << cron;
  EXPECT_THAT(times(table("0 0 * * sat-sun"), "2026-11-20T00:00:00Z", 3),
              ElementsAre("2026-11-21T00:00:00+00:00", "2026-11-22T00:00:00+00:00", "2026-11-28T00:00:00+00:00"));
}

TEST(Timetable, LetsEitherDayFieldNameTheDayWhenBothAreRestricted) {
  EXPECT_THAT(times(table("0 0 13 * fri"), "2026-11-01T00:00:00Z", 4),
              ElementsAre("2026-11-06T00:00:00+00:00", "2026-11-13T00:00:00+00:00", "2026-11-20T00:00:00+00:00",
                          "2026-11-27T00:00:00+00:00"));
  EXPECT_THAT(times(table("0 0 13 * *"), "2026-11-01T00:00:00Z", 2),
              ElementsAre("2026-11-13T00:00:00+00:00", "2026-12-13T00:00:00+00:00"));
  // A step on `*` restricts nothing beside the other field: odd days that are Fridays.
  EXPECT_THAT(times(table("0 0 */2 * fri"), "2026-11-01T00:00:00Z", 2),
              ElementsAre("2026-11-13T00:00:00+00:00", "2026-11-27T00:00:00+00:00"));
}

TEST(Timetable, WaitsForALeapDayAcrossTheCentury) {
  EXPECT_THAT(times(table("30 6 29 feb *"), "2026-01-01T00:00:00Z", 2),
              ElementsAre("2028-02-29T06:30:00+00:00", "2032-02-29T06:30:00+00:00"));
  EXPECT_THAT(times(table("30 6 29 2 *"), "2096-02-29T06:30:00Z", 1), ElementsAre("2104-02-29T06:30:00+00:00"));
}

// New York, 8 March 2026: at 02:00 the clock is put forward to 03:00.
TEST(Timetable, RunsAtTheEndOfTheGapWhatTheClockNeverShows) {
  EXPECT_THAT(times(table("30 2 * * *", "America/New_York"), "2026-03-07T12:00:00Z", 2),
              ElementsAre("2026-03-08T03:00:00-04:00", "2026-03-09T02:30:00-04:00"));
  EXPECT_THAT(times(table("*/30 * * * *", "America/New_York"), "2026-03-08T06:00:00Z", 3),
              ElementsAre("2026-03-08T01:30:00-05:00", "2026-03-08T03:00:00-04:00", "2026-03-08T03:30:00-04:00"));
}

// New York, 1 November 2026: at 02:00 the clock is put back to 01:00.
TEST(Timetable, RunsOnceWhatTheClockShowsTwice) {
  EXPECT_THAT(times(table("30 1 * * *", "America/New_York"), "2026-10-31T12:00:00Z", 2),
              ElementsAre("2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"));
  // Asked between the two, and in the second.
  EXPECT_THAT(times(table("30 1 * * *", "America/New_York"), "2026-11-01T05:45:00Z", 1),
              ElementsAre("2026-11-02T01:30:00-05:00"));
  EXPECT_THAT(times(table("30 1 * * *", "America/New_York"), "2026-11-01T06:15:00Z", 1),
              ElementsAre("2026-11-02T01:30:00-05:00"));
  EXPECT_THAT(times(table("0 1,2 * * *", "America/New_York"), "2026-11-01T04:00:00Z", 2),
              ElementsAre("2026-11-01T01:00:00-04:00", "2026-11-01T02:00:00-05:00"));
}

// Lord Howe's clock moves by half an hour; Samoa left out 30 December 2011.
TEST(Timetable, KnowsOddClocks) {
  EXPECT_THAT(times(table("15 2 * * *", "Australia/Lord_Howe"), "2026-10-03T00:00:00Z", 2),
              ElementsAre("2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"));
  EXPECT_THAT(times(table("0 12 * * *", "Pacific/Apia"), "2011-12-29T22:30:00Z", 2),
              ElementsAre("2011-12-31T00:00:00+14:00", "2011-12-31T12:00:00+14:00"));
}

TEST(Timetable, GoesThroughAYearOfMinutesInOrder) {
  const auto every = table("* * * * *", "America/New_York");
  Time time = at("2026-01-01T05:00:00Z");
  const Time end = at("2027-01-01T05:00:00Z");
  int count = 0;
  for (Time next = time; (next = every.next(time)) < end; time = next, ++count) {
    ASSERT_GT(next, time);
    ASSERT_LE(next - time, 61min);  // the hour that the clock shows twice runs once
  }
  EXPECT_EQ(count, 365 * 24 * 60 - 60 - 1);
}

struct Wrong {
  const char* cron;
  const char* words;
};

TEST(Cron, SaysWhichFieldIsWrongAndWhatItTakes) {
  for (const auto& [cron, words] :
       {Wrong{"0 7 * *", "found 4"}, Wrong{"0 0 7 * * mon", "found 6"}, Wrong{"@daily", "five fields"},
        Wrong{"60 * * * *", "\"60\" is no minute: it is 0 to 59"}, Wrong{"-5 * * * *", "is no minute"},
        Wrong{"x * * * *", "\"x\" is no minute"}, Wrong{"0 24 * * *", "\"24\" is no hour: it is 0 to 23"},
        Wrong{"0 0 0 * *", "\"0\" is no day of the month: it is 1 to 31"},
        Wrong{"0 0 * 13 *", "\"13\" is no month: it is 1 to 12, or jan to dec"},
        Wrong{"0 0 * * 8", "\"8\" is no day of the week: it is 0 to 7, or sun to sat"},
        Wrong{"0 0 * * fri-mon", "\"fri-mon\" is no day of the week: the range runs backwards"},
        Wrong{"0 9-17/0 * * *", "after the / stands a step"}, Wrong{"5/15 * * * *", "write 5-59/15"},
        Wrong{"1, * * * *", "\"\" is no minute"}, Wrong{"0 0 30 2 *", "never comes"},
        Wrong{"0 0 31 2,4,6,9,11 *", "never comes"}}) {
    const auto parsed = Cron::parse(cron);
    ASSERT_FALSE(parsed) << cron;
    EXPECT_EQ(parsed.error().kind, ErrorKind::permanent);
    EXPECT_THAT(parsed.error().message, HasSubstr(words)) << cron;
  }
}

TEST(Zone, NamesTheNearestThatThereIs) {
  EXPECT_THAT(Zone::find("America/NewYork").error().message, HasSubstr("did you mean \"America/New_York\"?"));
  EXPECT_THAT(Zone::find("EET5").error().message, HasSubstr("is no time zone"));
  EXPECT_FALSE(Zone::find(""));
  EXPECT_FALSE(Zone::find("../../etc/passwd"));
}

}  // namespace TEST_FILE
}  // namespace milepost::config
