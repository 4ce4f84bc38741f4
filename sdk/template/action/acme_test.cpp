// The plugin over its exported table, as the host drives it. What must hold for every plugin is left to `milepost
// plugins test`.
#include <gtest/gtest.h>

#include "milepost/testing/rig.hpp"

extern "C" const mp_plugin milepost_plugin_v1;

namespace milepost::testing {
namespace {

class AcmeTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(connected()); }
  bool connected() {
    host.http.answers(200);  // what open() asks
    const bool done = rig.connect({{"token", "***"}}).has_value();
    host.http.forget();
    return done;
  }
  const Json order = {{"item", "A-7"}, {"customer", "Ann"}};
  FakeHost host;
  Rig rig{milepost_plugin_v1, host};
};

TEST_F(AcmeTest, PlacesAnOrderWithTheDeliverysKey) {
  host.http.answers(201).json({{"id", "o-1"}});
  const auto done = rig.run("deliver_it", order, key_of("one"), loan("L-1001"));
  ASSERT_TRUE(done) << done.message();
  EXPECT_EQ(text(done->body), R"({"order_id":"o-1"})");
  const auto& sent = host.http.requests().at(0);
  EXPECT_EQ(sent.target, "/v1/orders");
  EXPECT_EQ(sent.header("Idempotency-Key"), key_of("one"));
  EXPECT_EQ(sent.body, R"({"item":"A-7","customer":"Ann","quantity":1,"reference":"L-1001"})");
}

TEST_F(AcmeTest, WaitsAsLongAsItIsAsked) {
  host.http.answers(429).retry_after(std::chrono::seconds(30));
  const auto limited = rig.run("deliver_it", order);
  EXPECT_EQ(limited.kind(), ErrorKind::rate_limited);
  EXPECT_EQ(limited.retry_after(), std::chrono::seconds(30));
}

TEST_F(AcmeTest, DoesNotGuessWhenTheAnswerNamesNoOrder) {
  host.http.answers(201).body("<html>");
  EXPECT_EQ(rig.run("deliver_it", order).kind(), ErrorKind::indeterminate);
}

}  // namespace
}  // namespace milepost::testing
