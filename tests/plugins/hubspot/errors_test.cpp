#include "plugins/hubspot/errors.hpp"

#include <gtest/gtest.h>

namespace milepost::hubspot {
namespace TEST_FILE {

using namespace std::chrono_literals;
constexpr Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 2);

struct Row {
  int status;
  HttpHeaders headers;
  std::string body;
  ErrorKind once, repeatable, read;
  std::optional<std::chrono::milliseconds> wait = {};
};

std::string limit(const std::string& policy) {
  return R"({"category":"RATE_LIMITS","policyName":")" + policy + R"("})";
}

/// The table of the SDK, and HubSpot's own rows.
const Row kRows[] = {
    {400, {}, "", ErrorKind::permanent, ErrorKind::permanent, ErrorKind::permanent},
    {401, {}, "", ErrorKind::auth, ErrorKind::auth, ErrorKind::auth},
    {403, {}, "", ErrorKind::auth, ErrorKind::auth, ErrorKind::auth},
    {404, {}, "", ErrorKind::permanent, ErrorKind::permanent, ErrorKind::permanent},
    {409, {}, "", ErrorKind::permanent, ErrorKind::permanent, ErrorKind::permanent},
    {414, {}, "", ErrorKind::permanent, ErrorKind::permanent, ErrorKind::permanent},
    {302,
     {{"Location", "https://elsewhere.test"}},
     "",
     ErrorKind::permanent,
     ErrorKind::permanent,
     ErrorKind::permanent},
    {423, {}, "", ErrorKind::retryable, ErrorKind::retryable, ErrorKind::retryable, 2s},
    {423, {{"Retry-After", "7"}}, "", ErrorKind::retryable, ErrorKind::retryable, ErrorKind::retryable, 7s},
    {429,
     {},
     limit("TEN_SECONDLY_ROLLING"),
     ErrorKind::rate_limited,
     ErrorKind::rate_limited,
     ErrorKind::rate_limited,
     10s},
    {429, {}, limit("SECONDLY"), ErrorKind::rate_limited, ErrorKind::rate_limited, ErrorKind::rate_limited, 1s},
    {429, {}, limit("DAILY"), ErrorKind::rate_limited, ErrorKind::rate_limited, ErrorKind::rate_limited, 1h},
    {429, {}, "<html>", ErrorKind::rate_limited, ErrorKind::rate_limited, ErrorKind::rate_limited, 10s},
    {429,
     {{"Retry-After", "30"}},
     limit("SECONDLY"),
     ErrorKind::rate_limited,
     ErrorKind::rate_limited,
     ErrorKind::rate_limited,
     30s},
    {477, {{"Retry-After", "7200"}}, "", ErrorKind::rate_limited, ErrorKind::rate_limited, ErrorKind::rate_limited, 2h},
    {477, {}, "", ErrorKind::rate_limited, ErrorKind::rate_limited, ErrorKind::rate_limited, 1h},
    {500, {}, "", ErrorKind::indeterminate, ErrorKind::retryable, ErrorKind::retryable},
    {502, {}, "<html>", ErrorKind::indeterminate, ErrorKind::retryable, ErrorKind::retryable},
    {503, {}, "", ErrorKind::retryable, ErrorKind::retryable, ErrorKind::retryable},
    {503,
     {{"Retry-After", "Mon, 02 Nov 2026 00:00:40 GMT"}},
     "",
     ErrorKind::rate_limited,
     ErrorKind::rate_limited,
     ErrorKind::rate_limited,
     40s},
    {504, {}, "", ErrorKind::indeterminate, ErrorKind::retryable, ErrorKind::retryable},
    {521, {}, "", ErrorKind::indeterminate, ErrorKind::retryable, ErrorKind::retryable},
    {526, {}, "", ErrorKind::indeterminate, ErrorKind::retryable, ErrorKind::retryable},
};

TEST(HubspotErrors, FollowTheTable) {
  for (const auto& row : kRows) {
    for (const auto& [intent, kind] :
         {std::pair{Intent::once, row.once}, {Intent::repeatable, row.repeatable}, {Intent::read, row.read}}) {
      const auto refused = refusal({row.status, row.headers, row.body}, {"hubspot: POST /x", intent, {}}, kNow);
      ASSERT_TRUE(refused) << row.status;
      EXPECT_EQ(refused->error.kind, kind) << row.status << ' ' << name(intent);
      EXPECT_EQ(refused->error.retry_after, row.wait) << row.status;
      EXPECT_EQ(refused->status, row.status);
      EXPECT_EQ(refused->error.origin, "hubspot: POST /x -> " + std::to_string(row.status));
    }
  }
}

TEST(HubspotErrors, AreNoneForASuccess) { EXPECT_FALSE(refusal({207, {}, ""}, {"x", Intent::once, {}}, kNow)); }

TEST(HubspotErrors, QuoteCodesAndOurOwnNamesButNoneOfTheVendorsText) {
  const std::string body =
      R"({"status":"error","category":"VALIDATION_ERROR","correlationId":"aeb5f871-7f07-4993-9211-075dc63e7cbf",
    "message":"Property values were not valid: [{\"message\":\"Email address jane@doe is invalid\",\"name\":\"email\"}]",
    "errors":[{"message":"jane@doe","code":"INVALID_EMAIL","context":{"propertyName":["email"]}}]})";
  const auto refused =
      refusal({400, {}, body}, {"hubspot: POST /x", Intent::repeatable, {"firstname", "email", "mail"}}, kNow);
  EXPECT_EQ(refused->error.message, "the vendor answered 400 (VALIDATION_ERROR, INVALID_EMAIL, about email)");
  EXPECT_EQ(refused->error.origin, "hubspot: POST /x -> 400, correlation aeb5f871-7f07-4993-9211-075dc63e7cbf");
}

