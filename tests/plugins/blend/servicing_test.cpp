// Parties, assignees, milestones, reports, follow-ups and documents.
#include "plugins/blend/follow_up.hpp"
#include "tests/plugins/blend/fixture.hpp"

namespace milepost::blend {
namespace TEST_FILE {

const std::string kAll = "/home-lending/applications";

class BlendServicing : public BlendTest {
 protected:
  BlendServicing() {
    connect();
    id = created("deal-1");
  }
  Json party(const std::string& email, Json fields = Json::object()) const {
    return {{"application_id", id},
            {"type", "COBORROWER"},
            {"name", {{"firstName", "Bo"}, {"lastName", "Okafor"}}},
            {"email", email},
            {"fields", std::move(fields)}};
  }
  Json parties() const { return held("applications")[0]["parties"]; }
  std::string id;
};

TEST_F(BlendServicing, AddsAPartyOnce) {
  const auto ran = rig.run("add_party", party("bo@example.test"));
  ASSERT_TRUE(ran) << ran.message();
  EXPECT_EQ(ran->effect, Answer::Effect::created);
  EXPECT_EQ(ran->record->type, "party");
  const auto again = rig.run("add_party", party("BO@example.test"), key_of("another"));
  EXPECT_EQ(again->effect, Answer::Effect::unchanged);
  EXPECT_EQ(again->body["id"], ran->body["id"]);
  auto agent = party("bo@example.test");
  agent["type"] = "REAL_ESTATE_AGENT";
  EXPECT_EQ(rig.run("add_party", agent)->effect, Answer::Effect::created);  // the same person, another part
  EXPECT_EQ(parties().size(), 3u);
}

TEST_F(BlendServicing, FindsAPartyByTheLossIdOrByNameWhereThereIsNoMail) {
  const auto spouse = party("", {{"losPartyId", "P-7"}}), nameless = party("");
  ASSERT_TRUE(rig.run("add_party", spouse));
  EXPECT_EQ(last_body()["noEmailYet"], true);
  EXPECT_EQ(rig.run("add_party", spouse)->effect, Answer::Effect::unchanged);
  EXPECT_EQ(rig.run("add_party", nameless)->effect, Answer::Effect::unchanged);
}

TEST_F(BlendServicing, FindsAPartyAfterALostAnswer) {
  host.http.on("POST", "/parties").cuts_after();
  EXPECT_EQ(rig.run("add_party", party("bo@example.test")).kind(), ErrorKind::indeterminate);
  EXPECT_TRUE(*rig.find("add_party", party("bo@example.test")));
  EXPECT_FALSE(*rig.find("add_party", party("nobody@example.test")));
}

TEST_F(BlendServicing, NeverSetsConsent) {
  const Json given{{"status", "Accepted"}};
  for (const char* name : {"econsent", "creditConsentGiven", "creditConsentTypeSoft"}) {
    for (const auto& ran : {rig.run("add_party", party("bo@example.test", {{name, given}})),
                            rig.run("update_party", {{"id", "p"}, {"fields", {{name, given}}}})}) {
      EXPECT_EQ(ran.kind(), ErrorKind::permanent);
      EXPECT_NE(ran.message().find(std::string(name) + ": consent is given by the person"), std::string::npos);
    }
  }
  EXPECT_TRUE(host.http.requests().empty());
}

TEST_F(BlendServicing, UpdatesAParty) {
  const auto borrower = parties()[0]["id"];
  const auto ran = rig.run("update_party", {{"id", borrower}, {"fields", {{"losPartyId", "P-1"}, {"email", nullptr}}}});
  ASSERT_TRUE(ran) << ran.message();
  EXPECT_EQ(host.http.requests().back().body, R"({"losPartyId":"P-1"})");
  EXPECT_EQ(ran->body["application_id"], id);
  EXPECT_EQ(rig.run("update_party", {{"id", "p"}, {"fields", {{"homePhone", "1"}}}}).message().substr(0, 33),
            "fields.homePhone: no such field; ");
}

TEST_F(BlendServicing, AssignsBesideOrInsteadOfOthers) {
  ASSERT_TRUE(rig.run("assign", {{"application_id", id}, {"assignees", {"u-1", 17}}}));
  ASSERT_TRUE(
      rig.run("assign", {{"application_id", id}, {"assignees", {{{"userId", "u-2"}, {"role", "PRIMARY_ASSIGNEE"}}}}}));
  EXPECT_EQ(held("applications")[0]["assignees"].size(), 3u);
  ASSERT_TRUE(rig.run("assign", {{"application_id", id}, {"assignees", {"u-9"}}, {"mode", "replace"}}));
  EXPECT_EQ(host.http.requests().back().target, kAll + "/" + id + "/assignees?autoAssignLoanTeam=false");
  EXPECT_EQ(text(held("applications")[0]["assignees"]), R"([{"userId":"u-9","role":"ASSIGNEE"}])");
  EXPECT_EQ(rig.run("assign", {{"application_id", id}, {"assignees", Json::array()}}).message(),
            "assignees: expected a list of users");
}

class BlendMilestones : public BlendServicing {
 protected:
  Json with(const std::string& application, const std::string& milestone, bool override_order = false) const {
    return {{"application_id", application}, {"milestone", milestone}, {"override", override_order}};
  }
  std::vector<Ran> set(const std::vector<Json>& all) {
    std::vector<Delivery> batch;
    for (std::size_t i = 0; i < all.size(); ++i) batch.push_back({&event, all[i], key_of("item " + std::to_string(i))});
    return rig.run("set_milestone", batch);
  }
  Event event = testing::loan();
  const std::string bulk = kAll + "/los-milestones";
};

TEST_F(BlendMilestones, AreReadItemByItem) {
  const auto second = created("deal-2");
  ASSERT_TRUE(rig.run("set_milestone", with(second, "UNDERWRITING")));
  host.http.forget();
  const auto results = set({with(id, "PROCESSING"), with("none", "PROCESSING"), with(second, "PROCESSING"),
                            with(id, "NEARLY_DONE"), with("a/b", "FUNDED")});
  ASSERT_TRUE(results[0]) << results[0].message();
  EXPECT_EQ(results[0]->effect, Answer::Effect::updated);
  EXPECT_EQ(results[1].message(), "Blend has no such application");
  EXPECT_EQ(results[2].kind(), ErrorKind::permanent);
  EXPECT_NE(results[2].message().find("Blend says 409"), std::string::npos);
  EXPECT_EQ(results[3].message(), "milestone: Blend has none of this name");
  EXPECT_EQ(results[4].message(), "application_id: expected an id of Blend's");
  EXPECT_EQ(host.http.requests().size(), 1u);
  EXPECT_EQ(held("milestones")[id]["name"], "PROCESSING");
}

TEST_F(BlendMilestones, GoBackwardsOnlyWhereTheyMay) {
  ASSERT_TRUE(rig.run("set_milestone", with(id, "UNDERWRITING")));
  auto back = with(id, "PROCESSING");
  EXPECT_EQ(rig.run("set_milestone", back).kind(), ErrorKind::permanent);
  back["conflict"] = "skip";
  EXPECT_EQ(rig.run("set_milestone", back)->effect, Answer::Effect::skipped);
  EXPECT_EQ(rig.run("set_milestone", with(id, "PROCESSING", true))->effect, Answer::Effect::updated);
}

TEST_F(BlendMilestones, AreAskedForAfterAConflictWhereTheVersionCan) {
  connect({{"api_version", "6.0.0"}});
  ASSERT_TRUE(rig.run("set_milestone", with(id, "UNDERWRITING")));
  EXPECT_EQ(rig.run("set_milestone", with(id, "UNDERWRITING"), key_of("other"))->effect, Answer::Effect::unchanged);
  EXPECT_EQ(host.http.count("GET", kAll + "/" + id + "/los-milestones"), 1u);
  EXPECT_NE(rig.run("set_milestone", with(id, "PROCESSING")).message().find("out of order"), std::string::npos);
}

TEST_F(BlendMilestones, AreTakenAsSetAfterALostAnswerOfThisVeryDelivery) {
  host.http.on("POST", bulk).cuts_after();
  EXPECT_EQ(rig.run("set_milestone", with(id, "FUNDED")).kind(), ErrorKind::retryable);
  EXPECT_EQ(rig.run("set_milestone", with(id, "FUNDED"))->effect, Answer::Effect::unchanged);
  EXPECT_EQ(rig.run("set_milestone", with(id, "FUNDED"), key_of("other")).kind(), ErrorKind::permanent);
}

TEST_F(BlendMilestones, TakeNoAnswerForOne) {
  const std::tuple<int, std::string, ErrorKind> rows[] = {
      {207, R"({"success":[],"error":[]})", ErrorKind::retryable},
      {200, "<html>", ErrorKind::retryable},
      {200, "", ErrorKind::retryable},
      {207, R"({"success":[{"applicationId":"someone-else"}],"error":[]})", ErrorKind::retryable},
      {207, R"({"error":[{"id":")" + id + R"(","code":"422","reason":"CANARY"}]})", ErrorKind::permanent},
      {207, R"({"error":[{"id":")" + id + R"(","code":503}]})", ErrorKind::retryable}};
  for (const auto& [status, body, kind] : rows) {
    host.http.on("POST", bulk).answers(status).body(body);
    const auto ran = rig.run("set_milestone", with(id, "FUNDED"));
    EXPECT_EQ(ran.kind(), kind) << body;
    EXPECT_EQ(ran.message().find("CANARY"), std::string::npos);
  }
  host.http.on("POST", bulk).answers(200).json({{"success", {id}}});  // ids alone
  EXPECT_EQ(rig.run("set_milestone", with(id, "FUNDED"))->effect, Answer::Effect::updated);
}

TEST_F(BlendServicing, ReportsAnExport) {
  const Json with{{"application_id", id}, {"status", "FAILED"}, {"reason", "no such branch"}};
  ASSERT_TRUE(rig.run("set_export_status", with));
  ASSERT_TRUE(rig.run("set_export_status", with));
  EXPECT_EQ(held("export_statuses")[id]["reason"], "no such branch");
  EXPECT_EQ(rig.run("set_export_status", {{"application_id", "none"}, {"status", "SUCCESS"}}).kind(),
            ErrorKind::permanent);
}

TEST_F(BlendServicing, ReportsWhatBecameOfAnEvent) {
  ASSERT_TRUE(vendor.emit({{"applicationId", id}, {"id", "e-1"}}));
  ASSERT_TRUE(rig.run("update_event_status", {{"event_id", "e-1"}, {"status", "SUCCEEDED"}}));
  EXPECT_EQ(host.http.requests().back().header("bons-profile"), "default");
  EXPECT_EQ(held("events")[0]["status"], "SUCCEEDED");
  ASSERT_TRUE(rig.run("update_event_status", {{"event_id", "e-1"}, {"status", "FAILED"}, {"message", "CRM is away"}}));
  EXPECT_EQ(rig.run("update_event_status", {{"event_id", "e-1"}, {"status", "NO_ACTION"}, {"reason", "x"}}).message(),
            "reason: Blend takes an error with the status FAILED only");
}

TEST_F(BlendServicing, AsksForSomethingOnceForEachDelivery) {
  const Json with{{"application_id", id}, {"type", "W2"}, {"context", {{"w2Year", 2025}}}, {"due_date", "2026-12-01"}};
  host.http.on("POST", "/follow-ups").cuts_after();
  EXPECT_EQ(rig.run("create_follow_up", with).kind(), ErrorKind::indeterminate);
  EXPECT_TRUE(*rig.find("create_follow_up", with));
  EXPECT_EQ(rig.run("create_follow_up", with)->body["id"], held("follow_ups")[0]["id"]);
  EXPECT_EQ(held("follow_ups").size(), 1u);
  EXPECT_FALSE(*rig.find("create_follow_up", with, key_of("another")));
  ASSERT_TRUE(rig.run("create_follow_up", with, key_of("another")));
  EXPECT_EQ(held("follow_ups").size(), 2u);
  auto late = with;
  late["due_date"] = "soon";
  EXPECT_EQ(rig.run("create_follow_up", late).message(), "due_date: expected a date such as 2026-11-02");
}

TEST_F(BlendServicing, UploadsADocumentOnceForEachName) {
  const Json with{{"application_id", id},
                  {"name", "letter.pdf"},
                  {"content", "SGVsbG8gd29ybGQ="},
                  {"type", "OTHER"},
                  {"parties", {"p-1"}}};
  host.http.on("POST", "/documents").cuts_after();
  EXPECT_EQ(rig.run("upload_document", with).kind(), ErrorKind::indeterminate);
  EXPECT_TRUE(*rig.find("upload_document", with));
  EXPECT_EQ(rig.run("upload_document", with)->effect, Answer::Effect::unchanged);
  ASSERT_EQ(held("documents").size(), 1u);
  EXPECT_EQ(held("documents")[0]["size"], 11);
  EXPECT_EQ(held("documents")[0]["sha256"], hex(sha256("Hello world")));
  EXPECT_EQ(held("documents")[0]["partyIds"], "p-1");
}

TEST(BlendUpload, RefusesWhatIsNoFile) {
  const Json good{{"application_id", "a"}, {"name", "a.pdf"}, {"content", "AA=="}};
  EXPECT_EQ(to_upload(good)->bytes, std::string(1, '\0'));
  const std::tuple<const char*, Json, const char*> rows[] = {
      {"content", "not base64!", "content: expected a file's bytes in base64"},
      {"content", "", "content: expected a file's bytes in base64"},
      {"name", "a\"; name=\"x", "name: expected a file's name"},
      {"name", "a\r\nX: y", "name: expected a file's name"},
      {"content_type", "pdf", "content_type: expected a type"},
      {"type", "a\r\nb", "type: expected a type of Blend's"},
      {"parties", "p", "parties: expected a list"}};
  for (const auto& [name, value, words] : rows) {
    auto with = good;
    with[name] = value;
    const auto upload = to_upload(with);
    ASSERT_FALSE(upload) << name;
    EXPECT_NE(upload.error().message.find(words), std::string::npos) << upload.error().message;
  }
}

}  // namespace TEST_FILE
}  // namespace milepost::blend
