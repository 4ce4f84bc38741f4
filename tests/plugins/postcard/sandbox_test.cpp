// The doubles, as their vendors are described.
#include "plugins/postcard/sandbox/sandbox.hpp"

#include <gtest/gtest.h>

#include "milepost/testing/fake_host.hpp"
#include "plugins/postcard/sandbox/eastern.hpp"

namespace milepost::postcard {
namespace TEST_FILE {

using namespace std::chrono_literals;

class Sandboxes : public ::testing::Test {
 protected:
  HttpResponse call(std::string method, std::string target, const Json& body = nullptr, HttpHeaders headers = {}) {
    return vendor.handle(
        {std::move(method), std::move(target), std::move(headers), body.is_null() ? "" : text(body), Intent::once});
  }
  Json read(const HttpResponse& response) { return read_json(response.body).value_or(Json()); }

  testing::FakeHost host;
  PostcardSandbox vendor{host.host()};
};

class PcmDouble : public Sandboxes {
 protected:
  HttpHeaders token() {
    const auto answer = call("POST", "/auth/login", {{"apiKey", "sandbox-key"}, {"apiSecret", "sandbox-secret"}});
    return {{"Authorization", "Bearer " + get<std::string>(read(answer), "/token").value_or("")}};
  }
  static Json order(const Json& changes = Json::object()) {
    Json out = *read_json(R"({"extRefNbr":"LP-1","mailClass":"FirstClass","designID":41207,"recipients":[
      {"firstName":"Ines","lastName":"Okafor","address":"77 Birch Ct","city":"Duluth","state":"MN","zipCode":"55802","extRefNbr":"L-1001"}]})");
    out.update(changes);
    return out;
  }
  HttpResponse place(const Json& changes = Json::object()) {
    return call("POST", "/order/postcard", order(changes), token());
  }
};

TEST_F(PcmDouble, GivesATokenThatLivesTwoMinutes) {
  EXPECT_EQ(call("GET", "/order").status, 401);
  EXPECT_EQ(call("POST", "/auth/login", {{"apiKey", "sandbox-key"}, {"apiSecret", "live"}}).status, 401);
  const auto mine = token();
  EXPECT_EQ(call("GET", "/order", nullptr, mine).status, 200);
  host.clock.advance(121s);
  EXPECT_EQ(call("GET", "/order", nullptr, mine).status, 401);
}

TEST_F(PcmDouble, AcceptsTheSameReferenceTwice) {
  EXPECT_EQ(text(read(place())), R"({"batchID":90112,"orderID":3345121,"extRefNbr":"LP-1"})");
  EXPECT_EQ(get<int>(read(place()), "/orderID").value_or(0), 3345122);
}

TEST_F(PcmDouble, ChecksOrdersAndNamesTheProperty) {
  const std::pair<Json, const char*> rows[] = {
      {{{"mailClass", "Express"}}, "mailClass"},
      {{{"designID", 1}}, "designID"},
      {{{"front", "<p>"}}, "designID"},
      {{{"mailDate", "5 Nov"}}, "mailDate"},
      {{{"mailDate", "2026-11-01"}}, "mailDate"},
      {{{"recipients", Json::array()}}, "recipients"},
      {{{"recipients", {{{"address", "x"}, {"city", "y"}, {"state", "MN"}}}}}, "recipients[0].zipCode"}};
  for (const auto& [changes, property] : rows) {
    const auto answer = place(changes);
    EXPECT_EQ(answer.status, 400) << property;
    EXPECT_EQ(get<std::string>(read(answer), "/error/data/0/property").value_or(""), property);
  }
  EXPECT_EQ(call("POST", "/order/postcard", Json::array(), token()).status, 400);
  EXPECT_TRUE(vendor.state()["orders"].empty());
}

TEST_F(PcmDouble, ListsNewestFirstInPages) {
  for (int i = 0; i < 5; ++i) {
    (void)place({{"extRefNbr", "LP-" + std::to_string(i)}});
    host.clock.advance(24h);
  }
  const auto page = read(call("GET", "/order?page=2&perPage=2", nullptr, token()));
  EXPECT_EQ(get<std::string>(page, "/results/0/extRefNbr").value_or(""), "LP-2");
  EXPECT_EQ(text(*find(page, "/pagination")),
            R"({"page":2,"perPage":2,"totalPages":3,"totalResults":5,"nextPage":3,"prevPage":1})");
  EXPECT_EQ(find(read(call("GET", "/order?orderedAfter=2026-11-05", nullptr, token())), "/results")->size(), 2u);
  EXPECT_TRUE(find(read(call("GET", "/order?page=9", nullptr, token())), "/results")->empty());
}

