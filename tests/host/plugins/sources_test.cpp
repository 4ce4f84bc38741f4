#include <cstdlib>

#include "tests/host/plugins/fixture.hpp"

namespace milepost::plugins {
namespace TEST_FILE {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class Sources : public PluginTest {
 protected:
  void SetUp() override { install(good("acme")); }
  const Json with_{{"base_url", "http://127.0.0.1:1"}, {"token", "t0ken-of-acme"}};
};

TEST_F(Sources, PollsPagesAndSettlesThem) {
  ::setenv("MILEPOST_TEST_KIND", "order.created", 1);
  const auto account = this->account("acme", with_);
  const auto source =
      account->polling("orders", {{"kind", {{"!env", "MILEPOST_TEST_KIND"}}}, {"key", {{"!secret", "k"}}}});
  ASSERT_NE(source, nullptr);
  const HostCall call(1s);
  auto page = source->poll("", 3, call.call());
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->events.size(), 3u);
  EXPECT_EQ(page->events[0].id, "order-0");
  EXPECT_EQ(page->events[0].type, "order.created");
  EXPECT_EQ(page->events[0].reason, "***");
  EXPECT_EQ(page->events[0].payload.text(), R"({"amount": 25000.00})");
  EXPECT_EQ(page->events[0].time->time_since_epoch().count(), 1'700'000'000'000'000);
  EXPECT_EQ(page->next, "3");
  page = source->poll("3", 3, call.call());
  ASSERT_TRUE(page);
  EXPECT_EQ(page->events.size(), 2u);

  auto* settle = dynamic_cast<Settle*>(source.get());
  ASSERT_NE(settle, nullptr);
  EXPECT_TRUE(settle->committed("5", call.call()));
  const auto refused = settle->committed("3", call.call());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::retryable);
}

TEST_F(Sources, TellsWhyAPollingSourceCouldNotBeMade) {
  const auto account = this->account("acme", with_);
  const HostCall call(1s);
  const auto source = account->polling("orders", Json::object());
  ASSERT_NE(source, nullptr);
  const auto page = source->poll("", 3, call.call());
  ASSERT_FALSE(page);
  EXPECT_THAT(page.error().message, HasSubstr("kind: missing"));
  EXPECT_EQ(account->polling("hook", Json::object()), nullptr);
  EXPECT_EQ(account->polling("nothing", Json::object()), nullptr);
}

TEST_F(Sources, ReadsAgainWhatAPollingSourceKeptAside) {
  const auto account = this->account("acme", with_);
  const auto decoder = account->decoder("orders", {{"kind", "order.created"}});
  ASSERT_NE(decoder, nullptr);
  const auto events = decoder->receive({.method = "POST", .target = "/", .headers = {}, .body = "{\"a\": 1e400}"});
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->size(), 1u);
  EXPECT_EQ((*events)[0].type, "order.created");
  EXPECT_EQ((*events)[0].payload.text(), "{\"a\": 1e400}");
  const auto refused = decoder->receive({.method = "POST", .target = "/", .headers = {}, .body = ""});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "nothing was kept");
  EXPECT_EQ(account->decoder("hook", Json::object()), nullptr);
  EXPECT_EQ(account->decoder("nothing", Json::object()), nullptr);
}

TEST_F(Sources, DecodesWebhooks) {
  const auto hook = registry_->webhook("acme.hook", {{"kind", "paid"}}, services_);
  ASSERT_TRUE(hook) << hook.error().message;
  HttpRequest request{
      .method = "POST", .target = "/hooks/acme", .headers = {{"X-Delivery", "d-1"}}, .body = "{\"a\": 1e400}"};
  auto events = (*hook)->receive(request);
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->size(), 1u);
  EXPECT_EQ((*events)[0].id, "d-1");
  EXPECT_EQ((*events)[0].type, "paid");
  EXPECT_EQ((*events)[0].payload.text(), "{\"a\": 1e400}");
  request.body = "";
  const auto refused = (*hook)->receive(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "an empty delivery");
  EXPECT_EQ(refused.error().kind, ErrorKind::permanent);
}

TEST_F(Sources, TellsWhyAWebhookSourceCouldNotBeMade) {
  const auto wrong = registry_->webhook("acme.hook", {{"kindd", "paid"}}, services_);
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("kindd: unknown key"));
  EXPECT_FALSE(registry_->webhook("acme.orders", Json::object(), services_));
  EXPECT_FALSE(registry_->webhook("acme.nothing", Json::object(), services_));
}

}  // namespace TEST_FILE
}  // namespace milepost::plugins
