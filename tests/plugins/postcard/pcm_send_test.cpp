#include "send_fixture.hpp"

namespace milepost::postcard {
namespace TEST_FILE {

using namespace std::chrono_literals;
constexpr const char* kOrders = "/order/postcard";

TEST_F(PcmSend, OrdersOneCard) {
  ASSERT_TRUE(opened) << opened.error().message;
  const auto ran = send();
  ASSERT_TRUE(ran) << ran.message();
  EXPECT_EQ(ran->effect, Answer::Effect::created);
  const auto key = testing::key_of("one");
  EXPECT_EQ(text(ran->body), R"({"order_id":"3345121","reference":"mp-)" + key +
                                 R"(","vendor":"pcm","batch_id":"90112","tracking_code":"K7Q2M9XA"})");
  ASSERT_TRUE(ran->record);
  EXPECT_EQ(ran->record->system, "pcm");
  EXPECT_EQ(ran->record->type, "order");
  EXPECT_EQ(ran->record->id, "3345121");
  const auto state = vendor.state();
  ASSERT_EQ(state["orders"].size(), 1u);
  EXPECT_EQ(get<std::string>(state, "/orders/0/recipients/0/state").value_or(""), "MN");
  EXPECT_TRUE(host.stored().empty());
  EXPECT_EQ(host.counted("postcards"), 1);
  EXPECT_TRUE(host.logs().empty());
}

// The table of classify(), as far as a write may see it.
TEST_F(PcmSend, SaysWhatTheHostMayDoNext) {
  const std::pair<int, ErrorKind> rows[] = {
      {503, ErrorKind::retryable},     {429, ErrorKind::rate_limited},  {401, ErrorKind::auth},
      {403, ErrorKind::auth},          {402, ErrorKind::auth},          {400, ErrorKind::permanent},
      {404, ErrorKind::permanent},     {409, ErrorKind::permanent},     {422, ErrorKind::permanent},
      {302, ErrorKind::permanent},     {408, ErrorKind::indeterminate}, {500, ErrorKind::indeterminate},
      {502, ErrorKind::indeterminate}, {504, ErrorKind::indeterminate}, {522, ErrorKind::indeterminate}};
  for (const auto& [status, kind] : rows) {
    host.http.on("POST", kOrders).answers(status).body("<html>77 Canary Ct</html>");
    const auto ran = send("status " + std::to_string(status));
    EXPECT_EQ(ran.kind(), kind) << status;
    EXPECT_EQ(ran.origin(), "pcm: POST /order/postcard -> " + std::to_string(status));
    EXPECT_EQ(ran.message().find("Canary"), std::string::npos);
    // What is certainly not ordered leaves nothing to search for.
    EXPECT_EQ(host.stored().contains("ordered/" + testing::key_of("status " + std::to_string(status))),
              kind == ErrorKind::indeterminate);
  }
  EXPECT_EQ(orders(), 0u);
}

TEST_F(PcmSend, WaitsAsLongAsTheVendorAsks) {
  for (int status : {429, 503}) {
    host.http.on("POST", kOrders).answers(status).retry_after(30s);
    const auto ran = send();
    EXPECT_EQ(ran.kind(), ErrorKind::rate_limited);
    EXPECT_EQ(ran.retry_after(), 30s);
  }
}

TEST_F(PcmSend, TellsWhatNeverLeftFromWhatMayHaveArrived) {
  host.http.on("POST", kOrders).refuses_connection();
  EXPECT_EQ(send("refused").kind(), ErrorKind::retryable);
  host.http.on("POST", kOrders).cuts_before();
  EXPECT_EQ(send("cut").kind(), ErrorKind::indeterminate);
  host.http.on("POST", kOrders).hangs();
  const auto hung = send("hung");
  EXPECT_EQ(hung.kind(), ErrorKind::indeterminate);
  EXPECT_EQ(hung.origin(), "POST /order/postcard");
  host.stop();
  EXPECT_EQ(send("stopped").kind(), ErrorKind::cancelled);
  EXPECT_EQ(orders(), 0u);
}

TEST_F(PcmSend, NeverTakesSomebodyElsesOrderForItsOwn) {
  host.http.on("POST", kOrders).answers(201).body(R"({"orderID":1,"batchID":2,"extRefNbr":"theirs"})");
  const auto ran = send();
  EXPECT_EQ(ran.kind(), ErrorKind::indeterminate);
  EXPECT_EQ(ran.message(), "the vendor accepted the request but named an order of another reference");
}

TEST_F(PcmSend, NeverTakesAnAnswerWithoutAnOrderForSuccess) {
  for (auto body : {"", "{", "<html>ok</html>", "[]", "null", R"({"batchID":1})", R"({"orderID":null})",
                    R"({"orderID":{}})", R"({"error":{"message":"no"}})"}) {
    host.http.on("POST", kOrders).answers(200).body(body);
    const auto ran = send(body);
    EXPECT_EQ(ran.kind(), ErrorKind::indeterminate) << body;
    EXPECT_EQ(ran.message(), "the vendor accepted the request but named no order");
  }
}

