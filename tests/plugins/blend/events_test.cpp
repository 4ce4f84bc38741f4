// What brings Blend's events: notifications, the recovery poll, the poll over applications.
#include "milepost/times.hpp"
#include "plugins/blend/sources.hpp"
#include "tests/plugins/blend/fixture.hpp"

namespace milepost::blend {
namespace TEST_FILE {

Json json(const char* source) { return *read_json(source); }

TEST(BlendNotice, IsReadFromV3) {
  const auto notice = read_notice(json(R"({"id":"e-1","firstEmittedAt":"2024-03-04T16:20:01.120Z","attempt":2,
      "data":{"type":"application","id":"a-1","action":"updated","solution":"CONSUMER_MORTGAGE","new":1,
      "trigger":{"type":"SUBMITTED","triggeredAt":"2024-03-04T16:20:00.870Z"}},"links":{"application":{"href":"/x"}}})"));
  ASSERT_TRUE(notice) << notice.error().message;
  EXPECT_EQ(notice->type, "application.submitted");
  EXPECT_EQ(subject_of(*notice), "blend:application:a-1");
  EXPECT_TRUE(notice->known);
  EXPECT_EQ(notice->payload["applicationId"], "a-1");
  EXPECT_EQ(notice->payload["trigger"], "SUBMITTED");
  EXPECT_EQ(notice->payload["data"]["new"], 1);
  EXPECT_FALSE(notice->payload.contains("attempt"));  // another with each delivery
  EXPECT_EQ(notice->time, read_time("2024-03-04T16:20:00.870Z"));
}

TEST(BlendNotice, FindsTheApplicationOfAPartyByItsLinkAndSendsNothingThere) {
  const std::pair<const char*, const char*> rows[] = {
      {"/home-lending/applications/a-1", "a-1"},
      {"https://api.blendlabs.com/home-lending/applications/a-1/parties", "a-1"},
      {"https://evil.test/home-lending/applications/a-1?x", "a-1"},
      {"/loans/a-1", "a-1"},
      {"/home-lending/applications/../../secret", ""},
      {"/elsewhere/a-1", ""}};
  for (const auto& [href, wanted] : rows) {
    auto body = json(R"({"id":"e","data":{"type":"party","id":"p-1","action":"updated"}})");
    body["links"]["application"]["href"] = href;
    const auto notice = read_notice(body);
    EXPECT_EQ(notice->application_id, wanted) << href;
    EXPECT_EQ(notice->type, "party.updated");
    EXPECT_EQ(subject_of(*notice), *wanted != '\0' ? "blend:application:a-1" : "blend:party:p-1");
  }
}

TEST(BlendNotice, IsReadFromV2) {
  const std::tuple<const char*, const char*, const char*, const char*> rows[] = {
      {"applicationEvent", "SUBMITTED", "loan", "application.submitted"},
      {"applicationEvent", "APPLICATION_SUBMITTED", "loan", "application.submitted"},
      {"applicantEvent", "ADDED", "party", "party.created"},
      {"documentEvent", "AVAILABLE", "document", "document.available"},
      {"eConsentStatus", "UPDATE", "party", "econsent.updated"}};
  for (const auto& [type, action, entity, wanted] : rows) {
    const auto notice =
        read_notice({{"eventType", type},
                     {"eventId", 4711},  // a number where a text was promised
                     {"message", {{"entityAction", action}, {"entityType", entity}, {"entityId", "x-1"}}},
                     {"originallyEmittedAt", 1709569201000}});
    ASSERT_TRUE(notice) << type;
    EXPECT_EQ(notice->type, wanted);
    EXPECT_TRUE(notice->known) << wanted;
    EXPECT_EQ(notice->id, "4711");
    EXPECT_EQ(notice->application_id, std::string(entity) == "loan" ? "x-1" : "");
  }
}

TEST(BlendNotice, TellsNoSecretOn) {
  const auto notice = read_notice(json(R"({"id":"e","data":{"type":"party","id":"p","action":"updated",
      "fields":{"taxpayerIdentifier":{"value":"CANARY"},"email":{"value":"a@b.test"}},"redirectUrl":"CANARY"}})"));
  EXPECT_EQ(text(notice->payload).find("CANARY"), std::string::npos);
  EXPECT_EQ(notice->payload["data"]["fields"]["email"]["value"], "a@b.test");
}

TEST(BlendNotice, OfANewNameIsTakenAndMarked) {
  const auto notice = read_notice(json(R"({"id":"e","data":{"type":"spaceship","id":"s","action":"LAUNCHED"}})"));
  EXPECT_EQ(notice->type, "spaceship.launched");
  EXPECT_FALSE(notice->known);
  EXPECT_EQ(read_notice(json(R"({"id":"e","data":{"type":"a b","id":"../s","action":7}})"))->type, "unknown.7");
}

TEST(BlendNotice, KnowsAHealthCheckInEachShape) {
  for (const char* source :
       {R"({"eventType":"systemEvent","message":{"entityAction":"HEALTHCHECK"}})",
        R"({"id":"e","data":{"type":"system","action":"created"}})",
        R"({"id":"e","data":{"type":"application","action":"HEALTHCHECK"}})", R"({"id":"e","type":"HEARTBEAT"})"}) {
    const auto notice = read_notice(json(source));
    ASSERT_TRUE(notice) << source;
    EXPECT_TRUE(notice->system) << source;
  }
}

TEST(BlendNotice, RefusesWhatIsNone) {
  const std::pair<const char*, const char*> rows[] = {
      {"[]", "no notification of Blend's"},
      {"{}", "id: missing"},
      {R"({"data":{"type":"application","id":"a"}})", "id: missing"},
      {R"({"id":"e"})", "data.type: missing"},
      {R"({"eventId":"e","message":{}})", "eventType: missing"},
      {R"({"eventType":"applicationEvent","message":{}})", "eventId: missing"}};
  for (const auto& [source, words] : rows) {
    const auto notice = read_notice(json(source));
    ASSERT_FALSE(notice) << source;
    EXPECT_EQ(notice.error().kind, ErrorKind::permanent);
    EXPECT_NE(notice.error().message.find(words), std::string::npos) << notice.error().message;
  }
}

class BlendEvents : public BlendTest {
 protected:
  BlendEvents() {
    connect();
    id = created("deal-1");
  }
  std::vector<HttpRequest> emitted(Json order) {
    order["crmId"] = "deal-1";
    auto out = vendor.emit(order);
    EXPECT_TRUE(out) << out.error().message;
    return *out;
  }
  std::string id;
};

TEST_F(BlendEvents, ComeWhicheverVersionAndOrderOfKeys) {
  for (const Json& order : {Json{{"trigger", "SUBMITTED"}}, Json{{"trigger", "SUBMITTED"}, {"shuffle", true}},
                            Json{{"version", 2}}, Json{{"version", 2}, {"shuffle", true}}}) {
    const auto events = rig.receive("events", {{"target_instance", "sandbox~default"}}, emitted(order)[0]);
    ASSERT_TRUE(events) << events.error().message;
    ASSERT_EQ(events->size(), 1u);
    EXPECT_EQ((*events)[0].type, "application.submitted");
    EXPECT_EQ((*events)[0].subject, "blend:application:" + id);
  }
}

TEST_F(BlendEvents, AreTheSameOnEachAttempt) {
  const auto requests = emitted({{"type", "party"}, {"duplicates", 2}});
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_NE(requests[0].header("blend-request-id"), requests[1].header("blend-request-id"));
  const auto first = rig.receive("events", Json::object(), requests[0]);
  const auto last = rig.receive("events", Json::object(), requests[2]);
  EXPECT_NE(requests[0].body, requests[2].body);
  EXPECT_EQ((*first)[0].id, (*last)[0].id);
  EXPECT_EQ((*first)[0].payload.text(), (*last)[0].payload.text());
}

TEST_F(BlendEvents, AreNoneWhereThereIsNothingToDo) {
  const Json picky{{"types", {"application.*"}}, {"profiles", {"crm"}}};
  EXPECT_TRUE(rig.receive("events", Json::object(), emitted({{"system", true}})[0])->empty());
  EXPECT_TRUE(rig.receive("events", Json::object(), emitted({{"system", true}, {"version", 2}})[0])->empty());
  EXPECT_TRUE(rig.receive("events", picky, emitted({{"trigger", "SUBMITTED"}})[0])->empty());
  EXPECT_TRUE(rig.receive("events", picky, emitted({{"type", "party"}, {"profile", "crm"}})[0])->empty());
  EXPECT_EQ(rig.receive("events", picky, emitted({{"trigger", "SUBMITTED"}, {"profile", "crm"}})[0])->size(), 1u);
  EXPECT_EQ(host.counted("events"), 5.0);
}

TEST_F(BlendEvents, OfAnotherTenantAreRefused) {
  const auto events = rig.receive("events", {{"target_instance", "sandbox~default"}},
                                  emitted({{"trigger", "SUBMITTED"}, {"instance", "other~default"}})[0]);
  ASSERT_FALSE(events);
  EXPECT_EQ(events.error().kind, ErrorKind::permanent);
}

/// A polling source on the plugin's own connection; the Rig has none for them.
class BlendPolls : public BlendEvents {
 protected:
  Account account() const {
    return *account_settings().parse({{"target_instance", "sandbox~default"}, {"token", "***"}});
  }
  RecoverySource& recovery(const Json& settings = {{"grace", "0s"}}) {
    recovery_ = std::make_unique<RecoverySource>(*recovery_settings().parse(settings), connection_, host.host());
    return *recovery_;
  }
  ApplicationsSource& applications(const Json& settings = Json::object()) {
    applications_ =
        std::make_unique<ApplicationsSource>(*applications_settings().parse(settings), connection_, host.host());
    return *applications_;
  }
  /// Ids, page by page, until a page has nothing and leads nowhere.
  std::vector<std::string> drain(PollingSource& source, Cursor& at, std::size_t limit = 100) {
    std::vector<std::string> ids;
    for (int turn = 0; turn < 50; ++turn) {
      const auto page = source.poll(at, limit, host.call());
      EXPECT_TRUE(page) << page.error().message;
      if (!page || (page->events.empty() && page->next == at)) return ids;
      for (const auto& event : page->events) ids.push_back(event.id);
      at = page->next;
    }
    ADD_FAILURE() << "the pages do not end";
    return ids;
  }
  using Ids = std::vector<std::string>;

