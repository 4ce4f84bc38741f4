#include <set>

#include "host/config/json_schema.hpp"
#include "tests/host/api/admin_rig.hpp"

namespace milepost::api {
namespace TEST_FILE {

TEST_F(AdminRig, WantsTheKeyForAllButHealth) {
  EXPECT_EQ(ask("/health/live", {}).status, 200);
  EXPECT_EQ(ask("/health/ready", {}).status, 200);
  for (const char* target : {"/metrics", "/api/v1/events", "/api/v1/openapi.json", "/nothing", "/"}) {
    for (const http::Headers& headers : {http::Headers{},
                                         {{"Authorization", "Bearer mp_wrong"}},
                                         {{"Authorization", key_}},
                                         {{"Authorization", "Bearer " + key_}, {"Authorization", "Bearer " + key_}}}) {
      const auto answer = ask(target, headers);
      EXPECT_EQ(answer.status, 401) << target;
      ASSERT_NE(answer.header("WWW-Authenticate"), nullptr);
      EXPECT_EQ(*answer.header("WWW-Authenticate"), "Bearer");
      EXPECT_EQ(*answer.header("Content-Type"), "application/problem+json");
    }
  }
  EXPECT_EQ(ask("/api/v1/events", with_key()).status, 200);
}

TEST_F(AdminRig, WantsNoKeyOnTheUnixSocket) {
  EXPECT_EQ(ask("/api/v1/events", {}, "GET", folder_ + "/admin.sock").status, 200);
  EXPECT_EQ(ask("/nothing", {}, "GET", folder_ + "/admin.sock").status, 404);
}

TEST_F(AdminRig, SaysWhatIsNotThere) {
  for (const char* target :
       {"/", "/api/v1", "/api/v1/", "/api/v1/events/", "/api/v1/eventsx", "/api/v2/events", "/api/v1/events/none"}) {
    const auto answer = ask(target);
    EXPECT_EQ(answer.status, 404) << target;
    EXPECT_EQ(*answer.header("Content-Type"), "application/problem+json");
  }
  for (const char* method : {"POST", "PUT", "DELETE"}) {
    const auto answer = ask("/api/v1/events", with_key(), method);
    EXPECT_EQ(answer.status, 405);
    ASSERT_NE(answer.header("Allow"), nullptr);
    EXPECT_EQ(*answer.header("Allow"), "GET, HEAD");
  }
  const auto head = ask("/health/live", {}, "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
}

TEST_F(AdminRig, NamesABadParameterAndTheRemedy) {
  const std::pair<const char*, const char*> bad[] = {
      {"/api/v1/events?limit=0", "limit: write a whole number from 1 to 500"},
      {"/api/v1/events?limit=501", "from 1 to 500"},
      {"/api/v1/events?limit=ten", "from 1 to 500"},
      {"/api/v1/events?limit=99999999999999999999", "from 1 to 500"},
      {"/api/v1/events?limit=", "limit: is empty"},
      {"/api/v1/events?before=-1", "before: write a whole number"},
      {"/api/v1/events?state=lost", "state: write one of open, waiting, in_doubt, dead, done"},
      {"/api/v1/events?pipline=a", "did you mean \"pipeline\"?"},
      {"/api/v1/events?pipeline=a&pipeline=b", "pipeline: stands twice"},
      {"/api/v1/events?id=%zz", "encode % itself as %25"},
      {"/api/v1/audit?kind=rumour", "kind: write one of"},
      {"/api/v1/audit?after=x", "after: write a whole number"},
      {"/api/v1/pipelines?limit=1", "takes no parameters"},
      {"/api/v1/dead-letters?state=dead", "is unknown"},
  };
  for (const auto& [target, words] : bad)
    EXPECT_NE(detail(target).find(words), std::string::npos) << target << ": " << detail(target);
}

TEST_F(AdminRig, ListsEventsInPages) {
  std::set<std::string> receipts;
  for (int i = 0; i < 5; ++i) receipts.insert(accept("loans", "e-" + std::to_string(i), "L-" + std::to_string(i % 2)));
  std::set<std::string> seen;
  std::string next;
  for (const std::size_t expected : {2u, 2u, 1u}) {
    const Json page = json("/api/v1/events?limit=2" + next);
    ASSERT_EQ(page["events"].size(), expected);
    for (const auto& event : page["events"]) seen.insert(event["receipt"].get<std::string>());
    EXPECT_EQ(page.contains("next"), expected == 2);
    if (page.contains("next")) next = "&before=" + page["next"].dump();
  }
  EXPECT_EQ(seen, receipts);
  EXPECT_EQ(json("/api/v1/events?limit=5").contains("next"), false);
}

TEST_F(AdminRig, FiltersEvents) {
  const auto first = accept("loans", "e 1", "L-1");
  accept("loans", "e-2", "L-2");
  accept("leads", "e-3", "L-1");
  accept("loans", "bad", "", "nope", "not valid JSON");
  const auto count = [&](const std::string& query) { return json("/api/v1/events" + query)["events"].size(); };
  EXPECT_EQ(count(""), 4u);
  EXPECT_EQ(count("?pipeline=loans"), 3u);
  EXPECT_EQ(count("?subject=L-1"), 2u);
  EXPECT_EQ(count("?subject=L-1&pipeline=leads"), 1u);
  EXPECT_EQ(count("?id=e%201"), 1u);
  EXPECT_EQ(count("?id=e+1"), 1u);
  EXPECT_EQ(count("?state=open"), 3u);
  EXPECT_EQ(count("?state=dead"), 1u);
  EXPECT_EQ(count("?type=stage.changed"), 4u);
  EXPECT_EQ(count("?type=other"), 0u);
  const Json dead = json("/api/v1/dead-letters");
  ASSERT_EQ(dead["events"].size(), 1u);
  EXPECT_EQ(dead["events"][0]["fault"], "not valid JSON");
  EXPECT_EQ(json("/api/v1/in-doubt")["events"].size(), 0u);
}

TEST_F(AdminRig, ShowsAnEventWhole) {
  const std::string payload = "{ \"amount\": 25000.00, \"n\": 1e400 }";
  const auto receipt = accept("loans", "a/b", "L-1", payload);
  ASSERT_TRUE(store_->run([&](journal::Writer& writer) {
    journal::Effect effect;
    effect.event = 1;
    effect.step = "crm";
    effect.state = journal::EffectState::done;
    effect.attempt = 2;
    effect.sent_at = kNow;
    effect.answer = R"({"effect":"created","body":{"id":"8817"}})";
    writer.put(effect);
  }));
  const Json by_receipt = json("/api/v1/events/" + receipt);
  EXPECT_EQ(by_receipt["payload"], payload);
  EXPECT_EQ(by_receipt["event"]["subject"], "L-1");
  EXPECT_EQ(by_receipt["effects"][0]["answer"]["body"]["id"], "8817");
  EXPECT_EQ(by_receipt["audit"][0]["details"]["reason"], "because");
  EXPECT_EQ(json("/api/v1/events/a%2Fb"), by_receipt);
  EXPECT_EQ(json("/api/v1/events/a/b"), by_receipt);

  accept("leads", "a/b", "L-1");
  EXPECT_NE(detail("/api/v1/events/a/b").find("add pipeline="), std::string::npos);
  EXPECT_EQ(json("/api/v1/events/a/b?pipeline=loans"), by_receipt);
  EXPECT_EQ(ask("/api/v1/events/a/b?pipeline=other").status, 404);
}

TEST_F(AdminRig, ShowsAPayloadThatIsNoJsonInBase64) {
  const auto receipt = accept("loans", "x", "", std::string("\xff\x00<a", 4), "not valid JSON");
  const Json shown = json("/api/v1/events/" + receipt);
  EXPECT_FALSE(shown.contains("payload"));
  EXPECT_EQ(shown["payload_base64"], "/wA8YQ==");
}

TEST_F(AdminRig, PagesThroughTheAuditTrail) {
  for (int i = 0; i < 3; ++i) accept("loans", "e-" + std::to_string(i), "L-" + std::to_string(i));
  const Json first = json("/api/v1/audit?limit=2");
  ASSERT_EQ(first["rows"].size(), 2u);
  EXPECT_EQ(first["rows"][0]["sequence"], 1);
  EXPECT_EQ(first["next"], 2);
  const Json second = json("/api/v1/audit?limit=2&after=2");
  ASSERT_EQ(second["rows"].size(), 1u);
  EXPECT_FALSE(second.contains("next"));
  EXPECT_EQ(second["rows"][0]["previous"], first["rows"][1]["hash"]);
  EXPECT_EQ(json("/api/v1/audit?subject=L-1")["rows"].size(), 1u);
  EXPECT_EQ(json("/api/v1/audit?kind=intent")["rows"].size(), 0u);
  EXPECT_EQ(json("/api/v1/audit?pipeline=loans&kind=event")["rows"].size(), 3u);
}

TEST_F(AdminRig, TellsWhatDoesNotRun) {
  EXPECT_EQ(json("/health/ready")["status"], "ready");
  engine_.pipelines = {{"good", "v", "", "", {"webhook /a"}, {}, true, {}},
                       {"bad",
                        "",
                        "",
                        "",
                        {},
                        {},
                        false,
                        {{"MP1085", {"pipelines/bad.yaml", 7, 9}, "steps[0].use", "unknown step", "", false}}}};
  engine_.connections = {{"crm", "acme", "paused", "401", 0}, {"mail", "acme", "open", "", 2}, {"leads", "acme", "open", "", 0, "it ends tomorrow"}};
  const Json degraded = json("/health/ready");
  EXPECT_EQ(degraded["status"], "degraded");
  ASSERT_EQ(degraded["pipelines"].size(), 1u);
  EXPECT_EQ(degraded["pipelines"][0]["faults"][0]["line"], 7);
  ASSERT_EQ(degraded["connections"].size(), 2u);
  EXPECT_EQ(degraded["connections"][0]["reason"], "401");
  EXPECT_EQ(degraded["connections"][1]["warning"], "it ends tomorrow");
  EXPECT_EQ(json("/api/v1/pipelines")["pipelines"].size(), 2u);
  EXPECT_EQ(json("/api/v1/connections")["connections"][1]["in_flight"], 2);

  engine_.stopping = true;
  EXPECT_EQ(ask("/health/ready", {}).status, 503);
  EXPECT_EQ(ask("/health/live", {}).status, 200);
  engine_.stopping = false;
  engine_.pipelines.erase(engine_.pipelines.begin());
  EXPECT_EQ(ask("/health/ready", {}).status, 503);
}

TEST_F(AdminRig, ServesMetrics) {
  const auto answer = ask("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.header("Content-Type")->starts_with("text/plain; version=0.0.4"));
}

TEST_F(AdminRig, AnswersSideBySide) {
  accept("loans", "e", "L");
  std::vector<std::future<int>> answers;
  for (int i = 0; i < 16; ++i)
    answers.push_back(std::async(std::launch::async, [&] { return ask("/api/v1/events").status; }));
  for (auto& answer : answers) EXPECT_EQ(answer.get(), 200);
}

}  // namespace TEST_FILE
}  // namespace milepost::api
