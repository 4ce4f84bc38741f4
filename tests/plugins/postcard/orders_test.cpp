// cancel, status, preview and verify_address, at both vendors.
#include "send_fixture.hpp"

namespace milepost::postcard {
namespace TEST_FILE {

using namespace std::chrono_literals;
using Effect = Answer::Effect;

std::string word(const testing::Ran& ran, const char* pointer) {
  return ran ? get<std::string>(ran->body, pointer).value_or("") : ran.message();
}

class PcmOrders : public PcmSend {
 protected:
  PcmOrders() {
    host.http.bearer("sandbox-long-live-token");
    EXPECT_TRUE(send());
  }
  testing::Ran act(const std::string& action, const Json& settings) {
    return rig.run(action, settings, testing::key_of(action));
  }
  const Json order{{"order_id", "3345121"}};
};

TEST_F(PcmOrders, CancelOnceAndSayTooLate) {
  const auto first = act("cancel", order);
  ASSERT_TRUE(first) << first.message();
  EXPECT_EQ(first->effect, Effect::updated);
  EXPECT_EQ(first->record->id, "3345121");
  const auto again = act("cancel", {{"order_id", 3345121}});
  ASSERT_TRUE(again) << again.message();
  EXPECT_EQ(again->effect, Effect::unchanged);
  EXPECT_EQ(word(act("status", order), "/state"), "canceled");

  ASSERT_TRUE(send("two"));
  host.clock.advance(24h);
  const auto late = act("cancel", {{"order_id", "3345122"}});
  EXPECT_EQ(late.kind(), ErrorKind::permanent);
  EXPECT_EQ(late.message(), "the vendor does not take the order back (it is in_production): the vendor answered 409");
  EXPECT_EQ(act("cancel", {{"order_id", "7"}}).kind(), ErrorKind::permanent);
}

TEST_F(PcmOrders, AreNotCanceledByAnAnswerThatDoesNotSaySo) {
  for (const auto* body :
       {"<html>signed out</html>", R"({"success":false})", R"({"error":{"message":"Canary"}})", ""}) {
    host.http.on("DELETE", "/order/3345121").answers(200).body(body);
    const auto ran = act("cancel", order);
    EXPECT_EQ(ran.kind(), ErrorKind::permanent) << body;
    EXPECT_EQ(ran.message().find("Canary"), std::string::npos);
  }
  // Done, and the answer lost: a repeat finds it done.
  host.http.on("DELETE", "/order/3345121").cuts_after();
  EXPECT_EQ(act("cancel", order).kind(), ErrorKind::retryable);
  EXPECT_EQ(act("cancel", order)->effect, Effect::unchanged);
}

TEST_F(PcmOrders, TellWhereTheyStand) {
  const auto ran = act("status", order);
  ASSERT_TRUE(ran) << ran.message();
  EXPECT_EQ(
      text(ran->body),
      R"({"order_id":"3345121","vendor":"pcm","state":"accepted","status":"Ordered","batch_id":"90112","reference":"mp-)" +
          testing::key_of("one") + R"(","mail_class":"FirstClass"})");
  for (const auto* body : {"", "<html>", "{\"orderID\":", R"({"orderID":1,"status":"Delivered"})", "[]"}) {
    host.http.on("GET", "/order/3345121").answers(200).body(body);
    EXPECT_EQ(act("status", order).kind(), ErrorKind::retryable) << body;
  }
  for (const auto* id : {"", "../auth/login", "1/../2", "a b"})
    EXPECT_EQ(act("status", {{"order_id", id}}).kind(), ErrorKind::permanent) << id;
  EXPECT_EQ(act("status", {{"order_id", "7"}}).kind(), ErrorKind::permanent);
}

TEST_F(PcmOrders, ShowACardBeforeItIsOrdered) {
  const auto before = orders();
  const auto ran = act("preview", with());
  ASSERT_TRUE(ran) << ran.message();
  EXPECT_NE(word(ran, "/front").find("/front.png"), std::string::npos);
  EXPECT_EQ(orders(), before);
  EXPECT_EQ(act("preview", order).message(),
            "order_id: vendor pcm shows a card before it is ordered, by design and to; not an order");
  EXPECT_EQ(act("preview", {{"to", address()}}).kind(), ErrorKind::permanent);
}

