// What brings HubSpot's events: webhooks, and the poll over modified records.
#include "plugins/hubspot/sources.hpp"
#include "milepost/quarantine.hpp"
#include "milepost/times.hpp"
#include "tests/plugins/hubspot/fixture.hpp"

namespace milepost::hubspot {
namespace TEST_FILE {

Json json(const char* source) { return *read_json(source); }

class HubspotEvents : public HubspotTest {
 protected:
  std::vector<HttpRequest> sent(Json order) {
    order["target"] = "https://hooks.test/in";
    return *vendor.emit(order);
  }
  Result<std::vector<Event>> receive(const HttpRequest& request, Json settings = Json::object()) {
    settings["client_secret"] = "***";
    return rig.receive("events", settings, request);
  }
  std::vector<Event> of(const Json& body, const Json& settings = Json::object()) {
    auto events = receive({"POST", "/in", {}, text(body), Intent::once}, settings);
    EXPECT_TRUE(events) << events.error().message;
    return events.value_or(std::vector<Event>());
  }
  static Json entry(Json changes = Json::object()) {
    Json out = json(R"({"eventId":100,"subscriptionId":2001,"portalId":62515,"appId":1160452,"occurredAt":1793611800000,
      "subscriptionType":"deal.propertyChange","attemptNumber":0,"objectId":8801,"propertyName":"dealstage",
      "propertyValue":"closedwon","changeSource":"CRM_UI","sourceId":"userId:9"})");
    out.update(changes);
    return out;
  }
};

TEST_F(HubspotEvents, NameTheirRecord) {
  const auto events = receive(sent({{"objectId", 8801}, {"propertyName", "dealstage"}})[0]);
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->size(), 1u);
  const auto& one = events->front();
  EXPECT_EQ(one.type, "deal.propertyChange");
  EXPECT_EQ(one.subject, "hubspot:deals:8801");
  EXPECT_EQ(one.time, host.clock.now());
  EXPECT_EQ(one.payload.json()["record"], (Json{{"type", "deals"}, {"id", "8801"}}));
  EXPECT_EQ(one.payload.json()["portalId"], 62515);
}

TEST_F(HubspotEvents, AreEachWhatHappenedWhateverTheirEventId) {
  // One eventId for three events: HubSpot does not promise otherwise.
  const auto events = of(Json::array({entry(), entry({{"propertyValue", "closedlost"}}), entry({{"objectId", 8802}})}));
  ASSERT_EQ(events.size(), 3u);
  EXPECT_NE(events[0].id, events[1].id);
  EXPECT_NE(events[0].id, events[2].id);
  // The same again, at another attempt, under another eventId, as another type of JSON.
  for (const auto& again : {entry({{"attemptNumber", 3}}), entry({{"eventId", 555}}), entry({{"objectId", "8801"}}),
                            entry({{"occurredAt", "2026-11-02T09:30:00.000Z"}})})
    EXPECT_EQ(of(Json::array({again}))[0].id, events[0].id) << text(again);
  for (const auto& other :
       {entry({{"subscriptionId", 2002}}), entry({{"portalId", 1}}), entry({{"occurredAt", 1793611800001}}),
        entry({{"propertyName", "amount"}}), entry({{"subscriptionType", "deal.creation"}})})
    EXPECT_NE(of(Json::array({other}))[0].id, events[0].id) << text(other);
}

