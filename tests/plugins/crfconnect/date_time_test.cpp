#include "plugins/crfconnect/date_time.hpp"

#include <gtest/gtest.h>

namespace milepost::crfconnect {
namespace TEST_FILE {

std::optional<long long> micros(std::string_view text) {
  const auto time = parse_date_time(text);
  return time ? std::optional<long long>(time->time_since_epoch().count()) : std::nullopt;
}

TEST(DateTime, ReadsAnyFractionAndOffset) {
  const std::pair<const char*, long long> rows[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2020-05-08T23:09:15.4796701+00:00", 1588979355479670},
      {"2020-05-08T23:09:15+00:00", 1588979355000000},
      {"2020-05-08T18:09:15.5-05:00", 1588979355500000},
      {"2020-05-09T04:54:15.123456789+05:45", 1588979355123456},
      {"2024-02-29T00:00:00z", 1709164800000000},
  };
  for (const auto& [text, expected] : rows) EXPECT_EQ(micros(text), expected) << text;
}

TEST(DateTime, RefusesWhatIsNoTime) {
  for (auto text : {"", "2020-05-08", "2020-05-08T23:09:15", "2020-05-08 23:09:15Z", "2020-13-08T23:09:15Z",
                    "2023-02-29T00:00:00Z", "2020-05-08T24:00:00Z", "2020-05-08T23:60:00Z", "2020-05-08T23:09:60Z",
                    "2020-05-08T23:09:15.Z", "2020-05-08T23:09:15.1234567890Z", "2020-05-08T23:09:15+0000",
                    "2020-05-08T23:09:15+25:00", "2020-05-08T23:09:15Z ", "20-5-8T23:09:15Z"})
    EXPECT_EQ(micros(text), std::nullopt) << text;
}

}  // namespace TEST_FILE
}  // namespace milepost::crfconnect
