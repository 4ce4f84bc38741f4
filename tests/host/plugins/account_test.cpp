#include "host/journal/store.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/metrics.hpp"
#include "tests/host/plugins/fixture.hpp"
#include "tests/host/plugins/loopback.hpp"

namespace milepost::plugins {
namespace TEST_FILE {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kToken = "t0ken-of-acme";

class Accounts : public PluginTest {
 protected:
  void SetUp() override { install(good("acme")); }

  std::unique_ptr<Account> acme(const std::string& base_url) {
    return account("acme", {{"base_url", base_url}, {"token", kToken}, {"note", "n"}});
  }
  static Result<Answer> run(Account& account, const std::string& action, const Json& with, HostCall& call,
                            const std::string& key = "00112233445566778899aabbccddeeff") {
    const auto made = account.action(action);
    const Event about = event("e-1");
    const Delivery delivery{&about, with, key};
    auto results = made->run({&delivery, 1}, call.call());
    EXPECT_EQ(results.size(), 1u);
    return std::move(results.front());
  }
  static Result<Answer> run(Account& account, const std::string& action, const Json& with) {
    HostCall call(5s);
    return run(account, action, with, call);
  }
  static Loopback::Answer answers(std::string status, std::string body) {
    return [=](const Loopback::Seen&) { return Loopback::response(status, body); };
  }
};

TEST_F(Accounts, OpenAndProbeWithTheHostsCredentials) {
  Loopback vendor(answers("200 OK", "{}"));
  const auto account = acme(vendor.url("/v1"));
  EXPECT_EQ(account->definition().name, "acme-main");
  const HostCall call(5s);
  EXPECT_TRUE(account->open(call.call()));
  EXPECT_TRUE(account->probe(call.call()));
  account->close();
  account->close();
  ASSERT_EQ(vendor.seen().size(), 2u);
  EXPECT_EQ(vendor.seen()[0].target, "/v1/ping");
  EXPECT_EQ(vendor.seen()[1].target, "/v1/me");
  EXPECT_TRUE(vendor.seen()[0].has("Authorization: Bearer t0ken-of-acme"));
}

TEST_F(Accounts, LendTheRulesOfZones) {
  const auto account = acme("http://127.0.0.1:1");  // its clock stands at 2023-11-14T22:13:20Z
  const auto at = [&](const char* zone) { return run(*account, "echo", {{"zone", zone}})->body["midnight"]; };
  EXPECT_EQ(at("UTC"), 1'700'006'400'000'000);
  EXPECT_EQ(at("America/New_York"), 1'700'024'400'000'000);
  EXPECT_EQ(at("Asia/Kolkata"), 1'700'073'000'000'000);
  EXPECT_THAT(at("America/New_Yrok").get<std::string>(), HasSubstr("did you mean"));
}

TEST_F(Accounts, ReportWhatTheVendorRefuses) {
  Loopback vendor(answers("401 Unauthorized", ""));
  const auto account = acme(vendor.url());
  const HostCall call(5s);
  const auto refused = account->open(call.call());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::auth);
  EXPECT_EQ(vendor.seen().size(), 1u) << "a fixed token is no other the second time";
}

TEST_F(Accounts, CarryADeliveryAndItsAnswerExactly) {
  const auto account = acme("http://127.0.0.1:1");
  const auto echo = account->action("echo");
  Event first = event("e-1"), second = event("bad"), third = event("e-3");
  first.type = "stage.changed";
  first.actor = "u-7";
  first.time = Time(1'700'000'000'000'001us);
  const Json with = *read_json(R"({"amount": 25000.00, "big": 1e400, "text": "ä 😀"})");
  const Delivery batch[] = {{&first, with, "k1"}, {&second, with, "k2"}, {&third, with, "k3"}};
  const HostCall call(5s, {}, 4);
  const auto results = echo->run(batch, call.call());
  ASSERT_EQ(results.size(), 3u);
  ASSERT_TRUE(results[0]) << results[0].error().message;
  EXPECT_EQ(results[0]->effect, Answer::Effect::unchanged);
  EXPECT_EQ(text(results[0]->body),
            R"({"id":"e-1","subject":"L-1001","type":"stage.changed","actor":"u-7",)"
            R"("payload":"{\"amount\": 25000.00, \"big\": 12345678901234567890123}",)"
            R"("with":{"amount":25000.00,"big":1e400,"text":"ä 😀"},"key":"k1","attempt":4,"region":"east","note":"n",)"
            R"("now_us":1700000000000000,"time_us":1700000000000001})");
  ASSERT_FALSE(results[1]);
  EXPECT_EQ(results[1].error().kind, ErrorKind::permanent);
  EXPECT_EQ(results[1].error().message, "bad is bad");
  EXPECT_TRUE(results[2]);
}

TEST_F(Accounts, CreateRecordsAndFindThem) {
  Loopback vendor([](const Loopback::Seen& seen) {
    if (seen.method == "GET" && seen.target == "/orders/unknown") return Loopback::response("404 Not Found", "");
    return Loopback::response("201 Created", R"({"id": "o-7"})");
  });
  const auto account = acme(vendor.url());
  HostCall call(5s);
  const auto sent = run(*account, "send", {{"item", "card"}}, call);
  ASSERT_TRUE(sent) << sent.error().message;
  EXPECT_EQ(sent->record->id, "o-7");
  EXPECT_EQ(sent->record->system, "acme");
  EXPECT_TRUE(call.has_write_left());
  ASSERT_EQ(vendor.seen().size(), 1u);
  EXPECT_EQ(vendor.seen()[0].body, R"({"item":"card","loan":"L-1001"})");
  EXPECT_TRUE(vendor.seen()[0].has("Idempotency-Key: 00112233445566778899aabbccddeeff"));

  const auto action = account->action("send");
  auto* lookup = dynamic_cast<Lookup*>(action.get());
  ASSERT_NE(lookup, nullptr);
  const Event about = event("e-1");
  const HostCall looking(5s);
  const auto found = lookup->find({&about, Json::object(), "known"}, looking.call());
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_TRUE(*found);
  EXPECT_EQ((**found).record->id, "o-7");
  const auto missing = lookup->find({&about, Json::object(), "unknown"}, looking.call());
  ASSERT_TRUE(missing);
  EXPECT_FALSE(*missing);
  EXPECT_FALSE(looking.has_write_left());
  EXPECT_EQ(dynamic_cast<Lookup*>(account->action("echo").get()), nullptr);
  EXPECT_EQ(account->action("nothing"), nullptr);
}

TEST_F(Accounts, CallALostAnswerIndeterminate) {
  Loopback vendor([](const Loopback::Seen&) { return std::string(); });
  const auto account = acme(vendor.url());
  HostCall call(5s);
  const auto lost = run(*account, "send", {{"item", "card"}}, call);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::indeterminate);
  EXPECT_TRUE(call.has_write_left());
  EXPECT_THAT(lost.error().origin, HasSubstr("POST /orders"));
  EXPECT_EQ(vendor.seen().size(), 1u) << "a `once` request is never repeated";
}

TEST_F(Accounts, CallARefusedConnectionRetryable) {
  const auto account = acme("http://127.0.0.1:1");
  HostCall call(5s);
  const auto refused = run(*account, "send", {{"item", "card"}}, call);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::retryable);
  EXPECT_FALSE(call.has_write_left());
}

TEST_F(Accounts, SendNothingOnceStoppedOrLate) {
  Loopback vendor(answers("200 OK", "{}"));
  const auto account = acme(vendor.url());
  HostCall stopped(5s, [] { return true; });
  auto answer = run(*account, "send", {{"item", "card"}}, stopped);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::cancelled);
  HostCall late(-1ms);
  answer = run(*account, "send", {{"item", "card"}}, late);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::retryable);
  EXPECT_TRUE(vendor.seen().empty());
}

TEST_F(Accounts, KeepCredentialsBelowTheBaseUrl) {
  Loopback vendor(answers("200 OK", "ok")), stranger(answers("200 OK", "ok"));
  const auto account = acme(vendor.url("/v1"));
  const auto fetch = [&](const std::string& target) {
    return run(*account, "fetch", {{"method", "GET"}, {"target", target}, {"intent", "read"}});
  };
  const std::string signature = "Authorization: Bearer t0ken-of-acme";
  EXPECT_TRUE(fetch("/a"));
  EXPECT_TRUE(fetch(vendor.url("/v1/b")));
  EXPECT_TRUE(fetch(vendor.url("/v2/c")));
  EXPECT_TRUE(fetch(stranger.url("/v1/d")));
  EXPECT_FALSE(fetch("/../v2/e"));
  ASSERT_EQ(vendor.seen().size(), 3u);
  EXPECT_TRUE(vendor.seen()[0].has(signature));
  EXPECT_TRUE(vendor.seen()[1].has(signature));
  EXPECT_FALSE(vendor.seen()[2].has(signature));
  ASSERT_EQ(stranger.seen().size(), 1u);
  EXPECT_FALSE(stranger.seen()[0].has(signature));
}

TEST_F(Accounts, RefuseRequestsThatCouldForgeOthers) {
  Loopback vendor(answers("200 OK", "ok"));
  const auto account = acme(vendor.url());
  for (const std::string header : {"Content-Length", "transfer-encoding", "Host", "Connection", "X-A: 1\r\nX-B", ""}) {
    if (header.empty()) continue;
    const auto answer = run(*account, "fetch", {{"method", "GET"}, {"target", "/a"}, {"header", header}});
    ASSERT_FALSE(answer) << header;
    EXPECT_EQ(answer.error().kind, ErrorKind::permanent);
  }
  EXPECT_FALSE(run(*account, "fetch", {{"method", "GET /x HTTP/1.1\r\n"}, {"target", "/a"}}));
  EXPECT_FALSE(run(*account, "fetch", {{"method", ""}, {"target", "/a"}}));
  EXPECT_TRUE(vendor.seen().empty());
}

TEST_F(Accounts, AskForPrivateAddressesOnlyWhereAllowed) {
  Loopback vendor(answers("200 OK", "ok"));
  auto definition = connection("acme", {{"base_url", vendor.url()}, {"token", kToken}});
  definition.allow_private = false;
  const auto account = registry_->account(definition, config::Secrets(), services_);
  ASSERT_TRUE(account);
  const auto answer = run(**account, "send", {{"item", "card"}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::permanent);
  EXPECT_TRUE(vendor.seen().empty());
}

TEST_F(Accounts, ShowNoCredentialThatTheVendorEchoes) {
  Loopback vendor([](const Loopback::Seen& seen) { return Loopback::response("200 OK", seen.head); });
  const auto account = acme(vendor.url());
  const auto answer = run(*account, "fetch", {{"method", "GET"}, {"target", "/a"}, {"intent", "read"}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_THAT(text(answer->body), HasSubstr("Bearer ***"));
  EXPECT_THAT(text(answer->body), Not(HasSubstr(kToken)));
}

TEST_F(Accounts, LendLogsMetricsAndState) {
  telemetry::configure_log("json", telemetry::Level::info);
  const auto account = acme("http://127.0.0.1:1");
  ::testing::internal::CaptureStderr();
  const auto first = run(*account, "tell", {{"words", std::string("the token is ") + kToken}});
  const auto second = run(*account, "tell", {{"words", "bye"}});
  const std::string log = ::testing::internal::GetCapturedStderr();
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(text(second->body), R"({"before":"the token is ***","stored":true,"stale":false,"long_key":false})");

  EXPECT_THAT(log,
              HasSubstr(R"("event":"acme.told","plugin":"acme","connection":"acme-main","words":"the token is ***")"));
  EXPECT_THAT(log, Not(HasSubstr(kToken)));
  EXPECT_THAT(log, Not(HasSubstr("impostor")));
  EXPECT_THAT(log, Not(HasSubstr(std::string(2000, 'x'))));
  const auto metrics = telemetry::metrics_text();
  EXPECT_THAT(metrics,
              HasSubstr(R"(milepost_plugin_told_total{connection="acme-main",plugin="acme",region="west"} 4)"));
  EXPECT_THAT(metrics, HasSubstr("milepost_plugin_telling_seconds_count"));
  EXPECT_THAT(metrics, Not(HasSubstr("No Such Name")));
}

TEST_F(Accounts, KeepTheirStateInTheStore) {
  Folder data;
  {
    auto store = journal::Store::open({data.path("milepost.db"), &clock_});
    ASSERT_TRUE(store) << store.error().message;
    services_.store = store->get();
    EXPECT_TRUE(run(*acme("http://127.0.0.1:1"), "tell", {{"words", "remember me"}}));
    EXPECT_EQ((*store)->state("connection:acme-main", "words")->value, "remember me");
  }
  auto store = journal::Store::open({data.path("milepost.db"), &clock_});
  ASSERT_TRUE(store);
  services_.store = store->get();
  const auto later = run(*acme("http://127.0.0.1:1"), "tell", {{"words", "bye"}});
  ASSERT_TRUE(later) << later.error().message;
  EXPECT_EQ(text(later->body), R"({"before":"remember me","stored":true,"stale":false,"long_key":false})");
}

TEST_F(Accounts, SayWhichSettingIsMissing) {
  const auto refused =
      registry_->account(connection("acme", {{"base_url", "https://acme.test"}}), config::Secrets(), services_);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("connection acme-main: "));
  EXPECT_THAT(refused.error().message, HasSubstr("token"));
  const auto unknown =
      registry_->account(connection("acme", {{"token", {{"!secret", "nowhere"}}}, {"base_url", "https://acme.test"}}),
                         config::Secrets(), services_);
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("nowhere"));
  const auto base = registry_->account(connection("acme", {{"base_url", "acme.test"}, {"token", kToken}}),
                                       config::Secrets(), services_);
  ASSERT_FALSE(base);
  EXPECT_THAT(base.error().message, HasSubstr("base_url"));
  const auto extra =
      registry_->account(connection("acme", {{"base_url", "https://acme.test"}, {"token", kToken}, {"colour", "red"}}),
                         config::Secrets(), services_);
  ASSERT_FALSE(extra);
  EXPECT_THAT(extra.error().message, HasSubstr("colour: unknown key"));
  EXPECT_FALSE(registry_->account(connection("hooli", Json::object()), config::Secrets(), services_));
}

TEST_F(Accounts, AreKeptAliveByTheirActions) {
  auto account = acme("http://127.0.0.1:1");
  const auto echo = account->action("echo");
  account.reset();
  const Event about = event("e-1");
  const Delivery delivery{&about, Json::object(), "k"};
  const HostCall call(1s);
  EXPECT_TRUE(echo->run({&delivery, 1}, call.call())[0]);
}

}  // namespace TEST_FILE
}  // namespace milepost::plugins