  BlendConnection connection_{account(), host.host()};
  std::unique_ptr<RecoverySource> recovery_;
  std::unique_ptr<ApplicationsSource> applications_;
};

TEST_F(BlendPolls, BringWhatWasSentAndLost) {
  const auto request = emitted({{"trigger", "SUBMITTED"}, {"id", "e-1"}})[0];
  emitted({{"type", "party"}, {"id", "e-2"}, {"lost", true}});
  emitted({{"version", 2}, {"id", "e-3"}, {"status", "SUCCEEDED"}});
  emitted({{"system", true}, {"id", "e-4"}});
  emitted({{"id", "e-5"}, {"profile", "others"}});
  Cursor at;
  const auto page = recovery().poll(at, 10, host.call());
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->events.size(), 2u);
  EXPECT_EQ(page->events[0].id, "e-1");
  EXPECT_EQ(page->events[1].id, "e-2");
  EXPECT_EQ(host.http.requests()[0].header("bons-profile"), "default");
  // One event, whoever brought it.
  const auto delivered = rig.receive("events", Json::object(), request);
  EXPECT_EQ(page->events[0].id, (*delivered)[0].id);
  EXPECT_EQ(page->events[0].payload.text(), (*delivered)[0].payload.text());
  EXPECT_EQ(page->events[0].subject, (*delivered)[0].subject);
}