TEST_F(HubspotEvents, OfEveryKindAreAboutARecord) {
  const std::pair<Json, const char*> rows[] = {
      {{{"subscriptionType", "contact.creation"}}, "hubspot:contacts:8801"},
      {{{"subscriptionType", "company.deletion"}}, "hubspot:companies:8801"},
      {{{"subscriptionType", "contact.privacyDeletion"}}, "hubspot:contacts:8801"},
      {{{"subscriptionType", nullptr}, {"eventType", "ticket.creation"}}, "hubspot:tickets:8801"},
      {{{"subscriptionType", "object.propertyChange"}, {"objectTypeId", "0-3"}}, "hubspot:deals:8801"},
      {{{"subscriptionType", "object.creation"}, {"objectTypeId", "2-3456"}}, "hubspot:2-3456:8801"},
      {{{"subscriptionType", "deal.associationChange"},
        {"objectId", nullptr},
        {"fromObjectId", 7},
        {"toObjectId", 8},
        {"associationType", "DEAL_TO_CONTACT"},
        {"associationRemoved", false}},
       "hubspot:deals:7"},
      {{{"subscriptionType", "contact.merge"},
        {"objectId", nullptr},
        {"primaryObjectId", 11},
        {"mergedObjectIds", {12}},
        {"newObjectId", 13},
        {"numberOfPropertiesMoved", 2}},
       "hubspot:contacts:13"}};
  for (const auto& [changes, subject] : rows) {
    const auto events = of(Json::array({entry(changes)}));
    EXPECT_EQ(events[0].subject, subject) << text(changes);
    EXPECT_NE(events[0].type, kQuarantine);
  }
}

TEST_F(HubspotEvents, ComeOldestFirstAndAHundredAtOnce) {
  Json all = Json::array();
  for (int i = 0; i < 100; ++i) all.push_back(entry({{"objectId", i + 1}, {"occurredAt", 1793611800000 - i}}));
  const auto events = of(all);
  ASSERT_EQ(events.size(), 100u);
  EXPECT_EQ(events[0].subject, "hubspot:deals:100");
  EXPECT_EQ(events[99].subject, "hubspot:deals:1");
}

TEST_F(HubspotEvents, ThatAreNoneAreKeptAsideAlone) {
  const Json bad[] = {"CANARY",
                      entry({{"subscriptionType", nullptr}}),
                      entry({{"subscriptionType", "CANARY"}}),
                      entry({{"occurredAt", nullptr}}),
                      entry({{"occurredAt", "CANARY"}}),
                      entry({{"objectId", nullptr}}),
                      entry({{"objectId", "CANARY"}}),
                      entry({{"subscriptionType", "object.creation"}}),
                      entry({{"portalId", 9}, {"propertyValue", "CANARY"}})};
  for (const auto& odd : bad) {
    const auto events = of(Json::array({entry({{"objectId", 1}}), odd}), {{"portal", "62515"}});
    ASSERT_EQ(events.size(), 2u) << text(odd);
    const auto aside = std::count_if(events.begin(), events.end(), [](const auto& e) { return e.type == kQuarantine; });
    EXPECT_EQ(aside, 1) << text(odd);
    for (const auto& one : events)
      if (one.type == kQuarantine) {
        EXPECT_EQ(one.payload.text(), text(odd));
        EXPECT_FALSE(one.reason.empty());
        EXPECT_EQ(one.reason.find("CANARY"), std::string::npos) << one.reason;
      }
  }
  EXPECT_FALSE(host.tells("CANARY"));
}

TEST_F(HubspotEvents, AsAWholeCanBeNone) {
  for (const char* body : {"", "<html></html>", "[{", "7", R"("x")", "null"}) {
    const auto events = receive({"POST", "/in", {}, body, Intent::once});
    ASSERT_FALSE(events) << body;
    EXPECT_EQ(events.error().kind, ErrorKind::permanent);
  }
  EXPECT_TRUE(of(Json::array()).empty());
  EXPECT_EQ(of(entry()).size(), 1u);  // one outside an array
}

TEST_F(HubspotEvents, OfOurOwnWritesAreLeftOut) {
  const auto all = Json::array({entry({{"changeSource", "INTEGRATION"}, {"sourceId", "1160452"}}), entry()});
  EXPECT_EQ(of(all).size(), 2u);
  EXPECT_EQ(of(all, {{"ignore_sources", {"1160452"}}}).size(), 1u);
  EXPECT_EQ(of(all, {{"ignore_sources", {"INTEGRATION", "CRM_UI"}}}).size(), 0u);
  EXPECT_EQ(of(all, {{"types", {"deal.*"}}}).size(), 2u);
  EXPECT_EQ(of(all, {{"types", {"deal.creation", "contact.*"}}}).size(), 0u);
}

