// The kit against a connector that is as small as one can be: what the fakes promise, and that the rig sees what the
// host will.
#include "milepost/testing/fake_host.hpp"

#include <gtest/gtest.h>

#include "milepost/testing/rig.hpp"

namespace milepost::testing {
namespace TEST_FILE {

using namespace std::chrono_literals;

class Orders : public Sandbox {
 public:
  explicit Orders(Host host) : host_(host) {
    routes_.on("POST", "/orders", [this](auto& request, auto&) {
      orders_.push_back(request.body);
      return json_answer(201, {{"id", std::to_string(orders_.size())}, {"at", iso_time(host_.clock().now())}});
    });
  }
  HttpResponse handle(const HttpRequest& request) override {
    return bearer(request) == "sandbox-token" ? routes_.handle(request) : problem(401, "unknown token");
  }
  Json state() const override { return {{"orders", orders_}}; }
  void reset() override { orders_.clear(); }
  Result<std::vector<HttpRequest>> emit(const Json&) override { return fail(ErrorKind::permanent, "no webhooks"); }

 private:
  Host host_;
  Routes routes_;
  std::vector<std::string> orders_;
};

struct Account {
  std::string base_url;
};
struct Order {
  std::string what;
};
class Shop : public Connection {
 public:
  Shop(Account, Host lent) : host(lent) {}
  Status open(const Call&) override { return {}; }
  const Host host;
};
class Buy : public SingleAction, public Lookup {
 public:
  Buy(Shop& shop, Host) : host_(shop.host) {}
  Result<Answer> run_one(const Delivery& delivery, const Call& call) override {
    if (find_throws(delivery)) throw std::runtime_error("no such thing");
    auto answer = host_.http().send_json("POST", "/orders", delivery.with, Intent::once, call);
    if (!answer) return fail(answer.error());
    host_.log().info("bought", {{"key", delivery.idempotency_key}});
    host_.metrics().count("orders");
    return Answer{Answer::Effect::created, read_json(answer->body).value_or(Json()),
                  Record{"shop", "order", "1", "", ""}};
  }
  Result<std::optional<Answer>> find(const Delivery&, const Call&) override { return std::optional<Answer>(); }

 private:
  static bool find_throws(const Delivery& delivery) { return milepost::find(delivery.with, "/throw") != nullptr; }
  Host host_;
};

Plugin shop() {
  Settings<Account> account("A shop.");
  account.optional("base_url", &Account::base_url, "https://shop.test", "API root.");
  Settings<Order> order("What to buy.");
  order.required("what", &Order::what, "The thing.");
  return Plugin("shop", "1.0.0", "A shop.")
      .connection<Account, Shop>(account, credentials::bearer("token"))
      .action<Buy, Shop>("buy", "Buys.", order, Traits{});
}
const mp_plugin kShop = {sizeof(mp_plugin), MP_ABI_MAJOR, MP_ABI_MINOR, MILEPOST_SDK_VERSION, &detail::dispatch<&shop>};

class Kit : public ::testing::Test {
 protected:
  Kit() {
    host.http.serve(vendor).bearer("sandbox-token");
    EXPECT_TRUE(rig.connect(Json::object()));
  }
  std::size_t orders() const { return vendor.state()["orders"].size(); }

  FakeHost host;
  Orders vendor{host.host()};
  Rig rig{kShop, host};
};

TEST_F(Kit, LeadsRequestsIntoTheDoubleWithTheHostsCredential) {
  const auto ran = rig.run("buy", {{"what", "tea"}});
  ASSERT_TRUE(ran) << ran.message();
  EXPECT_EQ(ran->body["at"], "2026-11-02T09:00:00.000Z");
  EXPECT_EQ(ran->record->type, "order");
  ASSERT_EQ(host.http.requests().size(), 1u);
  EXPECT_EQ(host.http.requests()[0].header("Authorization"), "");
  EXPECT_EQ(host.http.count("POST", "/orders"), 1u);
  EXPECT_EQ(host.counted("orders"), 1);
  EXPECT_TRUE(host.tells(key_of("one")));
  EXPECT_FALSE(host.tells("tea"));
}

TEST_F(Kit, AnswersAsScriptedAndThenPassesOn) {
  host.http.answers(429).retry_after(30s).times(2);
  EXPECT_EQ(rig.run("buy", {{"what", "tea"}}).retry_after(), 30s);
  EXPECT_EQ(rig.run("buy", {{"what", "tea"}}).kind(), ErrorKind::rate_limited);
  EXPECT_TRUE(rig.run("buy", {{"what", "tea"}}));
  EXPECT_EQ(host.http.unused(), 0u);
}

TEST_F(Kit, TellsACutBeforeFromACutAfterByTheVendorsStateAlone) {
  host.http.on("POST", "/orders").cuts_before();
  EXPECT_EQ(rig.run("buy", {{"what", "tea"}}).kind(), ErrorKind::indeterminate);
  EXPECT_EQ(orders(), 0u);
  host.http.on("POST", "/orders").cuts_after();
  EXPECT_EQ(rig.run("buy", {{"what", "tea"}}).kind(), ErrorKind::indeterminate);
  EXPECT_EQ(orders(), 1u);
}

TEST_F(Kit, SendsNothingWhereTheConnectionIsRefusedOrTheCallStopped) {
  host.http.next().refuses_connection();
  EXPECT_EQ(rig.run("buy", {{"what", "tea"}}).kind(), ErrorKind::retryable);
  host.stop();
  EXPECT_EQ(rig.run("buy", {{"what", "tea"}}).kind(), ErrorKind::cancelled);
  EXPECT_EQ(orders(), 0u);
}

TEST_F(Kit, LetsAHangingAnswerEatTheDeadline) {
  const auto before = host.clock.now();
  host.http.next().hangs();
  EXPECT_EQ(rig.run("buy", {{"what", "tea"}}).kind(), ErrorKind::indeterminate);
  EXPECT_EQ(host.clock.now() - before, 10s);
}

TEST_F(Kit, ReportsAThrowAsTheHostWill) {
  EXPECT_EQ(rig.run("buy", {{"throw", true}}).message(), "threw: no such thing");
}

TEST_F(Kit, LooksUp) {
  const auto found = rig.find("buy", {{"what", "tea"}});
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->has_value());
}

TEST_F(Kit, ComparesAndSetsState) {
  const auto state = host.host().state();
  EXPECT_EQ(state.get("cursor", host.call())->version, 0u);
  EXPECT_TRUE(*state.put("cursor", "a", 0, host.call()));
  EXPECT_FALSE(*state.put("cursor", "b", 0, host.call()));
  const auto item = *state.get("cursor", host.call());
  EXPECT_EQ(item.value, "a");
  EXPECT_TRUE(*state.put("cursor", std::nullopt, item.version, host.call()));
  EXPECT_TRUE(host.stored().empty());
}

TEST(FakeHost, FailsWhatNobodyScripted) {
  FakeHost host;
  const auto answer = host.host().http().send({"GET", "/x", {}, "", Intent::read}, host.call());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "unexpected request: GET /x");
}

TEST(FakeHost, StopsTheClockUntilItIsMoved) {
  FakeHost host;
  const auto call = host.call(10s);
  host.clock.advance(4s);
  EXPECT_EQ(call.left(), 6s);
  EXPECT_EQ(host.host().clock().now(), host.clock.now());
}

}  // namespace TEST_FILE
}  // namespace milepost::testing