TEST_F(PcmDouble, CancelsUntilTheDayCloses) {
  (void)place();
  (void)place();
  EXPECT_EQ(call("DELETE", "/order/3345121", nullptr, token()).status, 204);
  EXPECT_EQ(call("DELETE", "/order/3345121", nullptr, token()).status, 409);
  EXPECT_EQ(call("DELETE", "/order/7", nullptr, token()).status, 404);
  host.clock.set(cancel_until(host.clock.now()));
  EXPECT_EQ(call("DELETE", "/order/3345122", nullptr, token()).status, 409);
}

TEST_F(PcmDouble, MovesOrdersOnWithTheClock) {
  (void)place();
  (void)place({{"recipients",
                {{{"address", "1 Undeliverable Rd"}, {"city", "Duluth"}, {"state", "MN"}, {"zipCode", "55802"}}}}});
  const auto status = [&](int i) {
    return get<std::string>(vendor.state(), "/orders/" + std::to_string(i) + "/status").value_or("");
  };
  EXPECT_EQ(status(0), "Ordered");
  EXPECT_EQ(get<std::string>(read(call("GET", "/order/3345121", nullptr, token())), "/status").value_or(""), "Ordered");
  EXPECT_EQ(number_text(vendor.state()["money_on_account"]), "998.30");
  host.clock.advance(24h);
  EXPECT_EQ(status(0), "Processing");
  EXPECT_EQ(status(1), "Undeliverable");
  EXPECT_EQ(number_text(*find(read(call("GET", "/integration/balance", nullptr, token())), "/moneyOnAccount")),
            "999.15");
  host.clock.advance(48h);
  EXPECT_EQ(status(0), "Mailing");
  host.clock.advance(96h);
  EXPECT_EQ(status(0), "Delivered");
}

TEST_F(PcmDouble, ShowsItsDesigns) {
  EXPECT_EQ(get<int>(read(call("GET", "/design?perPage=2", nullptr, token())), "/pagination/totalResults").value_or(0),
            3);
  EXPECT_EQ(get<std::string>(read(call("GET", "/design/41207", nullptr, token())), "/friendlyName").value_or(""),
            "Approval");
  EXPECT_EQ(call("GET", "/design/1", nullptr, token()).status, 404);
  EXPECT_EQ(call("PUT", "/design", nullptr, token()).status, 405);
}

TEST(PcmSignature, AgreesWithTheVectorOfTheFactSheet) {
  const auto bytes = testing::signature("test-secret", "1709740800",
                               R"({"Event":"Mail Tracking","Data":{"Status":"delivered","OrderID":3345121}})");
  EXPECT_EQ(hex(bytes), "04b3207caa50743d869be435ce78fd75b68016e45c90e7dd8b8f0b1674e5c0ab");
  EXPECT_EQ(testing::base64(bytes), "BLMgfKpQdD2Gm+Q1znj9dbaAFuRckOfdi48LFnTlwKs=");
}

TEST_F(PcmDouble, SignsItsWebhooks) {
  (void)place();
  const auto pushes = vendor.emit({{"url", "http://r.test/mail"}, {"secret", "test-secret"}});
  ASSERT_TRUE(pushes) << pushes.error().message;
  const auto& push = pushes->front();
  EXPECT_EQ(
      push.body,
      R"({"Event":"Mail Tracking","Data":{"Status":"delivered","BatchID":90112,"OrderID":3345121,"ExtRefNbr":"L-1001","RecipientRecordID":77120044}})");
  EXPECT_EQ(push.header("pcmi-timestamp"), "1793610000");
  EXPECT_EQ(push.header("pcmi-signature"), hex(testing::signature("test-secret", "1793610000", push.body)));

  const auto other = vendor.emit({{"url", "http://r.test/mail"},
                                  {"secret", "test-secret"},
                                  {"case", "camel"},
                                  {"encoding", "base64"},
                                  {"unit", "ms"},
                                  {"status", "returned"},
                                  {"bad_signature", true}});
  ASSERT_TRUE(other);
  EXPECT_NE(other->front().body.find(R"({"event":"Mail Tracking","data":{"status":"returned")"), std::string::npos);
  EXPECT_EQ(other->front().header("pcmi-timestamp"), "1793610000000");
  EXPECT_NE(other->front().header("pcmi-signature"),
            testing::base64(testing::signature("test-secret", "1793610000000", other->front().body)));
  EXPECT_FALSE(vendor.emit({{"secret", "x"}}));
  EXPECT_FALSE(vendor.emit({{"url", "http://r.test"}, {"secret", "x"}, {"order_id", 7}}));
}

