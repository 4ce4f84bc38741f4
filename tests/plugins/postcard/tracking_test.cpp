// What the vendors tell of cards on their way: by webhook, and by their lists of orders.
#include "send_fixture.hpp"

#include "plugins/postcard/sources.hpp"

namespace milepost::postcard {
namespace TEST_FILE {

using namespace std::chrono_literals;

std::string word(const Event& event, const char* pointer) {
  return get<std::string>(event.payload.json(), pointer).value_or("");
}

class TrackingSource : public PcmSend {
 protected:
  /// The double's delivery, as the source reads it.
  Result<std::vector<Event>> told(Json event, const Json& settings = Json::object()) {
    event["url"] = "http://r.test";
    event["secret"] = "s";
    const auto push = vendor.emit(event);
    if (!push) return fail(push.error());
    return rig.receive("tracking", settings, push->front());
  }
  Result<std::vector<Event>> body(const std::string& text, const Json& settings = Json::object()) {
    return rig.receive("tracking", settings, {"POST", "/hook", {}, text, Intent::once});
  }
  static Json lob(const Json& more = Json::object()) {
    Json out{{"vendor", "lob"}, {"secret", "***"}};
    out.update(more);
    return out;
  }
};

TEST_F(TrackingSource, BindsPcmsStatusToTheCardByItsTrackingCode) {
  ASSERT_TRUE(send());
  const auto events = told({{"status", "returned"}});
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->size(), 1u);
  const auto& event = events->front();
  EXPECT_EQ(event.id, "pcm:3345121:returned");
  EXPECT_EQ(event.type, "postcard.returned");
  EXPECT_EQ(event.subject, "pcm:order:3345121");
  EXPECT_EQ(
      event.payload.text(),
      R"({"vendor":"pcm","state":"returned","status":"returned","order_id":"3345121","batch_id":"90112","piece_id":"77120044","tracking_code":"K7Q2M9XA","event":"Mail Tracking"})");
}

TEST_F(TrackingSource, ReadsPcmsKeysInEitherCaseAndEveryStatus) {
  ASSERT_TRUE(send());
  const std::pair<const char*, const char*> rows[] = {
      {"pending", "accepted"},         {"pending payment", "accepted"}, {"failed payment", "failed_payment"},
      {"processing", "in_production"}, {"Mailing", "mailed"},           {"En Route", "in_transit"},
      {"delivered", "delivered"},      {"redirected", "rerouted"},      {"undeliverable", "undeliverable"},
      {"batch canceled", "canceled"},  {"teleported", "unknown"}};
  for (const auto& [status, state] : rows)
    for (const auto* letters : {"pascal", "camel"}) {
      const auto events = told({{"status", status}, {"case", letters}, {"of", "order"}});
      ASSERT_TRUE(events && events->size() == 1) << status;
      EXPECT_EQ(word(events->front(), "/state"), state) << status;
      EXPECT_EQ(word(events->front(), "/reference"), "mp-" + testing::key_of("one"));
    }
  EXPECT_EQ(host.counted("events"), 22.0);
}

TEST_F(TrackingSource, TellsEachScanOfACodeAndARepeatAsOne) {
  ASSERT_TRUE(send());
  const auto first = told({{"event", "QR Scan"}, {"status", ""}, {"data", {{"ScanDate", "2026-11-02T10:00:00Z"}}}});
  const auto again = told({{"event", "QR Scan"}, {"status", ""}, {"data", {{"ScanDate", "2026-11-02T10:00:00Z"}}}});
  const auto other = told({{"event", "QR Scan"}, {"status", ""}, {"data", {{"ScanDate", "2026-11-03T10:00:00Z"}}}});
  ASSERT_TRUE(first && again && other);
  EXPECT_EQ(first->front().type, "postcard.scanned");
  EXPECT_EQ(first->front().id, again->front().id);
  EXPECT_NE(first->front().id, other->front().id);
  EXPECT_EQ(first->front().time, Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 2)) + 10h);
}

