#include "milepost/error.hpp"

#include <gtest/gtest.h>

namespace milepost {
namespace TEST_FILE {

TEST(ErrorKinds, HaveNamesThatLeadBack) {
  for (auto kind : {ErrorKind::retryable, ErrorKind::rate_limited, ErrorKind::auth, ErrorKind::permanent,
                    ErrorKind::indeterminate, ErrorKind::cancelled, ErrorKind::internal})
    EXPECT_EQ(error_kind(name(kind)), kind);
  EXPECT_EQ(error_kind("Permanent"), std::nullopt);
  EXPECT_EQ(error_kind(""), std::nullopt);
}

TEST(Fail, MakesAndHandsOnAnError) {
  const auto inner = []() -> Result<int> {
    return fail(ErrorKind::auth, "the key was refused", "hubspot: POST /x -> 401");
  };
  const auto outer = [&]() -> Status {
    auto number = inner();
    if (!number) return fail(number.error());
    return {};
  };
  const Status status = outer();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::auth);
  EXPECT_EQ(status.error().message, "the key was refused");
  EXPECT_EQ(status.error().origin, "hubspot: POST /x -> 401");
  EXPECT_EQ(status.error().retry_after, std::nullopt);
}

TEST(Error, IsADefectUnlessSaidOtherwise) { EXPECT_EQ(Error().kind, ErrorKind::internal); }

}  // namespace TEST_FILE
}  // namespace milepost
