#include "plugins/crfconnect/queue.hpp"

#include "milepost/quarantine.hpp"
#include "milepost/testing/hmac.hpp"
#include "plugins/crfconnect/sandbox/sample_lead.hpp"
#include "tests/plugins/crfconnect/store_fixture.hpp"

namespace milepost::crfconnect {
namespace TEST_FILE {

using namespace std::chrono_literals;
using Ids = std::vector<std::string>;

class CrfQueue : public StoreTest {
 protected:
  CrfQueue() : StoreTest("queue", "/queue/devstoreaccount1/leads", "rp") {}
  QueueSettings settings(const Json& with = Json::object()) { return *queue_settings().parse(with); }
  Queue queue_of(const Json& with = Json::object()) { return {settings(with), connection, host.host()}; }
  Queue queue{settings(), connection, host.host()};
};

TEST_F(CrfQueue, TakesLeadsAndDeletesThemOnceTheyAreJournaled) {
  const auto first = put(), second = put({{"queue", "leads"}, {"encoding", "base64"}});
  const auto page = queue.poll("", 256, host.call());
  EXPECT_EQ(ids(page), (Ids{first, second}));
  EXPECT_EQ(page->events[0].subject, "crfconnect:lead:" + first);
  EXPECT_EQ(page->events[1].type, "lead.matched");
  EXPECT_EQ(held().size(), 2u) << "nothing is deleted before the journal has it";
  EXPECT_TRUE(queue.committed(page->next, host.call()));
  EXPECT_EQ(held().size(), 0u);
  EXPECT_TRUE(queue.committed(page->next, host.call())) << "may be repeated";
  EXPECT_EQ(ids(queue.poll(page->next, 256, host.call())), Ids{});
  EXPECT_TRUE(host.logs().empty());
}

TEST_F(CrfQueue, GivesTheSamePageAgainUntilItIsJournaled) {
  const auto lead = put();
  const auto page = queue.poll("", 256, host.call());
  put();
  const auto again = queue.poll("", 256, host.call());
  EXPECT_EQ(ids(again), Ids{lead});
  EXPECT_EQ(again->next, page->next);
  host.clock.advance(121s);  // it was never stored: the messages have come back, and are taken anew
  EXPECT_EQ(ids(queue.poll("", 256, host.call())).size(), 2u);
}

TEST_F(CrfQueue, LetsAMessageComeBackThatNobodyJournaled) {
  const auto lead = put();
  EXPECT_EQ(ids(queue.poll("", 256, host.call())), Ids{lead});
  Queue next = queue_of();  // the host was killed before it stored the page
  EXPECT_EQ(ids(next.poll("", 256, host.call())), Ids{});
  host.clock.advance(121s);
  EXPECT_EQ(ids(next.poll("", 256, host.call())), Ids{lead});
}

TEST_F(CrfQueue, DeletesAfterARestartWhatWasJournaledBefore) {
  put();
  const auto page = queue.poll("", 256, host.call());
  Queue next = queue_of();  // killed between the commit and the deletion
  EXPECT_TRUE(next.committed(page->next, host.call()));
  EXPECT_EQ(held().size(), 0u);
}

TEST_F(CrfQueue, MakesNoSecondEventOfAMessageThatCouldNotBeDeleted) {
  put();
  const auto page = queue.poll("", 256, host.call());
  host.http.on("DELETE", "").answers(500);
  EXPECT_EQ(queue.committed(page->next, host.call()).error().kind, ErrorKind::retryable);
  host.clock.advance(121s);
  EXPECT_EQ(ids(queue.poll(page->next, 256, host.call())), Ids{});
  EXPECT_EQ(held().size(), 0u) << "deleted, by its new receipt";
}

TEST_F(CrfQueue, MakesNoSecondEventAfterARestartEither) {
  const auto first = put();
  const auto page = queue.poll("", 256, host.call());
  host.clock.advance(121s);
  Queue thief = queue_of({{"visibility", "10s"}});  // somebody else took it: our receipt is good no more
  EXPECT_EQ(ids(thief.poll("", 256, host.call())), Ids{first});
  Queue next = queue_of();
  EXPECT_TRUE(next.committed(page->next, host.call()));
  EXPECT_EQ(held().size(), 1u);
  const auto second = put();
  host.clock.advance(11s);
  const auto after = next.poll(page->next, 256, host.call());
  EXPECT_EQ(ids(after), Ids{second});
  EXPECT_TRUE(next.committed(after->next, host.call()));
  EXPECT_EQ(held().size(), 0u);
}

TEST_F(CrfQueue, CallsADeletionDoneWhoseAnswerWasLost) {
  put();
  host.http.on("DELETE", "").cuts_after();
  const auto page = queue.poll("", 256, host.call());
  EXPECT_FALSE(queue.committed(page->next, host.call()));
  EXPECT_EQ(held().size(), 0u);
  EXPECT_TRUE(queue.committed(page->next, host.call())) << "MessageNotFound is done";
}

TEST_F(CrfQueue, TellsRepeatsAndUpdatesByRevision) {
  const auto id = put();
  put({{"queue", "leads"}, {"id", id}});
  put({{"queue", "leads"}, {"id", id}, {"lead", {{"status", "Contacted"}}}});
  const auto page = queue.poll("", 256, host.call());
  ASSERT_EQ(ids(page), (Ids{id, id, id}));
  EXPECT_EQ(page->events[0].revision, page->events[1].revision);
  EXPECT_NE(page->events[0].revision, page->events[2].revision);
}

TEST_F(CrfQueue, QuarantinesWhatItCannotDecode) {
  const std::pair<const char*, const char*> rows[] = {{"neither! canary", "neither JSON nor base64"},
                                                      {"e30=", "/id: missing"},
                                                      {"bm90IEpTT04=", "not valid JSON"},
                                                      {"{\"id\": \"canary\"", "not valid JSON"},
                                                      {"[]", "one lead"}};
  for (const auto& [body, words] : rows) {
    put({{"queue", "leads"}, {"body", body}});
    const auto page = queue.poll(place, 256, host.call());
    ASSERT_TRUE(page);
    ASSERT_EQ(page->events.size(), 1u) << body;
    EXPECT_EQ(page->events[0].type, kQuarantine);
    EXPECT_NE(page->events[0].reason.find(words), std::string::npos) << page->events[0].reason;
    EXPECT_EQ(page->events[0].reason.find("canary"), std::string::npos);
    place = page->next;
    EXPECT_TRUE(queue.committed(place, host.call()));
  }
  EXPECT_EQ(held().size(), 0u) << "kept by the host, gone from the queue";
  EXPECT_FALSE(host.tells("canary"));
}

TEST_F(CrfQueue, ReadsAgainWhatItKeptAside) {
  for (const char* encoding : {"plain", "base64"}) {
    put({{"queue", "leads"}, {"encoding", encoding}, {"lead", {{"fraudScore", 0.9}}}});
    const auto page = queue.poll(place, 256, host.call());
    ASSERT_EQ(page->events.size(), 1u);
    ASSERT_EQ(page->events[0].type, kQuarantine);
    const auto kept = page->events[0].payload.text();
    EXPECT_FALSE(queue.decode(kept)) << "its fraud score is what it was";
    const auto events = queue_of({{"fraud_quarantine_at", 0.95}, {"drift", "event"}}).decode(kept);
    ASSERT_TRUE(events) << events.error().message;
    ASSERT_EQ(events->size(), 1u);
    EXPECT_EQ((*events)[0].id, vendor.state()["pushed"].back());
    place = page->next;
    EXPECT_TRUE(queue.committed(place, host.call()));
  }
  // A poison message is kept as it lies in the queue.
  EXPECT_NE(queue_of({{"encoding", "base64"}}).decode("eyJhIjogMX0=").error().message.find("id"), std::string::npos);
  EXPECT_NE(queue.decode("neither, canary").error().message.find("neither JSON nor base64"), std::string::npos);
}

TEST_F(CrfQueue, QuarantinesAMessageThatNeverGotThroughAsItIs) {
  put({{"queue", "leads"}, {"encoding", "base64"}});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(ids(queue_of().poll("", 256, host.call())).size(), 1u);
    host.clock.advance(121s);
  }
  const auto page = queue.poll("", 256, host.call());
  ASSERT_EQ(ids(page).size(), 1u);
  EXPECT_EQ(page->events[0].type, kQuarantine);
  EXPECT_NE(page->events[0].reason.find("taken 6 times"), std::string::npos);
  EXPECT_NE(page->events[0].payload.text().front(), '{') << "not decoded";
  EXPECT_TRUE(queue.committed(page->next, host.call()));
  EXPECT_EQ(held().size(), 0u);
}

TEST_F(CrfQueue, TakesNoMoreThanItMay) {
  for (int i = 0; i < 40; ++i) put();
  EXPECT_EQ(ids(queue.poll("", 2, host.call())).size(), 2u);
  EXPECT_EQ(ids(queue_of().poll("", 256, host.call())).size(), 16u);
  EXPECT_EQ(ids(queue_of({{"batch", 32}}).poll("", 256, host.call())).size(), 22u);
}

TEST_F(CrfQueue, ReportsDriftAsEventsWithinTheLimit) {
  Queue telling = queue_of({{"drift", "event"}});
  for (int i = 0; i < 2; ++i) put({{"queue", "leads"}, {"variant", "drift"}});
  EXPECT_EQ(ids(telling.poll("", 2, host.call())).size(), 2u);
  put({{"queue", "leads"}, {"variant", "drift"}});
  const auto page = queue_of({{"drift", "event"}}).poll("", 256, host.call());
  ASSERT_EQ(ids(page).size(), 4u);
  EXPECT_EQ(page->events[1].type, "schema.drift");
  EXPECT_EQ(page->events[1].id, "drift:unknown_field:/businessAddress/plusCode");
  EXPECT_EQ(page->events[2].payload.text().find("Space"), std::string::npos);
}

TEST_F(CrfQueue, StopsTakingWhileNothingCanBeDeleted) {
  for (int i = 0; i < 160; ++i) put();
  signed_.sign("rp");
  for (int i = 0; i < 8; ++i) {
    const auto page = queue.poll(place, 256, host.call());
    ASSERT_EQ(ids(page).size(), 16u);
    place = page->next;
  }
  host.http.on("DELETE", "").answers(403).times(1);
  const auto refused = queue.poll(place, 256, host.call());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::auth);
  EXPECT_EQ(ids(queue.poll(place, 256, host.call())).size(), 16u) << "and goes on once it can";
}

