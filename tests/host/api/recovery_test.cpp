// What a person does over the API, and the stories that it tells.
#include "host/config/json_schema.hpp"
#include "tests/host/api/admin_rig.hpp"

namespace milepost::api {
namespace TEST_FILE {

using journal::EffectState;
using journal::EventState;

class RecoveryApi : public AdminRig {
 protected:
  /// An event at its step `card`, dead or in doubt, with the rows that a run leaves.
  std::string stuck(const std::string& id, const std::string& subject, EventState state = EventState::dead) {
    const auto receipt = accept("loans", id, subject);
    auto event = *store_->event_by_receipt(receipt);
    event.state = state;
    event.step = "card";
    event.definition = "v1";
    event.fault = "card: no such street";
    const std::string outcome = state == EventState::dead ? "failed" : "in_doubt";
    EXPECT_TRUE(store_->run([&](journal::Writer& writer) {
      writer.put_definition("v1", "pipeline", "loans", R"({"steps": [{"id": "validate-1", "use": "validate"}, {"id": "crm", "use": "crm.upsert", "connection": "crm"},
        {"id": "mail", "use": "mail.send"}, {"id": "card", "use": "post.card"}, {"id": "note", "use": "crm.note"}]})");
      writer.update(event);
      journal::Effect effect;
      effect.event = event.sequence;
      effect.step = "card";
      effect.state = state == EventState::dead ? EffectState::failed : EffectState::in_doubt;
      effect.attempt = 2;
      effect.key = "k";
      writer.put(effect);
      const auto row = [&](std::string kind, std::string action, std::string step, std::string result, Json details) {
        audit::append(writer, {.kind = std::move(kind), .action = std::move(action), .subject = subject, .pipeline = "loans", .version = "v1", .event = receipt,
                               .step = std::move(step), .outcome = std::move(result), .plugin = {}, .details = std::move(details)});
      };
      row("intent", "crm.upsert", "crm", "sent", {{"attempt", 1}});
      row("outcome", "crm.upsert", "crm", "created", {{"attempt", 1}, {"answer", {{"id", "8"}}}});
      row("decision", "mail.send", "mail", "skipped", {{"when", "payload.email"}, {"values", {{"payload.email", nullptr}}}});
      row("intent", "post.card", "card", "sent", {{"attempt", 1}, {"when", "payload.card"}, {"values", {{"payload.card", true}}}});
      row("outcome", "post.card", "card", "retry", {{"attempt", 1}, {"error", {{"message", "busy"}}}, {"next", "2027-01-15T08:00:00.000000Z"}});
      row("intent", "post.card", "card", "sent", {{"attempt", 2}});
      row("outcome", "post.card", "card", outcome, {{"attempt", 2}, {"reason", "no such street"}, {"error", {{"message", "no such street"}}}});
    }));
    return receipt;
  }
  EventState state(const std::string& receipt) { return store_->event_by_receipt(receipt)->state; }
};

TEST_F(RecoveryApi, TellsEachStepAndEachAttemptOfADeadLetter) {
  const auto receipt = stuck("e-1", "L-1");
  const Json shown = json("/api/v1/dead-letters/" + receipt);
  EXPECT_EQ(shown["payload"], "{}");
  EXPECT_EQ(shown["event"]["fault"], "card: no such street");
  const Json& steps = shown["steps"];
  ASSERT_EQ(steps.size(), 5u) << steps.dump();
  EXPECT_EQ(steps[0]["outcome"], "passed");
  EXPECT_EQ(steps[1]["outcome"], "created");
  EXPECT_EQ(steps[1]["answer"]["id"], "8");
  EXPECT_EQ(steps[2]["outcome"], "not_run");
  EXPECT_EQ(steps[2]["when"], "payload.email");
  EXPECT_TRUE(steps[2]["values"]["payload.email"].is_null());
  EXPECT_EQ(steps[3]["outcome"], "failed");
  EXPECT_EQ(steps[3]["reason"], "no such street");
  ASSERT_EQ(steps[3]["attempts"].size(), 2u);
  EXPECT_EQ(steps[3]["attempts"][0]["outcome"], "retry");
  EXPECT_EQ(steps[3]["attempts"][0]["error"]["message"], "busy");
  EXPECT_EQ(steps[3]["attempts"][1]["outcome"], "failed");
  EXPECT_EQ(steps[4]["outcome"], "not_reached");
  const auto done = accept("loans", "e-2", "L-1");
  EXPECT_EQ(ask("/api/v1/dead-letters/" + done).status, 404);
}