TEST(Eastern, ClosesTheDayInSummerAndInWinter) {
  using namespace std::chrono;
  const auto at = [](int y, unsigned m, unsigned d, int h, int min) {
    return Time(sys_days(year(y) / month(m) / day(d))) + hours(h) + minutes(min);
  };
  const std::pair<Time, Time> rows[] = {
      {at(2026, 1, 15, 12, 0), at(2026, 1, 16, 4, 30)},   // winter: UTC-5
      {at(2026, 7, 15, 12, 0), at(2026, 7, 16, 3, 30)},   // summer: UTC-4
      {at(2026, 7, 16, 2, 0), at(2026, 7, 16, 3, 30)},    // still the evening before
      {at(2026, 1, 16, 4, 29), at(2026, 1, 16, 4, 30)},   // just in time
      {at(2026, 1, 16, 4, 30), at(2026, 1, 17, 4, 30)},   // too late for the day's batch: it goes with the next
      {at(2026, 1, 16, 4, 45), at(2026, 1, 17, 4, 30)},
      {at(2026, 3, 8, 6, 30), at(2026, 3, 9, 3, 30)},     // the night in which the clocks go forward
      {at(2026, 11, 1, 5, 30), at(2026, 11, 2, 4, 30)}};  // … and back
  for (const auto& [ordered, until] : rows) EXPECT_EQ(cancel_until(ordered), until);
}

class LobDoubles : public Sandboxes {
 protected:
  const HttpHeaders key{{"Authorization", "Basic " + testing::base64("test_sandbox:")}};
  HttpHeaders keyed(const std::string& idempotency) {
    HttpHeaders all = key;
    all.emplace_back("Idempotency-Key", idempotency);
    return all;
  }
  static Json postcard(const Json& changes = Json::object()) {
    Json out = *read_json(
        R"({"to":{"name":"Ines Okafor","address_line1":"77 Birch Ct","address_city":"Duluth","address_state":"MN","address_zip":"55802"},
      "front":"tmpl_a","back":"tmpl_b","use_type":"operational","metadata":{"ref":"one"}})");
    out.update(changes);
    return out;
  }
  HttpResponse make(const Json& changes = Json::object(), const std::string& idempotency = "") {
    return call("POST", "/lob/v1/postcards", postcard(changes), idempotency.empty() ? key : keyed(idempotency));
  }
  std::string id(const HttpResponse& response) { return get<std::string>(read(response), "/id").value_or(""); }
};

TEST_F(LobDoubles, WantsATestKey) {
  EXPECT_EQ(call("GET", "/lob/v1/postcards").status, 401);
  EXPECT_EQ(
      call("GET", "/lob/v1/postcards", nullptr, {{"Authorization", "Basic " + testing::base64("live_x:")}}).status,
      401);
  EXPECT_EQ(call("GET", "/lob/v1/postcards", nullptr, key).status, 200);
  EXPECT_EQ(call("GET", "/lob/v1/nothing", nullptr, key).status, 404);
}

TEST_F(LobDoubles, RemembersAnIdempotencyKeyForADay) {
  const auto first = id(make(Json::object(), "k"));
  EXPECT_EQ(id(make(Json::object(), "k")), first);
  host.clock.advance(24h);
  EXPECT_NE(id(make(Json::object(), "k")), first);
  EXPECT_NE(id(make()), id(make()));
  EXPECT_EQ(call("POST", "/lob/v1/postcards?idempotency_key=k", postcard(), keyed("k")).status, 422);
}