TEST_F(CrfQueue, CallsErrorsByTheTable) {
  struct Row {
    int status;
    const char *code, *words;
    ErrorKind kind;
  };
  for (const auto& [status, code, words, kind] :
       {Row{403, "AuthenticationFailed", "make a new one", ErrorKind::auth},
        {403, "AuthorizationPermissionMismatch", "lacks a permission", ErrorKind::auth},
        {403, "AuthorizationProtocolMismatch", "https", ErrorKind::auth},
        {401, "NoAuthenticationInformation", "(NoAuthenticationInformation)", ErrorKind::auth},
        {404, "QueueNotFound", "no such queue", ErrorKind::auth},
        {409, "QueueBeingDeleted", "QueueBeingDeleted", ErrorKind::retryable},
        {400, "OutOfRangeQueryParameterValue", "OutOfRangeQueryParameterValue", ErrorKind::permanent},
        {500, "OperationTimedOut", "OperationTimedOut", ErrorKind::retryable},
        {503, "ServerBusy", "ServerBusy", ErrorKind::retryable},
        {302, "", "302", ErrorKind::permanent}}) {
    host.http.next().answers(status).header("X-MS-Error-Code", code);
    const auto page = queue.poll("", 256, host.call());
    ASSERT_FALSE(page) << code;
    EXPECT_EQ(page.error().kind, kind) << code;
    EXPECT_NE(page.error().message.find(words), std::string::npos) << page.error().message;
  }
  host.http.next().answers(503).retry_after(7s).body(
      "\xEF\xBB\xBF<?xml version=\"1.0\"?><Error><Code>ServerBusy</Code></Error>");
  const auto busy = queue.poll("", 256, host.call());
  EXPECT_EQ(busy.error().kind, ErrorKind::rate_limited);
  EXPECT_EQ(busy.error().retry_after, 7s);
  EXPECT_NE(busy.error().message.find("ServerBusy"), std::string::npos) << "from the body where no header says it";
  host.http.next().answers(400).header("x-ms-error-code", "canary <script>");
  EXPECT_EQ(queue.poll("", 256, host.call()).error().message.find("canary"), std::string::npos);
}