TEST_F(PcmSend, TakesAnySuccessAndIdsOfAnyKind) {
  for (int status : {200, 201, 202}) {
    host.http.on("POST", kOrders).answers(status).header("Content-Type", "text/html").body(R"({"orderID":"A-17","batchID":98765432109876543210})");
    const auto ran = send("kind " + std::to_string(status));
    ASSERT_TRUE(ran);
    EXPECT_EQ(get<std::string>(ran->body, "/order_id").value_or(""), "A-17");
    EXPECT_EQ(get<std::string>(ran->body, "/batch_id").value_or(""), "98765432109876543210");
  }
}

TEST_F(PcmSend, NamesTheFaultyPropertiesButNotWhatTheVendorSaysOfThem) {
  const auto ran = send("past", {{"mail_date", "2020-01-01"}, {"design", 99999}});
  EXPECT_EQ(ran.kind(), ErrorKind::permanent);
  EXPECT_EQ(ran.message(), "the vendor answered 400 (designID, mailDate)");
  host.http.on("POST", kOrders)
      .answers(400)
      .body(R"({"error":{"message":"x","data":[{"property":"77 Canary Ct","message":"x"},{"property":7},"x"]}})");
  EXPECT_EQ(send("quoted").message(), "the vendor answered 400");
}

TEST_F(PcmSend, SendsNothingThatCannotBeMailed) {
  host.http.forget();
  for (const Json& changes :
       {Json{{"to", {{"name", "Ines Canary"}}}}, Json{{"design", "unknown"}}, Json{{"mail_date", "soon"}}})
    EXPECT_EQ(send("bad", changes).kind(), ErrorKind::permanent);
  EXPECT_TRUE(host.http.requests().empty());
  EXPECT_TRUE(host.stored().empty());
}

TEST_F(PcmSend, AfterALostAnswerIsFoundAndOrderedOnce) {
  host.http.on("POST", kOrders).cuts_after();
  EXPECT_EQ(send().kind(), ErrorKind::indeterminate);
  EXPECT_EQ(orders(), 1u);
  host.clock.advance(90s);
  const auto found = look_up();
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_TRUE(*found);
  EXPECT_EQ(get<std::string>((*found)->body, "/order_id").value_or(""), "3345121");
  EXPECT_EQ(get<std::string>((*found)->body, "/tracking_code").value_or(""), "K7Q2M9XA");
  EXPECT_EQ((*found)->record->id, "3345121");
  EXPECT_EQ(orders(), 1u);
  EXPECT_TRUE(host.stored().empty());
  EXPECT_EQ(host.counted("postcards_found"), 1);
}

TEST_F(PcmSend, AfterALostRequestIsNotFoundAndThenOrdered) {
  host.http.on("POST", kOrders).cuts_before();
  EXPECT_EQ(send().kind(), ErrorKind::indeterminate);
  const auto found = look_up();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_FALSE(*found);
  EXPECT_TRUE(send());
  EXPECT_EQ(orders(), 1u);
}

// The first attempt may still surface, so the search goes back to it, however late a later one was.
TEST_F(PcmSend, SearchesFromTheFirstAttemptAndWithAMargin) {
  host.http.on("POST", kOrders).cuts_before();
  EXPECT_EQ(send().kind(), ErrorKind::indeterminate);
  host.clock.advance(24h * 40);
  host.http.on("POST", kOrders).cuts_before();
  EXPECT_EQ(send().kind(), ErrorKind::indeterminate);
  log_in();
  host.http.forget();
  ASSERT_TRUE(look_up());
  ASSERT_EQ(host.http.requests().size(), 1u);
  EXPECT_EQ(host.http.requests()[0].target, "/order?page=1&perPage=100&orderedAfter=2026-10-31");
}

TEST_F(PcmSend, SearchesTheWholeListWhenNoAttemptIsRemembered) {
  host.http.forget();
  const auto found = look_up("never sent");
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  EXPECT_EQ(host.http.requests()[0].target, "/order?page=1&perPage=100");
}

TEST_F(PcmSend, FindsAnOrderBehindManyPages) {
  host.http.on("POST", kOrders).cuts_after();
  EXPECT_EQ(send("lost").kind(), ErrorKind::indeterminate);
  for (int i = 0; i < 230; ++i) ASSERT_TRUE(send("other " + std::to_string(i)));
  host.http.forget();
  const auto found = look_up("lost");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->record->id, "3345121");
  EXPECT_EQ(host.http.count("GET", "/order"), 3u);
}