TEST_F(BlendPolls, LeaveWhatMayStillBeUnderWay) {
  emitted({{"id", "e-1"}, {"lost", true}});
  Cursor at;
  auto& source = recovery(Json::object());
  EXPECT_EQ(drain(source, at), Ids{});
  EXPECT_EQ(at, "");
  host.clock.advance(6min);
  EXPECT_EQ(drain(source, at), Ids{"e-1"});
  emitted({{"id", "e-2"}, {"lost", true}, {"createdAt", "2026-11-02T08:30:00.000Z"}});  // queued for half an hour
  EXPECT_EQ(drain(source, at), Ids{"e-2"});
  host.clock.advance(24h);
  emitted({{"id", "e-3"}, {"lost", true}});
  host.clock.advance(10min);
  EXPECT_EQ(drain(source, at), Ids{"e-3"});
}

TEST_F(BlendPolls, HalveAWindowThatIsFull) {
  for (int i = 0; i < 600; ++i)
    emitted({{"id", "e-" + std::to_string(i)},
             {"lost", true},
             {"createdAt", "2026-11-02T0" + std::to_string(i / 100) + ":" + std::to_string(10 + i % 50) + ":00.000Z"}});
  ask("POST", "/_settings", {{"rate", 1'000'000}});
  Cursor at;
  auto ids = drain(recovery(), at, 256);
  EXPECT_EQ(ids.size(), 600u);
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
  EXPECT_LE(at.size(), 65'536u);
}

TEST_F(BlendPolls, LoseNothingWhereOneEventCannotBeRead) {
  emitted({{"id", "e-1"}, {"lost", true}});
  emitted({{"id", "e-2"}, {"lost", true}});
  const std::pair<int, ErrorKind> rows[] = {
      {500, ErrorKind::retryable}, {429, ErrorKind::rate_limited}, {401, ErrorKind::auth}};
  for (const auto& [status, kind] : rows) {
    host.http.on("GET", "/events/e-2").answers(status);
    const auto page = recovery().poll("", 10, host.call());
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().kind, kind);
  }
  host.http.on("GET", "/events/e-2").answers(404);  // gone meanwhile
  Cursor at;
  EXPECT_EQ(drain(recovery(), at), Ids{"e-1"});
  for (const char* body : {"<html>", "", "{\"events\": 7}", "7"}) {
    host.http.on("GET", "/events").answers(200).body(body);
    EXPECT_EQ(recovery().poll("", 10, host.call()).error().kind, ErrorKind::retryable) << body;
  }
  // Without its data, or with another's, the row says enough to fetch by.
  host.http.on("GET", "/events/e-1")
      .answers(200)
      .body(R"({"eventData":{"id":"e-7","data":{"type":"document","action":"x"}}})");
  const auto page = recovery().poll("", 1, host.call());
  EXPECT_EQ(page->events[0].id, "e-1");
  EXPECT_EQ(page->events[0].type, "application.updated");
  // What cannot even be told apart is kept for a person.
  host.http.on("GET", "/events").answers(200).json(Json::array({{{"eventId", std::string(300, 'x')}}}));
  const auto odd = recovery().poll("", 1, host.call());
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->events[0].type, "milepost.quarantine");
}

