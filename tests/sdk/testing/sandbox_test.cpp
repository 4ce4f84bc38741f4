#include "milepost/testing/sandbox.hpp"

#include <gtest/gtest.h>

namespace milepost::testing {
namespace TEST_FILE {

using namespace std::chrono_literals;

HttpRequest request(std::string method, std::string target, HttpHeaders headers = {}) {
  return {std::move(method), std::move(target), std::move(headers), "", Intent::read};
}

Routes routes() {
  Routes out;
  out.on("GET", "/orders/recent",
         [](auto&, auto&) {
           return json_answer(200, {{"which", "recent"}});
         })
      .on("GET", "/orders/{id}",
          [](auto&, auto& params) {
            return json_answer(200, {{"id", params["id"]}});
          })
      .on("POST", "/orders", [](auto&, auto&) { return empty_answer(201); });
  return out;
}

TEST(Routes, HandsOverTheSegmentsThatAPatternNames) {
  EXPECT_EQ(routes().handle(request("GET", "/orders/a%2Fb%20c?x=1")).body, R"({"id":"a/b c"})");
}

TEST(Routes, TakesTheFirstThatFits) {
  EXPECT_EQ(routes().handle(request("GET", "/orders/recent")).body, R"({"which":"recent"})");
}

TEST(Routes, TellsAnUnknownPathFromAnotherMethod) {
  EXPECT_EQ(routes().handle(request("GET", "/nothing/here/at/all")).status, 404);
  EXPECT_EQ(routes().handle(request("DELETE", "/orders/1")).status, 405);
  auto own = routes();
  own.otherwise([](auto&, int status) { return json_answer(status, {{"category", "MINE"}}); });
  EXPECT_EQ(own.handle(request("GET", "/nothing")).body, R"({"category":"MINE"})");
}

TEST(Query, IsDecodedInOrder) {
  const auto params = query(request("GET", "/x?limit=10&name=a+b%26c&empty&limit=20"));
  EXPECT_EQ(params["name"], "a b&c");
  EXPECT_EQ(params.number("limit", 5), 10);
  EXPECT_EQ(params.number("name", 5), 5);
  EXPECT_TRUE(params.has("empty"));
  EXPECT_FALSE(params.has("other"));
  EXPECT_EQ(params.all().size(), 4u);
  EXPECT_TRUE(query(request("GET", "/x")).all().empty());
}

TEST(PercentDecoding, LeavesABrokenEscapeAsItIs) {
  EXPECT_EQ(percent_decode("%41%zz%4"), "A%zz%4");
  EXPECT_EQ(percent_decode("a+b"), "a+b");
}

TEST(Credentials, AreReadFromTheHeader) {
  EXPECT_EQ(bearer(request("GET", "/", {{"authorization", "bearer t-1"}})), "t-1");
  EXPECT_EQ(bearer(request("GET", "/", {{"Authorization", "Basic dTpw"}})), std::nullopt);
  const auto pair = basic(request("GET", "/", {{"Authorization", "Basic " + base64("user:pass:word")}}));
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->first, "user");
  EXPECT_EQ(pair->second, "pass:word");
  EXPECT_EQ(basic(request("GET", "/", {{"Authorization", "Basic ???"}})), std::nullopt);
}

TEST(IsoTime, HasMillisecondsAndAZ) {
  EXPECT_EQ(iso_time(Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 3) + 9h + 30min + 250ms)),
            "2026-11-03T09:30:00.250Z");
}

TEST(RollingWindow, FreesAPlaceWhenTheOldestLeavesIt) {
  RollingWindow window(2, 10s);
  const Time start{};
  EXPECT_TRUE(window.take(start));
  EXPECT_TRUE(window.take(start + 5s));
  EXPECT_FALSE(window.take(start + 9s));
  EXPECT_EQ(window.remaining(), 0u);
  EXPECT_TRUE(window.take(start + 10s));
  EXPECT_FALSE(window.take(start + 14s));
}

TEST(Records, AreFoundByATextOrANumber) {
  Records records("/orderID");
  EXPECT_EQ(records.last(), nullptr);
  records.add({{"orderID", 17}, {"a", 1}});
  records.add({{"orderID", "x"}, {"a", 2}})["a"] = 3;
  EXPECT_EQ((*records.find("17"))["a"], 1);
  EXPECT_EQ((*records.find("x"))["a"], 3);
  EXPECT_EQ(records.find("y"), nullptr);
  EXPECT_EQ(records.find(""), nullptr);
  EXPECT_EQ(text(records.json()), R"([{"orderID":17,"a":1},{"orderID":"x","a":3}])");
}

TEST(KeyMemory, ForgetsAfterItsLifetime) {
  KeyMemory keys(24h);
  const Time start{};
  keys.keep("k", "o-1", start);
  keys.keep("", "o-2", start);
  EXPECT_EQ(keys.known("k", start + 23h), "o-1");
  EXPECT_EQ(keys.known("k", start + 24h), "");
  EXPECT_EQ(keys.known("", start), "");
  EXPECT_EQ(keys.known("other", start), "");
}

TEST(Webhooks, AreSignedAsTheVendorSigns) {
  const Time now{std::chrono::microseconds(1'795'000'000'123'456)};
  auto plain = webhook("/hooks/acme", R"({"a":1})");
  sign(plain, "secret", {.header = "X-Hub-Signature-256", .prefix = "sha256="}, now);
  EXPECT_EQ(plain.header("X-Hub-Signature-256"), "sha256=" + hex(hmac_sha256("secret", R"({"a":1})")));
  auto timed = webhook("/hooks/acme", "{}");
  sign(timed, "secret", {.header = "S", .timestamp_header = "T", .base64 = true, .milliseconds = true}, now);
  EXPECT_EQ(timed.header("T"), "1795000000123");
  EXPECT_EQ(timed.header("S"), base64(hmac_sha256("secret", "1795000000123.{}")));
}

}  // namespace TEST_FILE
}  // namespace milepost::testing
