// Upserts against the double, in both families of paths where they differ.
#include "tests/plugins/hubspot/fixture.hpp"

namespace milepost::hubspot {
namespace TEST_FILE {

class HubspotUpsert : public HubspotTest, public ::testing::WithParamInterface<std::string> {
 protected:
  HubspotUpsert() { connect({{"api_version", GetParam()}}); }
  std::string batch_path(const std::string& type) const {
    return (GetParam() == "v3" ? "/crm/v3/objects/" : "/crm/objects/" + GetParam() + "/") + type + "/batch/upsert";
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, HubspotUpsert, ::testing::Values("v3", "2026-03", "2026-09"),
                         [](const auto& version) {
                           return version.param == "v3" ? "v3" : "dated" + version.param.substr(5);
                         });

TEST_P(HubspotUpsert, CreatesARecordAndThenUpdatesIt) {
  const auto first = rig.run("upsert", deal("L-1001", {{"amount", Number{"25000.00"}.json()}}));
  ASSERT_TRUE(first) << first.message();
  EXPECT_EQ(first->effect, Answer::Effect::created);
  EXPECT_EQ(first->body["object"], "deals");
  EXPECT_EQ(first->body["new"], true);
  EXPECT_EQ(first->body["url"], "https://app.hubspot.com/contacts/62515/record/0-3/8801");
  EXPECT_EQ(first->record->id, "8801");

  const auto second = rig.run("upsert", deal("L-1001", {{"dealstage", "Funding"}}));
  ASSERT_TRUE(second) << second.message();
  EXPECT_EQ(second->effect, Answer::Effect::updated);
  EXPECT_EQ(second->body["new"], false);
  ASSERT_EQ(held("deals").size(), 1u);
  const Json properties = held("deals")[0]["properties"];
  EXPECT_EQ(properties["loan_id"], "L-1001");
  EXPECT_EQ(properties["amount"], "25000.00");
  EXPECT_EQ(properties["pipeline"], "84215301");
  EXPECT_EQ(properties["dealstage"], "153400106");
}

TEST_P(HubspotUpsert, SendsOneCallForABatchAndMatchesItsShuffledResults) {
  std::vector<Json> all;
  for (int i = 0; i < 100; ++i) all.push_back(deal("L-" + std::to_string(i)));
  const auto results = upsert(all);
  ASSERT_EQ(results.size(), 100u);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(results[static_cast<std::size_t>(i)]) << results[static_cast<std::size_t>(i)].message();
    EXPECT_EQ(results[static_cast<std::size_t>(i)]->body["id"], std::to_string(8801 + i));
  }
  EXPECT_EQ(host.http.count("POST", batch_path("deals")), 1u);
  EXPECT_EQ(host.counted("items"), 100);
}

TEST_P(HubspotUpsert, LetsABadItemCostItselfAlone) {
  const auto results =
      upsert({deal("L-1"), deal("L-2", {{"amount", "CANARY"}}), deal("L-3"), deal("L-4", {{"no_such_property", "x"}})});
  EXPECT_TRUE(results[0]);
  EXPECT_EQ(results[1].kind(), ErrorKind::permanent);
  EXPECT_EQ(results[1].message(), "the vendor refused this item (VALIDATION_ERROR, INVALID_NUMBER, about amount)");
  EXPECT_TRUE(results[2]);
  EXPECT_NE(results[3].message().find("about no_such_property"), std::string::npos);
  EXPECT_EQ(held("deals").size(), 2u);
  EXPECT_EQ(host.http.count("POST", batch_path("deals")), 1u);
}

TEST_P(HubspotUpsert, FindsTheBadContactAmongThoseKeyedByEmail) {
  std::vector<Json> all;
  for (int i = 0; i < 8; ++i)
    all.push_back(contact(i == 5 ? "CANARY" : "b" + std::to_string(i) + "@example.test", {{"firstname", "B"}}));
  const auto results = upsert(all);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(static_cast<bool>(results[i]), i != 5) << results[i].message();
  EXPECT_EQ(results[5].message(), "the vendor answered 400 (VALIDATION_ERROR, INVALID_EMAIL, about email)");
  EXPECT_EQ(held("contacts").size(), 7u);
  EXPECT_EQ(host.http.count("POST", batch_path("contacts")), 7u);  // 8, 4+4, 2+2, 1+1
  EXPECT_FALSE(host.tells("CANARY"));
}

TEST_P(HubspotUpsert, LeavesOneDealAfterALostAnswer) {
  host.http.on("POST", batch_path("deals")).cuts_after();
  const auto lost = rig.run("upsert", deal("L-1001"));
  EXPECT_EQ(lost.kind(), ErrorKind::retryable);  // by its key the same again is harmless
  ASSERT_EQ(held("deals").size(), 1u);
  const auto first = last_body();

  const auto again = rig.run("upsert", deal("L-1001"));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->body["id"], "8801");
  EXPECT_EQ(held("deals").size(), 1u);
  EXPECT_EQ(last_body(), first);  // byte for byte: key and trace are stable
}

TEST_P(HubspotUpsert, TiesRecordsTogether) {
  const auto person = rig.run("upsert", contact("jane@example.test"));
  auto with = deal("L-1001");
  with["associations"] = {{"contacts", person->body["id"]}};
  const auto first = rig.run("upsert", with);
  ASSERT_TRUE(first) << first.message();
  EXPECT_EQ(held("deals")[0]["associations"]["contacts"], Json::array({"101"}));
  EXPECT_TRUE(rig.run("upsert", with));  // repeating it is harmless

  with["associations"] = {{"contacts", "999"}};
  EXPECT_EQ(rig.run("upsert", with).kind(), ErrorKind::permanent);
}

using HubspotUpsertV3 = HubspotTest;

TEST_F(HubspotUpsertV3, WritesTheSameKeyTwiceInOneRunInOrder) {
  connect();
  const auto results = upsert(
      {contact("Jane@example.test", {{"firstname", "one"}}), contact("jane@EXAMPLE.test", {{"firstname", "two"}})});
  EXPECT_EQ(results[0]->effect, Answer::Effect::created);
  EXPECT_EQ(results[1]->effect, Answer::Effect::updated);
  ASSERT_EQ(held("contacts").size(), 1u);
  EXPECT_EQ(held("contacts")[0]["properties"]["firstname"], "two");
}

TEST_F(HubspotUpsertV3, GroupsItemsByTypeAndKey) {
  connect();
  const auto results = upsert({deal("L-1"), contact("a@example.test"), deal("L-2"), contact("b@example.test")});
  for (const auto& result : results) EXPECT_TRUE(result) << result.message();
  EXPECT_EQ(results[0]->record->type, "deals");
  EXPECT_EQ(results[3]->record->type, "contacts");
  EXPECT_EQ(host.http.count("POST", "/crm/v3/objects/deals/batch/upsert"), 1u);
  EXPECT_EQ(host.http.count("POST", "/crm/v3/objects/contacts/batch/upsert"), 1u);
}

TEST_F(HubspotUpsertV3, SendsNothingForBadSettings) {
  connect();
  const auto results = upsert({{{"object", "deals"}}, deal("")});
  EXPECT_EQ(results[0].message(), "key: missing");
  EXPECT_EQ(results[1].message(), "key.loan_id: has no value");
  EXPECT_TRUE(host.http.requests().empty());
}

// --- the key property

TEST_F(HubspotUpsertV3, AsksForTheKeyPropertyOnce) {
  connect();
  upsert({deal("L-1"), deal("L-2")});
  upsert({deal("L-3")});
  EXPECT_EQ(host.http.count("GET", "/crm/v3/properties/deals/loan_id"), 1u);
}

TEST_F(HubspotUpsertV3, SaysWhatToDoWhereTheKeyPropertyIsMissing) {
  connect();
  const Json with{{"object", "deals"}, {"key", {{"los_id", "L-1"}}}, {"properties", {{"dealname", "x"}}}};
  const auto results = upsert({with, with, with});
  for (const auto& result : results) {
    EXPECT_EQ(result.kind(), ErrorKind::permanent);
    EXPECT_EQ(result.message(),
              "key: deals has no property los_id: create it in HubSpot as a text that requires unique values, or set "
              "create_properties: true on "
              "the connection");
  }
  EXPECT_EQ(host.http.requests().size(), 1u);
  ask("POST", "/crm/v3/properties/deals",
      {{"name", "los_id"},
       {"label", "x"},
       {"type", "string"},
       {"fieldType", "text"},
       {"groupName", "g"},
       {"hasUniqueValue", true}});
  EXPECT_EQ(rig.run("upsert", deal("L-1")).kind(), std::nullopt);
  auto found = deal("L-2");
  found["key"] = {{"los_id", "L-2"}};
  EXPECT_TRUE(rig.run("upsert", found));  // created meanwhile: seen without a restart
}

TEST_F(HubspotUpsertV3, CreatesTheKeyPropertyWhereItMay) {
  connect({{"create_properties", true}});
  auto with = deal("L-1");
  with["key"] = {{"los_id", "L-1"}};
  const auto ran = rig.run("upsert", with);
  ASSERT_TRUE(ran) << ran.message();
  EXPECT_EQ(ask("GET", "/crm/v3/properties/deals/los_id")["hasUniqueValue"], true);
  EXPECT_EQ(held("deals")[0]["properties"]["los_id"], "L-1");
  EXPECT_TRUE(host.tells("los_id"));
}

TEST_F(HubspotUpsertV3, ComesAgainWhereAnotherCreatedThePropertyMeanwhile) {
  connect({{"create_properties", true}});
  host.http.on("GET", "/crm/v3/properties/deals/loan_id").answers(404);
  EXPECT_EQ(rig.run("upsert", deal("L-1")).kind(), ErrorKind::retryable);
  EXPECT_TRUE(rig.run("upsert", deal("L-1")));
}

TEST_F(HubspotUpsertV3, RefusesAKeyWhoseValuesNeedNotBeUnique) {
  connect({{"create_properties", true}});
  const auto ran = rig.run("upsert", {{"object", "deals"}, {"key", {{"dealname", "Loan"}}}});
  EXPECT_EQ(ran.kind(), ErrorKind::permanent);
  EXPECT_NE(ran.message().find("dealname but its values need not be unique"), std::string::npos);
}

TEST_F(HubspotUpsertV3, HoldsWhereTheTokenMayNotCreateProperties) {
  connect({{"create_properties", true}});
  host.http.credential("Authorization", "Bearer pat-scopes:crm.objects.deals.read,crm.objects.deals.write");
  EXPECT_EQ(rig.run("upsert", {{"object", "deals"}, {"key", {{"los_id", "L-1"}}}}).kind(), ErrorKind::auth);
}

// --- stages

TEST_F(HubspotUpsertV3, PassesAStageByItsId) {
  connect();
  ASSERT_TRUE(rig.run("upsert", deal("L-1", {{"dealstage", "153400102"}})));
  EXPECT_EQ(held("deals")[0]["properties"]["dealstage"], "153400102");
}

TEST_F(HubspotUpsertV3, NamesTheKnownStagesAndAsksOnceForAWholeBatch) {
  connect({{"deal_pipeline", "loans"}});
  const auto results = upsert({deal("L-1", {{"dealstage", "CANARY"}}), deal("L-2", {{"dealstage", "CANARY"}})});
  for (const auto& result : results) {
    EXPECT_EQ(result.kind(), ErrorKind::permanent);
    EXPECT_EQ(
        result.message(),
        "dealstage: no such stage in pipeline Loans; it has: Inquiry, Pre-Qual, Docs, Underwriting, Approval, Funding");
  }
  EXPECT_EQ(host.http.requests().size(), 1u);
}

TEST_F(HubspotUpsertV3, SeesAStageThatWasAddedAfterOpening) {
  host.http.on("GET", "/crm/v3/pipelines/deals").answers(200).json({{"results", Json::array()}});
  connect();
  EXPECT_TRUE(rig.run("upsert", deal("L-1")));
}

TEST_F(HubspotUpsertV3, LosesNoEventWhereTheStagesCannotBeReadNow) {
  connect();
  host.http.on("GET", "/crm/v3/pipelines/deals").answers(503);
  const auto results = upsert({deal("L-1", {{"dealstage", "new"}}), deal("L-2", {{"dealstage", "new"}}), deal("L-3")});
  EXPECT_EQ(results[0].kind(), ErrorKind::retryable);
  EXPECT_EQ(results[1].kind(), ErrorKind::retryable);
  EXPECT_TRUE(results[2]);
}

TEST_F(HubspotUpsertV3, TakesTheEventsOwnPipelineBeforeTheConnections) {
  connect({{"deal_pipeline", "Loans"}});
  ASSERT_TRUE(rig.run("upsert", deal("L-1", {{"pipeline", "sales pipeline"}, {"dealstage", "closed won"}})));
  EXPECT_EQ(held("deals")[0]["properties"]["pipeline"], "default");
}

TEST_F(HubspotUpsertV3, LeavesStageAndPipelineAloneWhereNoStageIsGiven) {
  connect();
  ASSERT_TRUE(rig.run("upsert", deal("L-1")));
  ASSERT_TRUE(rig.run("upsert", {{"object", "deals"}, {"key", {{"loan_id", "L-1"}}}, {"properties", {{"amount", 1}}}}));
  EXPECT_FALSE(last_body()["inputs"][0]["properties"].contains("pipeline"));
  EXPECT_EQ(held("deals")[0]["properties"]["dealstage"], "153400105");
}

// --- conflicts

TEST_F(HubspotUpsertV3, AdoptsAContactThatHasTheEmailButNoKeyYet) {
  connect();
  ASSERT_TRUE(rig.run("upsert", contact("jane@example.test")));
  const Json with{{"object", "contacts"},
                  {"key", {{"borrower_id", "B-7"}}},
                  {"properties", {{"email", "jane@example.test"}, {"city", "Reno"}}}};
  const auto ran = rig.run("upsert", with);
  ASSERT_TRUE(ran) << ran.message();
  EXPECT_EQ(ran->effect, Answer::Effect::updated);
  EXPECT_EQ(ran->body["id"], "101");
  ASSERT_EQ(held("contacts").size(), 1u);
  EXPECT_EQ(held("contacts")[0]["properties"]["borrower_id"], "B-7");
}

TEST_F(HubspotUpsertV3, NeverTurnsOneBorrowerIntoAnother) {
  connect();
  const auto borrower = [](const std::string& id) {
    return Json{{"object", "contacts"},
                {"key", {{"borrower_id", id}}},
                {"properties", {{"email", "couple@example.test"}, {"firstname", id}}}};
  };
  ASSERT_TRUE(rig.run("upsert", borrower("B-1")));
  const auto ran = rig.run("upsert", borrower("B-2"));
  EXPECT_EQ(ran.kind(), ErrorKind::permanent);
  EXPECT_EQ(ran.message(), "contacts 101 has one of these unique values, but another borrower_id");
  EXPECT_EQ(held("contacts")[0]["properties"]["firstname"], "B-1");
}

// --- answers of every sort

TEST_F(HubspotUpsertV3, WaitsAsThePolicySays) {
  connect();
  ask("POST", "/_limits", {{"burst", 1}});
  ASSERT_TRUE(rig.run("upsert", contact("a@example.test")));
  const auto ran = rig.run("upsert", contact("a@example.test"));
  EXPECT_EQ(ran.kind(), ErrorKind::rate_limited);
  EXPECT_EQ(ran.retry_after(), 10s);
  EXPECT_EQ(ran.message(), "over the limit TEN_SECONDLY_ROLLING (RATE_LIMITS)");
  host.clock.advance(10s);
  EXPECT_TRUE(rig.run("upsert", contact("a@example.test")));
}

TEST_F(HubspotUpsertV3, GivesEveryItemOfAFailedCallItsError) {
  connect();
  host.http.on("POST", "/crm/v3/objects/deals/batch/upsert").answers(503);
  const auto results = upsert({deal("L-1"), deal("L-2")});
  EXPECT_EQ(results[0].kind(), ErrorKind::retryable);
  EXPECT_EQ(results[1].kind(), ErrorKind::retryable);
}

TEST_F(HubspotUpsertV3, ClassifiesAnswersThatAreNone) {
  connect();
  const std::tuple<int, std::string, ErrorKind> rows[] = {
      {200, "<html>busy</html>", ErrorKind::retryable},
      {200, "", ErrorKind::retryable},
      {200, R"({"results":[{"id")", ErrorKind::retryable},
      {200, R"({"status":"error","category":"VALIDATION_ERROR","message":"in a 200"})", ErrorKind::permanent},
      {200, R"({"status":"COMPLETE","results":[]})", ErrorKind::retryable},
      {200, R"({"status":"COMPLETE","results":[{"properties":{"loan_id":"L-1"}}]})", ErrorKind::permanent},
      {302, "", ErrorKind::permanent},
      {502, "<html>", ErrorKind::retryable},
  };
  for (const auto& [status, body, kind] : rows) {
    host.http.on("POST", "/crm/v3/objects/deals/batch/upsert").answers(status).body(body);
    EXPECT_EQ(rig.run("upsert", deal("L-1")).kind(), kind) << status << ' ' << body;
  }
}

TEST_F(HubspotUpsertV3, ReadsAnIdThatIsANumber) {
  connect();
  host.http.on("POST", "/crm/v3/objects/deals/batch/upsert")
      .answers(200)
      .body(R"({"results":[{"id":8817,"new":true}]})");
  EXPECT_EQ(rig.run("upsert", deal("L-1"))->body["id"], "8817");
}

TEST_F(HubspotUpsertV3, HalvesABatchWhoseErrorsNameNobody) {
  connect();
  host.http.on("POST", "/crm/v3/objects/deals/batch/upsert")
      .answers(207)
      .body(R"({"results":[],"errors":[{"category":"VALIDATION_ERROR"}]})");
  const auto results = upsert({deal("L-1"), deal("L-2", {{"amount", "x"}})});
  EXPECT_TRUE(results[0]);
  EXPECT_EQ(results[1].kind(), ErrorKind::permanent);
}

TEST_F(HubspotUpsertV3, PausesTheConnectionWhereTheTokenIsRefused) {
  connect();
  host.http.credential("Authorization", "Bearer revoked");
  EXPECT_EQ(rig.run("upsert", deal("L-1")).kind(), ErrorKind::auth);
}

TEST_F(HubspotUpsertV3, SendsNothingOnceStopped) {
  connect();
  rig.run("upsert", deal("L-1"));
  host.http.forget();
  host.stop();
  EXPECT_EQ(rig.run("upsert", deal("L-2")).kind(), ErrorKind::cancelled);
  EXPECT_TRUE(host.http.requests().empty());
}

TEST_F(HubspotUpsertV3, KeepsBorrowersOutOfLogsAndErrors) {
  connect({{"create_properties", true}});
  const auto results =
      upsert({contact("CANARY@example.test", {{"lastname", "CANARY"}, {"lifecyclestage", "CANARY"}}),
              {{"object", "contacts"}, {"key", {{"new_key", "CANARY"}}}, {"properties", {{"phone", "CANARY"}}}}});
  for (const auto& result : results) {
    EXPECT_FALSE(result);
    EXPECT_EQ((result.message() + result.origin()).find("CANARY"), std::string::npos) << result.message();
  }
  EXPECT_FALSE(host.tells("CANARY"));
}

}  // namespace TEST_FILE
}  // namespace milepost::hubspot