TEST_F(BlendPolls, TellOfEachApplicationOnceForEachStatus) {
  ask("POST", "/_applications", {{"count", 120}, {"id", "app-{n}"}});
  Cursor at;
  auto& source = applications();
  EXPECT_EQ(drain(source, at).size(), 121u);
  const auto settled = at;
  EXPECT_EQ(drain(source, at), Ids{});
  EXPECT_EQ(at, settled);  // nothing new is nothing to store
  emitted({{"trigger", "SUBMITTED"}, {"lost", true}});
  EXPECT_EQ(drain(source, at), Ids{submission_id(id)});
  const auto old = host.http.requests().size();
  drain(source, at, 10);  // small pages, the same walk
  EXPECT_GT(host.http.requests().size(), old + 10);
}

TEST_F(BlendPolls, AgreeOnTheSubmissionWhereTheyAreTold) {
  const auto request = emitted({{"trigger", "SUBMITTED"}, {"id", "e-1"}})[0];
  Cursor at, other;
  const auto wanted = "application:" + id + ":SUBMITTED";
  EXPECT_EQ((*rig.receive("events", {{"one_submission", true}}, request))[0].id, wanted);
  EXPECT_EQ(drain(recovery({{"grace", "0s"}, {"one_submission", true}}), at), Ids{wanted});
  EXPECT_EQ(drain(applications({{"statuses", {"SUBMITTED"}}}), other), Ids{wanted});
}

TEST_F(BlendPolls, ReadNoFurtherThanTheyMay) {
  host.clock.advance(24h * 91);
  const auto young = created("deal-2");
  Cursor at;
  EXPECT_EQ(drain(applications(), at), Ids{"application:" + young + ":IN_PROGRESS"});
  Cursor filtered;
  drain(applications({{"exportable", true}, {"has_los_id", false}, {"solution", "HELOC"}}), filtered);
  EXPECT_EQ(host.http.requests().back().target,
            "/home-lending/applications?limit=100&exportable=true&losId-exists=false&solution-sub-type=HELOC");
}

TEST_F(BlendPolls, StopAtATokenThatLoops) {
  host.http.on("GET", "/home-lending/applications")
      .answers(200)
      .json({{"applications", Json::array()}, {"nextCursor", "x"}})
      .times(9);
  const auto page = applications().poll("", 100, host.call());
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().kind, ErrorKind::permanent);
  EXPECT_NE(page.error().message.find("a page token came twice"), std::string::npos);
}

TEST_F(BlendPolls, BeginAgainWhereATokenHasRunOut) {
  ask("POST", "/_applications", {{"count", 3}, {"id", "app-{n}"}});
  auto& source = applications();
  auto page = source.poll("", 2, host.call());
  ASSERT_EQ(page->events.size(), 2u);
  host.http.next().answers(400);
  page = source.poll(page->next, 2, host.call());
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->events.empty());
  auto at = page->next;
  EXPECT_EQ(drain(source, at, 2).size(), 2u);
}

}  // namespace TEST_FILE
}  // namespace milepost::blend