TEST_F(TrackingSource, ReadsTimesInThreeFormatsAndIdsAsTexts) {
  const auto at = Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 2)) + 10h;
  for (const auto* date : {R"("2026-11-02T10:00:00.000Z")", R"("2026-11-02 05:00:00-05:00")", "1793613600",
                           "1793613600000", R"("1793613600000")"}) {
    const auto events = body(
        std::string(R"({"Event":"Mail Tracking","Data":{"Status":"delivered","OrderID":"7","Date":)") + date + "}}");
    ASSERT_TRUE(events && events->size() == 1) << date;
    EXPECT_EQ(events->front().time, at) << date;
    EXPECT_EQ(events->front().id, "pcm:7:delivered");
  }
  const auto none = body(R"({"Event":"Mail Tracking","Data":{"Status":"delivered","OrderID":7,"Date":"soon"}})");
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->front().time);
}

TEST_F(TrackingSource, KeepsPiecesApartWhereOrdersHaveSeveral) {
  const auto told_of = [&](const char* piece) {
    return body(std::string(R"({"Data":{"Status":"delivered","OrderID":7,"RecipientRecordID":)") + piece + "}}",
                {{"one_recipient", false}});
  };
  EXPECT_EQ(told_of("1")->front().id, "pcm:7/1:delivered");
  EXPECT_EQ(told_of("2")->front().id, "pcm:7/2:delivered");
}

TEST_F(TrackingSource, PassesOverWhatIsNotWanted) {
  ASSERT_TRUE(send());
  EXPECT_TRUE(told({{"status", "mailing"}}, {{"states", {"returned"}}})->empty());
  EXPECT_EQ(told({{"status", "returned"}}, {{"states", {"returned"}}})->size(), 1u);
  EXPECT_TRUE(told({{"status", "returned"}}, {{"reference_prefix", "theirs-"}})->empty());
}

TEST_F(TrackingSource, TellsLobsEventsWithoutAddressOrLink) {
  LobSandbox lobs(host.host());
  const HttpHeaders key{{"Authorization", "Basic " + testing::base64("test_sandbox:")}};
  Json card = *read_json(
      R"({"to":{"name":"Ines Canary","address_line1":"77 Canary Ct","address_city":"Duluth","address_state":"MN","address_zip":"55802"},
      "front":"tmpl_a","back":"tmpl_b","use_type":"operational","metadata":{"ref":"mp-1","reference":"L-7-1","tracking_code":"K7"}})");
  const auto id =
      get<std::string>(*read_json(lobs.handle({"POST", "/postcards", key, text(card), Intent::once}).body), "/id");
  ASSERT_TRUE(id);
  const std::pair<const char*, const char*> rows[] = {{"created", "accepted"},
                                                      {"rendered_pdf", "in_production"},
                                                      {"mailed", "mailed"},
                                                      {"in_transit", "in_transit"},
                                                      {"in_local_area", "in_transit"},
                                                      {"processed_for_delivery", "in_transit"},
                                                      {"delivered", "delivered"},
                                                      {"returned_to_sender", "returned"},
                                                      {"re-routed", "rerouted"},
                                                      {"viewed", "scanned"},
                                                      {"failed", "failed"},
                                                      {"deleted", "canceled"},
                                                      {"informed_delivery.email_sent", "unknown"}};
  std::set<std::string> ids;
  for (const auto& [type, state] : rows) {
    const auto push =
        lobs.emit({{"url", "http://r"}, {"secret", "s"}, {"event_type", std::string("postcard.") + type}});
    const auto events = rig.receive("tracking", lob(), *push);
    ASSERT_TRUE(events && events->size() == 1) << type;
    const auto& event = events->front();
    EXPECT_EQ(event.type, std::string("postcard.") + state) << type;
    EXPECT_EQ(event.subject, "lob:order:" + *id);
    EXPECT_EQ(word(event, "/tracking_code"), "K7");
    EXPECT_EQ(word(event, "/reference"), "L-7-1");
    EXPECT_EQ(event.payload.text().find("anary"), std::string::npos);
    EXPECT_EQ(event.payload.text().find("lob-assets"), std::string::npos);
    EXPECT_EQ(rig.receive("tracking", lob(), *push)->front().id, event.id);
    ids.insert(event.id);
  }
  EXPECT_EQ(ids.size(), std::size(rows));
}