/// A polling source on the plugin's own connection; the Rig has none for them.
class HubspotChanges : public HubspotTest {
 protected:
  HubspotChanges() { ask("POST", "/_limits", {{"search", 10'000}, {"burst", 100'000}}); }

  ChangesSource& changes(Json settings = Json::object()) {
    if (!settings.contains("object")) settings["object"] = "contacts";
    if (!settings.contains("index_lag")) settings["index_lag"] = "0s";
    source_ = std::make_unique<ChangesSource>(*changes_settings().parse(settings), connection_, host.host());
    return *source_;
  }
  void person(int number) {
    ask("POST", "/crm/v3/objects/contacts",
        {{"properties", {{"email", "p" + std::to_string(number) + "@example.test"}}}, {"associations", Json::array()}});
  }
  /// Ids of records, page by page, until a page has nothing and leads nowhere.
  std::vector<std::string> drain(PollingSource& source, Cursor& at, std::size_t limit) {
    std::vector<std::string> ids;
    for (int turn = 0; turn < 400; ++turn) {
      const auto page = source.poll(at, limit, host.call());
      EXPECT_TRUE(page) << page.error().message;
      if (!page || (page->events.empty() && page->next == at)) return ids;
      for (const auto& one : page->events) ids.push_back(*get<std::string>(one.payload.json(), "/record/id"));
      at = page->next;
    }
    ADD_FAILURE() << "the pages do not end";
    return ids;
  }
  /// Every record once, though page after page begins and ends among equals.
  void each_once(const std::vector<std::string>& ids, std::size_t count) {
    EXPECT_EQ(ids.size(), count);
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), count);
  }

  HubspotConnection connection_{*account_settings().parse({{"token", "***"}, {"api_version", "2026-09"}}), host.host()};
  std::unique_ptr<ChangesSource> source_;
};

TEST_F(HubspotChanges, BringRecordsAsTheyAreNow) {
  person(1);
  host.clock.advance(1s);
  Cursor at;
  auto page = changes({{"properties", {"email", "phone"}}}).poll(at, 100, host.call());
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->events.size(), 1u);
  const auto one = page->events[0];
  EXPECT_EQ(one.type, "contacts.changed");
  EXPECT_EQ(one.subject, "hubspot:contacts:101");
  EXPECT_EQ(one.payload.json()["properties"], (Json{{"email", "p1@example.test"}, {"phone", nullptr}}));
  at = page->next;
  EXPECT_TRUE(source_->poll(at, 100, host.call())->events.empty());
  host.clock.advance(1s);
  ask("PATCH", "/crm/v3/objects/contacts/101", {{"properties", {{"phone", "555"}}}});
  host.clock.advance(1s);
  page = source_->poll(at, 100, host.call());
  ASSERT_EQ(page->events.size(), 1u);
  EXPECT_EQ(page->events[0].payload.json()["properties"]["phone"], "555");
  EXPECT_NE(page->events[0].id, one.id);
}

TEST_F(HubspotChanges, LoseNoTieAtAPagesEdge) {
  // 7 at one time, 40 at the next, then one each: pages of 10, of 3 and of 1 all end among equals.
  for (int i = 0; i < 7; ++i) person(i);
  host.clock.advance(5ms);
  for (int i = 7; i < 47; ++i) person(i);
  for (int i = 47; i < 60; ++i) {
    host.clock.advance(1ms);
    person(i);
  }
  host.clock.advance(1s);
  for (const std::size_t limit : {1u, 3u, 10u, 40u, 41u, 500u}) {
    Cursor at;
    each_once(drain(changes(), at, limit), 60);
  }
}