TEST_F(LobDoubles, ChecksPostcards) {
  const std::pair<Json, const char*> rows[] = {{{{"to", nullptr}}, "invalid"},
                                               {{{"to", {{"name", "x"}}}}, "invalid"},
                                               {{{"from", {{"company", "x"}}}}, "invalid"},
                                               {{{"front", ""}}, "invalid"},
                                               {{{"use_type", nullptr}}, "mail_use_type_can_not_be_null"},
                                               {{{"size", "5x5"}}, "invalid"},
                                               {{{"mail_type", "usps_standard"}}, "invalid"},
                                               {{{"metadata", {{"a", "quo\"te"}}}}, "invalid"},
                                               {{{"to",
                                                  {{"name", "x"},
                                                   {"address_line1", std::string(51, 'x')},
                                                   {"address_city", "y"},
                                                   {"address_state", "MN"},
                                                   {"address_zip", "55802"}}}},
                                                "address_length_exceeds_limit"}};
  for (const auto& [changes, code] : rows) {
    const auto answer = make(changes);
    EXPECT_EQ(answer.status, 422) << text(changes);
    EXPECT_EQ(get<std::string>(read(answer), "/error/code").value_or(""), code) << text(changes);
  }
}

TEST_F(LobDoubles, ListsByMetadata) {
  const auto first = id(make());
  (void)make({{"metadata", {{"ref", "two"}}}});
  const auto list = read(call("GET", "/lob/v1/postcards?metadata%5Bref%5D=one&limit=5", nullptr, key));
  EXPECT_EQ(get<int>(list, "/count").value_or(0), 1);
  EXPECT_EQ(get<std::string>(list, "/data/0/id").value_or(""), first);
  EXPECT_EQ(call("GET", "/lob/v1/postcards?limit=101", nullptr, key).status, 422);
  EXPECT_EQ(get<std::string>(read(call("GET", "/lob/v1/postcards/" + first, nullptr, key)), "/id").value_or(""), first);
}

TEST_F(LobDoubles, DeletesWithinFiveMinutes) {
  const auto first = id(make()), second = id(make());
  EXPECT_EQ(text(read(call("DELETE", "/lob/v1/postcards/" + first, nullptr, key))),
            R"({"id":")" + first + R"(","deleted":true})");
  host.clock.advance(5min);
  const auto late = call("DELETE", "/lob/v1/postcards/" + second, nullptr, key);
  EXPECT_EQ(late.status, 422);
  EXPECT_EQ(get<std::string>(read(late), "/error/code").value_or(""), "not_deletable");
}

TEST_F(LobDoubles, CountsRequests) {
  for (int i = 0; i < 150; ++i) EXPECT_EQ(call("GET", "/lob/v1/postcards", nullptr, key).status, 200);
  const auto refused = call("GET", "/lob/v1/postcards", nullptr, key);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.header("x-rate-limit-remaining"), "0");
  EXPECT_EQ(make().status, 200);
  host.clock.advance(5s);
  EXPECT_EQ(call("GET", "/lob/v1/postcards", nullptr, key).status, 200);
}

TEST_F(LobDoubles, SignsItsEvents) {
  EXPECT_FALSE(vendor.emit({{"vendor", "lob"}, {"url", "http://r.test"}, {"secret", "s"}}));
  const auto about = id(make());
  const auto pushes =
      vendor.emit({{"vendor", "lob"}, {"url", "http://r.test"}, {"secret", "s"}, {"event_type", "postcard.delivered"}});
  ASSERT_TRUE(pushes);
  const auto& push = pushes->front();
  EXPECT_EQ(get<std::string>(*read_json(push.body), "/reference_id").value_or(""), about);
  EXPECT_EQ(push.header("Lob-Signature"), hex(testing::signature("s", push.header("Lob-Signature-Timestamp"), push.body)));
}

TEST_F(Sandboxes, ForgetEverythingAtReset) {
  (void)call("POST", "/lob/v1/postcards", nullptr);
  vendor.reset();
  EXPECT_EQ(text(vendor.state()), R"({"orders":[],"money_on_account":1000.00,"lob":{"postcards":[]}})");
}

}  // namespace TEST_FILE
}  // namespace milepost::postcard