TEST_F(PcmOrders, SayWhetherMailReachesAnAddressAndWhatWasCorrected) {
  const auto good = act("verify_address", {{"address", address()}});
  ASSERT_TRUE(good) << good.message();
  EXPECT_EQ(
      text(good->body),
      R"({"deliverable":true,"verdict":"deliverable","address":{"line1":"77 CANARY CT","line2":"","city":"DULUTH","state":"MN","zip":"55802-1234"},"corrected":["zip"]})");
  auto nowhere = address();
  nowhere["line1"] = "1 Undeliverable Rd";
  EXPECT_EQ(text(act("verify_address", {{"address", nowhere}})->body),
            R"({"deliverable":false,"verdict":"No such number"})");
  nowhere.erase("zip");
  EXPECT_EQ(text(act("verify_address", {{"address", nowhere}})->body),
            R"({"deliverable":false,"verdict":"address: not mailable: no zip"})");
  for (const auto* body : {"", "<html>", R"({"results":[]})", R"({"results":[{"undeliverable":"no"}]})"}) {
    host.http.on("POST", "/recipient/verify").answers(200).body(body);
    EXPECT_EQ(act("verify_address", {{"address", address()}}).kind(), ErrorKind::retryable) << body;
  }
  EXPECT_FALSE(host.tells("anary"));
}

class LobOrders : public SendFixture {
 protected:
  LobOrders() {
    host.http.serve(below).basic("test_sandbox", "");
    EXPECT_TRUE(rig.connect({{"vendor", "lob"},
                             {"base_url", "https://api.lob.com/v1"},
                             {"use_type", "operational"},
                             {"designs", {{"approval", {{"front", "tmpl_a"}, {"back", "tmpl_b"}}}}}}));
    id = word(send(), "/order_id");
  }
  testing::Ran act(const std::string& action, const Json& settings) {
    return rig.run(action, settings, testing::key_of(action));
  }
  class Below : public Sandbox {
   public:
    explicit Below(LobSandbox& lob) : lob_(lob) {}
    HttpResponse handle(const HttpRequest& request) override { return lob_.handle(request); }
    Json state() const override { return lob_.state(); }
    void reset() override { lob_.reset(); }
    Result<std::vector<HttpRequest>> emit(const Json&) override { return fail(ErrorKind::permanent, "not here"); }

   private:
    LobSandbox& lob_;
  };
  LobSandbox lob{host.host()};
  Below below{lob};
  std::string id;
};

TEST_F(LobOrders, CancelOnceAndSayTooLate) {
  EXPECT_EQ(act("cancel", {{"order_id", id}})->effect, Effect::updated);
  ASSERT_TRUE(act("cancel", {{"order_id", id}}));
  const auto late = word(send("two"), "/order_id");
  host.clock.advance(5min);
  const auto ran = act("cancel", {{"order_id", late}});
  EXPECT_EQ(ran.message(),
            "the vendor does not take the order back (it is accepted): the vendor answered 422 (not_deletable)");
  const auto scheduled = word(send("three", {{"mail_date", "2026-11-20"}}), "/order_id");
  host.clock.advance(24h);
  EXPECT_EQ(act("cancel", {{"order_id", scheduled}})->effect, Effect::updated);
}

TEST_F(LobOrders, TellTheirWay) {
  for (const auto* type : {"postcard.mailed", "postcard.in_local_area", "postcard.returned_to_sender"})
    ASSERT_TRUE(lob.emit({{"url", "http://r"}, {"secret", "s"}, {"event_type", type}}));
  const auto ran = act("status", {{"order_id", id}});
  ASSERT_TRUE(ran) << ran.message();
  EXPECT_EQ(word(ran, "/state"), "returned");
  EXPECT_EQ(word(ran, "/tracking/1/state"), "in_transit");
  EXPECT_EQ(word(ran, "/tracking/1/day"), "2026-11-02");
  EXPECT_EQ(text(ran->body).find("anary"), std::string::npos);
}

TEST_F(LobOrders, ShowACardOnceItIsOrdered) {
  EXPECT_NE(word(act("preview", {{"order_id", id}}), "/url").find(id), std::string::npos);
  EXPECT_EQ(act("preview", with()).message(),
            "order_id: missing; vendor lob shows no card before it is ordered (under a test key nothing is printed)");
}

TEST_F(LobOrders, SayWhetherMailReachesAnAddress) {
  const auto good = act("verify_address", {{"address", address()}});
  ASSERT_TRUE(good) << good.message();
  EXPECT_EQ(word(good, "/address/zip"), "55802-1234");
  auto tower = address();
  tower["line1"] = "1 Canary Tower";
  EXPECT_EQ(word(act("verify_address", {{"address", tower}}), "/verdict"), "deliverable_missing_unit");
  for (const auto* body : {"", "<html>", "{}", R"({"deliverability":7})"}) {
    host.http.on("POST", "/us_verifications").answers(200).body(body);
    EXPECT_EQ(act("verify_address", {{"address", tower}}).kind(), ErrorKind::retryable) << body;
  }
  EXPECT_FALSE(host.tells("anary"));
}

}  // namespace TEST_FILE
}  // namespace milepost::postcard