TEST_F(HubspotChanges, GoOnThroughAnImportOfOneTimeWithoutPageTokens) {
  for (int i = 0; i < 1'100; ++i) person(i);
  host.clock.advance(1s);
  Cursor at;
  each_once(drain(changes(), at, 200), 1'100);
  // Pages by token end at 10,000 results; so there are none.
  for (const auto& request : host.http.requests()) EXPECT_EQ(request.body.find("\"after\""), std::string::npos);
}

TEST_F(HubspotChanges, WaitForAnIndexThatLags) {
  ask("POST", "/_limits", {{"search", 10'000}, {"burst", 100'000}, {"index_lag_ms", 20'000}});
  Cursor at;
  auto& patient = changes({{"index_lag", "30s"}});
  std::vector<std::string> ids;
  for (int i = 0; i < 30; ++i) {
    person(i);
    host.clock.advance(3s);
    for (auto& id : drain(patient, at, 100)) ids.push_back(id);
  }
  host.clock.advance(60s);
  for (auto& id : drain(patient, at, 100)) ids.push_back(id);
  each_once(ids, 30);
}

TEST_F(HubspotChanges, SayWhatAnAnswerLacks) {
  const auto path = "/crm/objects/2026-09/contacts/search";
  const auto record = [](const char* id, const char* time) {
    return Json{{"id", id}, {"properties", {{"lastmodifieddate", time}}}};
  };
  const std::tuple<std::string, ErrorKind> rows[] = {
      {"", ErrorKind::retryable},
      {"<html>CANARY</html>", ErrorKind::retryable},
      {R"({"results":[{"id":"1")", ErrorKind::retryable},
      {R"({"total":1})", ErrorKind::retryable},
      {R"({"status":"error","category":"VALIDATION_ERROR","message":"CANARY"})", ErrorKind::permanent},
      {text(Json{{"results", {record("x", "1793609000000")}}}), ErrorKind::retryable},
      {text(Json{{"results", {record("1", "CANARY")}}}), ErrorKind::retryable},
      {text(Json{{"results", {record("1", "1000")}}}), ErrorKind::retryable},
      {text(Json{{"results", {record("1", "1793609000001"), record("2", "1793609000000")}}}), ErrorKind::retryable}};
  for (const auto& [body, kind] : rows) {
    host.http.on("POST", path).answers(200).body(body);
    const auto page = changes().poll("", 100, host.call());
    ASSERT_FALSE(page) << body;
    EXPECT_EQ(page.error().kind, kind) << body;
    EXPECT_EQ(page.error().message.find("CANARY"), std::string::npos);
  }
  // Three forms of one time, and an id that is a number.
  for (const char* time : {"\"2026-11-02T08:43:20Z\"", "\"1793609000000\"", "1793609000000"}) {
    host.http.on("POST", path)
        .answers(200)
        .body(std::string(R"({"results":[{"id":7,"properties":{"lastmodifieddate":)") + time + "}}]}");
    const auto page = changes().poll("", 100, host.call());
    ASSERT_TRUE(page) << page.error().message;
    EXPECT_EQ(page->events[0].id, "contacts:7:1793609000000");
  }
  for (const int status : {301, 302}) {
    host.http.on("POST", path).answers(status).header("Location", "https://elsewhere.test/");
    EXPECT_EQ(changes().poll("", 100, host.call()).error().kind, ErrorKind::permanent);
  }
  EXPECT_FALSE(host.tells("CANARY"));
}

TEST_F(HubspotChanges, WaitWhereTheSearchsOwnLimitIsReached) {
  ask("POST", "/_limits", {{"search", 1}});
  auto& source = changes();
  ASSERT_TRUE(source.poll("", 100, host.call()));
  const auto over = source.poll("", 100, host.call());
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().kind, ErrorKind::rate_limited);
  EXPECT_EQ(over.error().retry_after, 1s);
}

}  // namespace TEST_FILE
}  // namespace milepost::hubspot