TEST_F(TrackingSource, RefusesWhatIsNoDelivery) {
  for (const auto* bad : {"", "<html><body>Canary</body></html>", "{\"Event\":", "[]", "{}", R"({"Data":{}})",
                          R"({"Data":{"Status":"delivered"}})", R"({"Data":[1]})"}) {
    for (const auto& settings : {Json::object(), lob()}) {
      const auto events = body(bad, settings);
      ASSERT_FALSE(events) << bad;
      EXPECT_EQ(events.error().kind, ErrorKind::permanent);
      EXPECT_EQ(events.error().message.find("Canary"), std::string::npos);
    }
  }
  EXPECT_EQ(body(R"({"event_type":{"id":"postcard.mailed"},"reference_id":"psc_1"})", lob()).error().message,
            "id: missing, so a repeat could not be told");
}

/// The polling source, on a connection of its own.
class StatusPoll : public ::testing::Test {
 protected:
  explicit StatusPoll(const char* which = "pcm") {
    host.http.serve(vendor);
    if (std::string(which) == "pcm") host.http.bearer("sandbox-long-live-token");
    Account account;
    account.vendor = which;
    account.use_type = "operational";
    cards = std::make_unique<Cards>(account, host.host());
  }
  Result<Page> poll(std::size_t limit = 100, StatusSettings settings = {{}, "", 24h * 45}) {
    StatusSource source(std::move(settings), *cards, host.host());
    auto page = source.poll(place, limit, host.call());
    if (page) place = page->next;
    return page;
  }
  std::vector<std::string> ids(std::size_t limit = 100) {
    const auto page = poll(limit);
    EXPECT_TRUE(page) << (page ? "" : page.error().message);
    std::vector<std::string> out;
    if (page)
      for (const auto& event : page->events) out.push_back(event.id);
    return out;
  }
  void seed(const Json& what) {
    const std::string base = cards->account().vendor == "lob" ? "/lob/v1/_postcards" : "/_orders";
    vendor.handle({"POST", base, {}, text(what), Intent::once});
  }

  testing::FakeHost host;
  PostcardSandbox vendor{host.host()};
  std::unique_ptr<Cards> cards;
  Cursor place;
};

using Ids = std::vector<std::string>;

TEST_F(StatusPoll, TellsEachStateOfAnOrderOnce) {
  seed({{"count", 2}, {"id", "10{n}"}, {"reference", "mp-{n}"}});
  seed({{"count", 1}, {"id", "200"}, {"reference", "mp-9"}, {"address", "1 Undeliverable Rd"}});
  EXPECT_EQ(ids(), (Ids{"pcm:200:accepted", "pcm:101:accepted", "pcm:100:accepted"}));
  EXPECT_EQ(ids(), Ids{});
  const auto still = place;
  EXPECT_EQ(ids(), Ids{});
  EXPECT_EQ(place, still);
  host.clock.advance(24h);
  const auto page = poll();
  ASSERT_TRUE(page && page->events.size() == 3);
  EXPECT_EQ(page->events[0].id, "pcm:200:undeliverable");
  EXPECT_EQ(word(page->events[0], "/reason"), "No such number");
  EXPECT_EQ(word(page->events[0], "/reference"), "mp-9");
  EXPECT_EQ(page->events[1].type, "postcard.in_production");
  host.clock.advance(24h * 46);
  EXPECT_EQ(ids(), Ids{});  // too old to be asked for
}

TEST_F(StatusPoll, GoesOnWhereThePageWasFull) {
  seed({{"count", 5}, {"id", "10{n}"}});
  EXPECT_EQ(ids(2).size(), 2u);
  EXPECT_EQ(ids(2).size(), 2u);
  EXPECT_EQ(ids(2), Ids{"pcm:100:accepted"});
  EXPECT_EQ(ids(2), Ids{});
}