TEST(HubspotErrors, TakeOnlyCodesForCodes) {
  const auto refused = refusal({400, {}, R"({"category":"Jane Doe, 12 Elm St","subCategory":7,"errors":"?"})"},
                               {"x", Intent::once, {}}, kNow);
  EXPECT_EQ(refused->error.message, "the vendor answered 400");
}

TEST(HubspotErrors, FindTheCorrelationInTheHeaderToo) {
  const auto refused = refusal({500, {{"x-hubspot-correlation-id", "c-1"}}, "<html>"}, {"x", Intent::once, {}}, kNow);
  EXPECT_EQ(refused->error.origin, "x -> 500, correlation c-1");
}

TEST(HubspotErrors, NameTheRecordThatStandsInTheWay) {
  const auto conflict = R"({"category":"CONFLICT","message":"Contact already exists. Existing ID: 4711"})";
  EXPECT_EQ(refusal({409, {}, conflict}, {"x", Intent::once, {}}, kNow)->existing_id, "4711");
  EXPECT_EQ(refusal({400, {}, conflict}, {"x", Intent::once, {}}, kNow)->existing_id, "");
  EXPECT_EQ(refusal({409, {}, R"({"message":"Existing ID: none"})"}, {"x", Intent::once, {}}, kNow)->existing_id, "");
  EXPECT_EQ(item_refusal(*read_json(conflict), {}).existing_id, "4711");
}

TEST(HubspotErrors, TellADailyLimitFromTheOthers) {
  EXPECT_TRUE(refusal({429, {}, limit("DAILY")}, {"x", Intent::once, {}}, kNow)->daily);
  EXPECT_FALSE(refusal({429, {}, limit("SECONDLY")}, {"x", Intent::once, {}}, kNow)->daily);
  EXPECT_FALSE(refusal({400, {}, limit("DAILY")}, {"x", Intent::once, {}}, kNow)->daily);
  EXPECT_TRUE(item_refusal(*read_json(limit("DAILY")), {}).daily);
}

TEST(HubspotErrors, OfAnItemArePermanentUnlessTheyAreALimit) {
  const auto bad = item_refusal({{"category", "VALIDATION_ERROR"}, {"context", {{"propertyName", {"amount"}}}}},
                                {"x", Intent::repeatable, {"amount"}});
  EXPECT_EQ(bad.error.kind, ErrorKind::permanent);
  EXPECT_EQ(bad.error.message, "the vendor refused this item (VALIDATION_ERROR, about amount)");
  const auto later =
      item_refusal({{"category", "RATE_LIMITS"}, {"policyName", "SECONDLY"}}, {"x", Intent::repeatable, {}});
  EXPECT_EQ(later.error.kind, ErrorKind::rate_limited);
  EXPECT_EQ(later.error.retry_after, 1s);
}

}  // namespace TEST_FILE
}  // namespace milepost::hubspot