TEST_F(PcmSend, TellsDeliveriesWithOneReferenceApart) {
  const Json named{{"reference", "L-1001-approval"}};
  ASSERT_TRUE(send("first", named));
  host.http.on("POST", kOrders).cuts_before();
  EXPECT_EQ(send("second", named).kind(), ErrorKind::indeterminate);
  const auto found = look_up("second", named);
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  const auto first = look_up("first", named);
  ASSERT_TRUE(first);
  EXPECT_TRUE(*first);
}

TEST_F(PcmSend, FindsACancelledOrderToo) {
  host.http.on("POST", kOrders).cuts_after();
  EXPECT_EQ(send().kind(), ErrorKind::indeterminate);
  const auto token =
      "Bearer " + get<std::string>(*read_json(vendor
                                                  .handle({"POST",
                                                           "/auth/login",
                                                           {},
                                                           R"({"apiKey":"sandbox-key","apiSecret":"sandbox-secret"})",
                                                           Intent::once})
                                                  .body),
                                   "/token")
                      .value_or("");
  EXPECT_EQ(vendor.handle({"DELETE", "/order/3345121", {{"Authorization", token}}, "", Intent::once}).status, 204);
  const auto found = look_up();
  ASSERT_TRUE(found);
  EXPECT_TRUE(*found);  // it arrived, and somebody did not want it: no second one
}

// "Not found" prints a second card, so it is never said of a list that could not be read to its end.
TEST_F(PcmSend, DoesNotCallAnUnreadableListNotFound) {
  for (auto body : {"", "<html>", "{}", R"({"results":null})", R"({"results":"none"})"}) {
    host.http.on("GET", "/order").answers(200).body(body);
    const auto found = look_up();
    ASSERT_FALSE(found) << body;
    EXPECT_EQ(found.error().kind, ErrorKind::retryable);
  }
  host.http.on("GET", "/order")
      .answers(200)
      .body(R"({"results":[{"extRefNbr":"mp-)" + testing::key_of("one") + R"("}],"pagination":{"nextPage":null}})");
  EXPECT_FALSE(look_up());
  for (int status : {500, 503, 401, 400}) {
    host.http.on("GET", "/order").answers(status);
    EXPECT_FALSE(look_up());
  }
  host.http.on("GET", "/order").cuts_before();
  EXPECT_EQ(look_up().error().kind, ErrorKind::retryable);
}

TEST_F(PcmSend, GivesUpOnAListThatLoops) {
  host.http.on("GET", "/order")
      .times(1000)
      .answers(200)
      .body(R"({"results":[{"orderID":1}],"pagination":{"nextPage":2}})");
  const auto found = look_up();
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("does not end"), std::string::npos);
}

TEST_F(PcmSend, ReadsAListWithoutAWordOfPagesUntilOneIsEmpty) {
  host.http.on("GET", "/order").answers(200).body(R"({"results":[{"orderID":1,"extRefNbr":"x"}]})");
  host.http.on("GET", "/order").answers(200).body(R"({"results":[]})");
  const auto found = look_up();
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  EXPECT_EQ(host.http.unused(), 0u);
}

TEST_F(PcmSend, StopsInTheMiddleOfASearch) {
  host.stop();
  const auto found = look_up();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::cancelled);
}

TEST_F(PcmSend, KeepsBorrowersOutOfLogsUrlsAndErrors) {
  host.http.on("POST", kOrders).cuts_after();
  (void)send();
  (void)look_up();
  (void)send("bad", {{"to", {{"name", "Canary"}, {"state", "Canary"}}}});
  EXPECT_FALSE(host.tells("Canary"));
  for (const auto& request : host.http.requests()) EXPECT_EQ(request.target.find("L-1001"), std::string::npos);
}

TEST_F(PcmSend, GivesOneResultForEachDelivery) {
  const auto event = testing::loan();
  const auto results =
      rig.run("send", {{&event, with(), testing::key_of("a")}, {&event, with({{"to", "x"}}), testing::key_of("b")}});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_TRUE(results[0]);
  EXPECT_EQ(results[1].kind(), ErrorKind::permanent);
}

TEST_F(PcmSend, OpensByReadingTheBalance) {
  EXPECT_EQ(host.http.count("GET", "/integration/balance"), 1u);
  EXPECT_TRUE(rig.probe());
  rig.close();
  host.http.on("GET", "/integration/balance").answers(401);
  EXPECT_EQ(rig.open().error().kind, ErrorKind::auth);
  host.http.on("GET", "/integration/balance").answers(500);
  EXPECT_EQ(rig.open().error().kind, ErrorKind::retryable);
  host.http.on("GET", "/integration/balance").refuses_connection();
  EXPECT_EQ(rig.open().error().kind, ErrorKind::retryable);
  EXPECT_TRUE(rig.open());
}

}  // namespace TEST_FILE
}  // namespace milepost::postcard