TEST_F(StatusPoll, CallsAListThatLoopsByItsName) {
  for (int i = 0; i < 210; ++i)
    host.http.on("GET", "/order").answers(200).body(R"({"results":[],"pagination":{"nextPage":2}})");
  auto page = poll();
  for (int i = 0; i < 5 && page; ++i) page = poll();
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::permanent);
  EXPECT_NE(page.error().message.find("does not end"), std::string::npos) << page.error().message;
}

TEST_F(StatusPoll, TakesNoBadAnswerForAnEmptyList) {
  seed({{"count", 1}, {"id", "100"}});
  for (const auto* bad : {"", "<html>", "{\"results\":[", "{}", R"({"results":{}})"}) {
    host.http.on("GET", "/order").answers(200).header("Content-Type", "text/html").body(bad);
    const auto page = poll();
    ASSERT_FALSE(page) << bad;
    EXPECT_EQ(page.error().kind, ErrorKind::retryable) << bad;
  }
  host.http.on("GET", "/order").answers(302).header("Location", "https://elsewhere.test");
  EXPECT_EQ(poll().error().kind, ErrorKind::permanent);
  host.http.on("GET", "/order").answers(200).body(R"({"error":{"message":"Canary"}})");
  EXPECT_EQ(poll().error().message, "the vendor answered 200 with an error in it");
  // The list of the undeliverable is known from a catalogue alone.
  host.http.on("GET", "/recipient/undeliverable").answers(404);
  EXPECT_EQ(ids(), Ids{"pcm:100:accepted"});
}

class LobStatusPoll : public StatusPoll {
 protected:
  LobStatusPoll() : StatusPoll("lob") { host.http.serve(below).basic("test_sandbox", ""); }
  class Below : public Sandbox {
   public:
    explicit Below(PostcardSandbox& all) : all_(all) {}
    HttpResponse handle(const HttpRequest& request) override {
      auto inner = request;
      inner.target = "/lob/v1" + request.target;
      return all_.handle(inner);
    }
    Json state() const override { return all_.state(); }
    void reset() override { all_.reset(); }
    Result<std::vector<HttpRequest>> emit(const Json& event) override { return all_.emit(event); }

   private:
    PostcardSandbox& all_;
  } below{vendor};
};

TEST_F(LobStatusPoll, WalksEveryPageAndAgreesWithTheWebhooksIds) {
  seed({{"count", 130}, {"id", "psc_{n}"}});
  EXPECT_EQ(ids(500).size(), 130u);
  EXPECT_EQ(ids(500), Ids{});
  const auto push = vendor.emit({{"vendor", "lob"},
                                 {"url", "http://r"},
                                 {"secret", "s"},
                                 {"event_type", "postcard.in_local_area"},
                                 {"id", "psc_7"}});
  ASSERT_TRUE(push);
  const auto by_hook = to_event(*lob_notice(*read_json(push->front().body)), {});
  EXPECT_EQ(ids(500), Ids{by_hook->id});
  EXPECT_EQ(by_hook->id, "lob:psc_7:inlocalarea");
}

TEST_F(LobStatusPoll, NeverFollowsALinkElsewhere) {
  host.http.on("GET", "/postcards")
      .answers(200)
      .body(R"({"data":[],"next_url":"https://elsewhere.test/postcards?limit=1&after=psc_x"})");
  (void)poll();
  EXPECT_EQ(host.http.requests().back().target.substr(0, 11), "/postcards?");
}

TEST_F(LobStatusPoll, DoesNotTakeALinkThatItCannotReadForTheListsEnd) {
  host.http.on("GET", "/postcards").answers(200).body(R"({"data":[],"next_url":"https://api.lob.com/v1/postcards?page=2"})");
  const auto page = poll();
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::retryable);
}

}  // namespace TEST_FILE
}  // namespace milepost::postcard
