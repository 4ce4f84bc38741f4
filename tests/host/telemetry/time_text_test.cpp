#include <gtest/gtest.h>

#include "host/telemetry/clock.hpp"

namespace milepost::telemetry {
namespace TEST_FILE {

std::string there_and_back(std::string_view text) {
  Time time{};
  return from_text(text, time) ? to_text(time) : "refused";
}

TEST(TimeText, IsUtcWithSixDigits) {
  EXPECT_EQ(to_text(from_micros(0)), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(to_text(from_micros(-1)), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(to_text(from_micros(1'763'683'141'123'456)), "2025-11-20T23:59:01.123456Z");
}

TEST(TimeText, OfATimeThatNoClockShowsDoesNoHarm) {
  EXPECT_EQ(to_text(from_micros(253'402'300'799'999'999)), "9999-12-31T23:59:59.999999Z");
  EXPECT_EQ(to_text(from_micros(-62'167'219'200'000'000)), "0000-01-01T00:00:00.000000Z");
  EXPECT_EQ(to_text(from_micros(253'402'300'800'000'000)), "10000-01-01");
  EXPECT_EQ(to_text(from_micros(-62'167'219'200'000'001)), "-1-12-31");
}

TEST(TimeText, ReadsWhatRfc3339Allows) {
  const std::pair<const char*, const char*> rows[] = {
      {"2026-11-20T23:59:01Z", "2026-11-20T23:59:01.000000Z"},
      {"2026-11-20t23:59:01z", "2026-11-20T23:59:01.000000Z"},
      {"2026-11-20T23:59:01.1Z", "2026-11-20T23:59:01.100000Z"},
      {"2026-11-20T23:59:01.123456789Z", "2026-11-20T23:59:01.123456Z"},
      {"2026-11-20T23:59:01.123+02:00", "2026-11-20T21:59:01.123000Z"},
      {"2026-11-20T23:59:01-05:30", "2026-11-21T05:29:01.000000Z"},
      {"2026-11-20T23:59:01-00:00", "2026-11-20T23:59:01.000000Z"},
      {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"},
      {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"},
      {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"},
      {"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
  };
  for (const auto& [text, expected] : rows) EXPECT_EQ(there_and_back(text), expected) << text;
}

TEST(TimeText, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "2026",
                           "2026-11-20",
                           "2026-11-20T23:59:01",
                           "2026-11-20 23:59:01Z",
                           "2026-13-20T23:59:01Z",
                           "2026-00-20T23:59:01Z",
                           "2026-02-30T23:59:01Z",
                           "2025-02-29T00:00:00Z",
                           "2026-04-31T00:00:00Z",
                           "2026-11-00T00:00:00Z",
                           "2026-11-20T24:00:00Z",
                           "2026-11-20T23:60:01Z",
                           "2026-11-20T23:59:61Z",
                           "2026-11-20T23:59:01.Z",
                           "2026-11-20T23:59:01.1234567890Z",
                           "2026-11-20T23:59:01+0200",
                           "2026-11-20T23:59:01+24:00",
                           "2026-11-20T23:59:01+02:60",
                           "2026-11-20T23:59:01+02",
                           "2026-11-20T23:59:01ZZ",
                           " 2026-11-20T23:59:01Z",
                           "2026-11-20T23:59:01Z ",
                           "+026-11-20T23:59:01Z",
                           "2026-1-20T23:59:01Z",
                           "0000-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01",
                           "2026-11-20T23:59:-1Z"}) {
    Time time = from_micros(7);
    EXPECT_FALSE(from_text(text, time)) << text;
    EXPECT_EQ(to_micros(time), 7) << "left alone: " << text;
  }
}

}  // namespace TEST_FILE
}  // namespace milepost::telemetry
