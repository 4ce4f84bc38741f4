#include "milepost/http.hpp"

#include <gtest/gtest.h>

namespace milepost {
namespace TEST_FILE {

using namespace std::chrono_literals;

// Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::chrono::system_clock::time_point kNow{784'111'777s};

TEST(RetryAfter, ReadsSeconds) {
  EXPECT_EQ(retry_after("30", kNow), 30s);
  EXPECT_EQ(retry_after(" 30 ", kNow), 30s);
  EXPECT_EQ(retry_after("0", kNow), 0s);
}

TEST(RetryAfter, ReadsADateAgainstTheClock) {
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", kNow), 30s);
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", kNow), 0s) << "the past is now";
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", kNow + 400ms), 30s) << "never less than asked";
}

TEST(RetryAfter, WaitsSevenDaysAtMost) {
  const auto most = std::chrono::hours(24 * 7);
  EXPECT_EQ(retry_after("99999999", kNow), most);
  EXPECT_EQ(retry_after("99999999999999999999999999", kNow), most);
  EXPECT_EQ(retry_after("Fri, 31 Dec 9999 23:59:59 GMT", kNow), most);
}

TEST(RetryAfter, IsNothingWhenItIsNeither) {
  for (const char* value : {"", " ", "soon", "-5", "3.5", "Sun, 06 Nov 1994", "30 seconds"})
    EXPECT_EQ(retry_after(value, kNow), std::nullopt) << value;
}

struct Row {
  int status;
  const char* retry_after;
  ErrorKind read, repeatable, once;
};

TEST(Classify, FollowsTheTable) {
  using enum ErrorKind;
  const Row rows[] = {
      {301, "", permanent, permanent, permanent},
      {400, "", permanent, permanent, permanent},
      {401, "", auth, auth, auth},
      {403, "", auth, auth, auth},
      {404, "", permanent, permanent, permanent},
      {408, "", retryable, retryable, indeterminate},
      {409, "", permanent, permanent, permanent},
      {422, "", permanent, permanent, permanent},
      {429, "", rate_limited, rate_limited, rate_limited},
      {429, "30", rate_limited, rate_limited, rate_limited},
      {500, "", retryable, retryable, indeterminate},
      {501, "", permanent, permanent, permanent},
      {502, "", retryable, retryable, indeterminate},
      {503, "", retryable, retryable, retryable},
      {503, "30", rate_limited, rate_limited, rate_limited},
      {504, "", retryable, retryable, indeterminate},
      {505, "", permanent, permanent, permanent},
      {524, "", retryable, retryable, indeterminate},
      {600, "", permanent, permanent, permanent},
      {0, "", permanent, permanent, permanent},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::to_string(row.status) + " " + row.retry_after);
    HttpResponse response{row.status, {}, {}};
    if (*row.retry_after != '\0') response.headers.emplace_back("retry-after", row.retry_after);
    EXPECT_EQ(classify(response, Intent::read, "", kNow)->kind, row.read);
    EXPECT_EQ(classify(response, Intent::repeatable, "", kNow)->kind, row.repeatable);
    EXPECT_EQ(classify(response, Intent::once, "", kNow)->kind, row.once);
  }
}

TEST(Classify, FindsNothingWrongWithSuccess) {
  for (int status : {200, 201, 202, 204, 299}) EXPECT_EQ(classify({status, {}, {}}, Intent::once), std::nullopt);
}

TEST(Classify, KeepsTheVendorsWishAndTheOrigin) {
  const auto error = classify({429, {{"Retry-After", "30"}}, {}}, Intent::once, "acme: POST /orders", kNow);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->retry_after, 30s);
  EXPECT_EQ(error->origin, "acme: POST /orders -> 429");
  EXPECT_EQ(error->message, "the vendor answered 429");
}

TEST(HttpHeaders, CompareWithoutCase) {
  const HttpRequest request{.headers = {{"Content-Type", "text/plain"}}};
  EXPECT_EQ(request.header("content-type"), "text/plain");
  EXPECT_EQ(request.header("content-typ"), "");
  EXPECT_FALSE(same_header("content_type", "content-type"));
}

}  // namespace TEST_FILE
}  // namespace milepost
