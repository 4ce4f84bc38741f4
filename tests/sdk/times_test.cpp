#include "milepost/times.hpp"

#include <gtest/gtest.h>

namespace milepost {
namespace TEST_FILE {

using namespace std::chrono_literals;

Json json(const char* source) { return *read_json(source); }
constexpr Time kTime = std::chrono::sys_days(std::chrono::year(2026) / 11 / 2) + 9h + 30min;

TEST(Times, AreReadInEveryFormThatVendorsWrite) {
  for (const char* source :
       {"1793611800", R"("1793611800")", "1793611800000", R"("1793611800000")", "1793611800000000",
        R"("2026-11-02T09:30:00.000Z")", R"("2026-11-02T09:30Z")", R"("2026-11-02T04:30:00-05:00")",
        R"("2026-11-02T11:00:00+0130")", R"("2026-11-02T11:30:00+02")", R"("2026-11-02 09:30:00")", R"("2026-11-02T09:30")"})
    EXPECT_EQ(read_time(json(source)), kTime) << source;
  EXPECT_EQ(read_time(json(R"("2026-11-02T09:30:00.1250009Z")")), kTime + 125ms);
  EXPECT_EQ(read_time(json(R"("2026-11-02")")), kTime - 9h - 30min);
}

TEST(Times, AreNoneWhereTheTextIsNone) {
  for (const char* source :
       {"null", "true", "{}", R"("")", R"("yesterday")", R"("2026-13-02T09:30:00Z")", R"("2026-02-30")", "-5", "1.5", "1e9",
        R"("2026-11-02T09:30:00 o'clock")", R"("2026-11-02T99:30:00Z")", R"("2026-11-02T09:61:00Z")", R"("2026-11-02T")",
        R"("2026-11-02T09")", R"("2026-11-02T-9:30:00Z")", R"("2026-11-02T09:30:00+")", R"("2026-11-02T09:30:00+-1:00")",
        R"("2026-11-02T09:30:00ZZ")", R"("20261102T093000Z")", "999999999999999999", R"("99999999999999999999999999")"})
    EXPECT_FALSE(read_time(json(source))) << source;
}

TEST(Times, CountMillisecondsDownwards) {
  EXPECT_EQ(milliseconds_of(kTime + 1999us), 1793611800001);
  EXPECT_EQ(milliseconds_of(Time(-1us)), -1);
}

}  // namespace TEST_FILE
}  // namespace milepost
