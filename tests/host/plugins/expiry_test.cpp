#include "host/plugins/expiry.hpp"

#include <gtest/gtest.h>

namespace milepost::plugins {
namespace TEST_FILE {

using namespace std::chrono_literals;

constexpr telemetry::Time kEnd = std::chrono::sys_days(std::chrono::year(2026) / 12 / 1);

TEST(ExpiryWarning, ComesTwoWeeksAheadAndCountsDown) {
  EXPECT_EQ(expiry_warning({}, kEnd), "");
  EXPECT_EQ(expiry_warning(kEnd, kEnd - 24h * 14 - 1s), "");
  const std::string remedy = ": have a new one made, and put it in its place";
  EXPECT_EQ(expiry_warning(kEnd, kEnd - 24h * 14), "its secret URL expires at 2026-12-01T00:00:00Z, in 14 days" + remedy);
  EXPECT_EQ(expiry_warning(kEnd, kEnd - 47h), "its secret URL expires at 2026-12-01T00:00:00Z, in 47 hours" + remedy);
  EXPECT_EQ(expiry_warning(kEnd, kEnd - 90min), "its secret URL expires at 2026-12-01T00:00:00Z, in 1 hour" + remedy);
  EXPECT_EQ(expiry_warning(kEnd, kEnd), "its secret URL has expired, at 2026-12-01T00:00:00Z" + remedy);
}

}  // namespace TEST_FILE
}  // namespace milepost::plugins