TEST_F(CrfQueue, RefusesAnswersThatAreNoneOfTheQueues) {
  for (auto body :
       {"", "<html><body>Sign in</body></html>", "{\"messages\": []}", "<QueueMessagesList><QueueMess",
        "<Error><Code>InternalError</Code></Error>",
        "<QueueMessagesList><QueueMessage><MessageText>e30=</MessageText></QueueMessage></QueueMessagesList>"}) {
    host.http.next().answers(200).header("Content-Type", "text/html").body(body);
    const auto page = queue.poll("", 256, host.call());
    ASSERT_FALSE(page) << body;
    EXPECT_EQ(page.error().kind, ErrorKind::retryable) << body;
  }
  EXPECT_EQ(queue.poll("not a place", 256, host.call()).error().kind, ErrorKind::permanent);
}

TEST_F(CrfQueue, NeedsOnlyThePermissionToProcess) {
  signed_.sign("p");
  EXPECT_TRUE(connection.open(host.call()));
  put();
  EXPECT_EQ(turn(queue).size(), 1u);
  EXPECT_EQ(held().size(), 0u);
  signed_.sign("a");  // the vendor's own
  EXPECT_EQ(queue.poll(place, 256, host.call()).error().kind, ErrorKind::auth);
}

TEST_F(CrfQueue, TakesTheUrlWithMessagesAtItsEnd) {
  SignedStore other(vendor, "/queue/devstoreaccount1/leads", "rp");
  struct Below : Sandbox {
    explicit Below(Sandbox& to) : to_(to) {}
    HttpResponse handle(const HttpRequest& request) override {
      auto out = request;
      out.target = "/messages" + request.target;
      return to_.handle(out);
    }
    Json state() const override { return {}; }
    void reset() override {}
    Result<std::vector<HttpRequest>> emit(const Json&) override { return std::vector<HttpRequest>(); }
    Sandbox& to_;
  } below(other);
  host.http.serve(below);
  StoreConnection long_one({"queue", "http://store.test/queue/devstoreaccount1/leads/messages"}, host.host());
  EXPECT_TRUE(long_one.open(host.call()));
  put();
  Queue reading(settings(), long_one, host.host());
  EXPECT_EQ(turn(reading).size(), 1u);
  EXPECT_EQ(held().size(), 0u);
}

TEST_F(CrfQueue, RefusesAConnectionOfTheOtherKindAndBadSettings) {
  StoreConnection container({"container", "http://store.test/c"}, host.host());
  Queue wrong(settings(), container, host.host());
  EXPECT_NE(wrong.poll("", 1, host.call()).error().message.find("reads a queue"), std::string::npos);
  EXPECT_FALSE(queue_settings().parse({{"encoding", "base32"}}));
  EXPECT_FALSE(queue_settings().parse({{"visibility", 120}}));
}

}  // namespace TEST_FILE
}  // namespace milepost::crfconnect