TEST_F(RecoveryApi, RetriesOneWithAReason) {
  const auto receipt = stuck("e/1", "L-1");
  EXPECT_NE(get<std::string>(post("/api/v1/dead-letters/" + receipt + "/retry", Json::object(), 400), "/detail").value_or("").find("reason"), std::string::npos);
  EXPECT_EQ(state(receipt), EventState::dead);
  const Json opened = post("/api/v1/dead-letters/e%2F1/retry?pipeline=loans", {{"reason", "the street is right now"}});
  EXPECT_EQ(opened["event"]["state"], "open");
  EXPECT_EQ(opened["event"]["late"], true);
  EXPECT_EQ(state(receipt), EventState::open);
  const Json row = json("/api/v1/audit?kind=admin")["rows"][0];
  EXPECT_EQ(row["user"], "key:owner");
  EXPECT_EQ(row["details"]["reason"], "the street is right now");
  post("/api/v1/dead-letters/" + receipt + "/retry", {{"reason", "again"}}, 409);
  post("/api/v1/dead-letters/none/retry", {{"reason", "again"}}, 404);
}

TEST_F(RecoveryApi, WantsTheKeyAndTheMethodForWhatChangesSomething) {
  const auto receipt = stuck("e-1", "L-1");
  const std::string target = "/api/v1/dead-letters/" + receipt + "/retry", body = R"({"reason": "because"})";
  EXPECT_EQ(ask(target, {}, "POST", {}, body).status, 401);
  const auto wrong = ask(target);
  EXPECT_EQ(wrong.status, 404) << "no event has this id";
  EXPECT_EQ(*ask("/api/v1/dead-letters/retry", with_key(), "PUT", {}, body).header("Allow"), "GET, HEAD, POST");
  EXPECT_EQ(ask(target, {}, "POST", folder_ + "/admin.sock", body).status, 200);
}

TEST_F(RecoveryApi, RefusesABodyThatIsNotAsDescribed) {
  const std::string target = "/api/v1/dead-letters/retry";
  const auto says = [&](const std::string& body) {
    const auto answer = ask(target, with_key(), "POST", {}, body);
    EXPECT_EQ(answer.status, 400) << body;
    return answer.body;
  };
  EXPECT_NE(says("{").find("the body is"), std::string::npos);
  EXPECT_NE(says(R"({"reason": "r", "pipline": "loans"})").find("pipline"), std::string::npos);
  EXPECT_NE(says(R"({"reason": "r"})").find("say which"), std::string::npos);
  EXPECT_NE(says(R"({"reason": "r", "all": true, "type": "x"})").find("all: goes with no other selection"), std::string::npos);
  EXPECT_NE(says(R"({"reason": "r", "since": "yesterday"})").find("since: write a time"), std::string::npos);
}

TEST_F(RecoveryApi, RetriesThoseThatAreSelected) {
  const auto first = stuck("e-1", "L-1");
  clock_.advance(48h);
  const auto second = stuck("e-2", "L-2");
  accept("loans", "raw", "", "nope", "not valid JSON");
  EXPECT_EQ(post("/api/v1/dead-letters/retry", {{"reason", "r"}, {"subject", "L-1"}, {"step", "crm"}})["opened"], 0);
  EXPECT_EQ(post("/api/v1/dead-letters/retry", {{"reason", "r"}, {"subject", "L-1"}})["opened"], 1);
  EXPECT_EQ(state(first), EventState::open);
  EXPECT_EQ(state(second), EventState::dead);
  const Json all = post("/api/v1/dead-letters/retry", {{"reason", "r"}, {"all", true}});
  EXPECT_EQ(all["opened"], 1);
  ASSERT_EQ(all["refused"].size(), 1u);
  EXPECT_EQ(all["refused"][0]["reason"], "no source");
}

TEST_F(RecoveryApi, SettlesADoubt) {
  const auto receipt = stuck("e-1", "L-1", EventState::in_doubt);
  EXPECT_EQ(json("/api/v1/in-doubt")["events"].size(), 1u);
  const std::string target = "/api/v1/in-doubt/" + receipt + "/resolve";
  post(target, {{"reason", "r"}, {"as", "maybe"}}, 400);
  post(target, {{"reason", "r"}, {"as", "retry"}, {"answer", Json::object()}}, 409);
  const Json settled = post(target, {{"reason", "the vendor's portal shows it"}, {"as", "done"}, {"answer", {{"order_id", "o-1"}}}});
  EXPECT_EQ(settled["event"]["state"], "open");
  const Json shown = json("/api/v1/events/" + receipt);
  EXPECT_EQ(shown["effects"][0]["answer"]["body"]["order_id"], "o-1");
  EXPECT_EQ(shown["steps"][3]["outcome"], "settled");
  EXPECT_EQ(json("/api/v1/in-doubt")["events"].size(), 0u);
}

TEST_F(RecoveryApi, TellsWhyOfASubject) {
  stuck("e-1", "L-1");
  accept("loans", "e-2", "L-1");
  const Json why = json("/api/v1/subjects/L-1/why");
  ASSERT_EQ(why["events"].size(), 2u);
  EXPECT_EQ(why["events"][0]["event"]["id"], "e-1") << "oldest first";
  EXPECT_EQ(why["events"][0]["steps"][2]["values"]["payload.email"], nullptr);
  EXPECT_EQ(json("/api/v1/subjects/L-1/why?limit=1")["older"], true);
  EXPECT_EQ(ask("/api/v1/subjects/L-9/why").status, 404);
}

}  // namespace TEST_FILE
}  // namespace milepost::api
