// get, search, associate and postal_mail; and a custom object's key.
#include "plugins/hubspot/reads.hpp"

#include "plugins/hubspot/note.hpp"
#include "tests/plugins/hubspot/fixture.hpp"

namespace milepost::hubspot {
namespace TEST_FILE {

class HubspotReads : public HubspotTest, public ::testing::WithParamInterface<std::string> {
 protected:
  HubspotReads() {
    connect({{"api_version", GetParam()}, {"create_properties", true}});
    deal_id = rig.run("upsert", deal("L-1001", {{"amount", Number{"25000.00"}.json()}}))->body["id"];
    person = rig.run("upsert", contact("ann@example.test", {{"firstname", "Ann"}}))->body["id"];
    host.http.forget();
  }
  std::string objects(const std::string& rest) const {
    return (GetParam() == "v3" ? "/crm/v3/objects/" : "/crm/objects/" + GetParam() + "/") + rest;
  }
  Json by_key(Json more = Json::object()) const {
    Json with{{"object", "deals"}, {"key", {{"loan_id", "L-1001"}}}, {"properties", {"amount", "branch"}}};
    with.update(more);
    return with;
  }
  std::string deal_id, person;
};
INSTANTIATE_TEST_SUITE_P(Versions, HubspotReads, ::testing::Values("v3", "2026-09"),
                         [](const auto& version) { return version.param == "v3" ? "v3" : "dated"; });

TEST_P(HubspotReads, GetByIdAndByKey) {
  const auto ran = rig.run("get", by_key());
  ASSERT_TRUE(ran) << ran.message();
  EXPECT_EQ(ran->effect, Answer::Effect::unchanged);
  EXPECT_EQ(ran->body["id"], deal_id);
  EXPECT_EQ(ran->body["properties"], (Json{{"amount", "25000.00"}, {"branch", nullptr}}));
  EXPECT_EQ(ran->record->type, "deals");
  const auto by_id = rig.run("get", {{"object", "0-3"}, {"id", deal_id}, {"properties", {"amount"}}});
  EXPECT_EQ(by_id->body["properties"]["amount"], "25000.00");
  const auto by_email =
      rig.run("get", {{"object", "contacts"}, {"key", {{"email", "ANN@example.test"}}}, {"properties", {"firstname"}}});
  ASSERT_TRUE(by_email) << by_email.message();
  EXPECT_EQ(by_email->body["properties"], (Json{{"firstname", "Ann"}}));
}

TEST_P(HubspotReads, GetSaysWhatIsMissingOrSkips) {
  const auto none = rig.run("get", by_key({{"key", {{"loan_id", "CANARY/../x?y"}}}}));
  EXPECT_EQ(none.kind(), ErrorKind::permanent);
  EXPECT_EQ(none.origin().find("CANARY"), std::string::npos) << none.origin();
  EXPECT_FALSE(host.tells("CANARY"));
  const auto skipped = rig.run("get", by_key({{"key", {{"loan_id", "L-9"}}}, {"missing", "skip"}}));
  ASSERT_TRUE(skipped) << skipped.message();
  EXPECT_EQ(skipped->effect, Answer::Effect::skipped);
  EXPECT_EQ(skipped->body["found"], false);
}

TEST_P(HubspotReads, GetRefusesBadSettings) {
  const std::pair<Json, const char*> rows[] = {
      {{{"object", "deals"}, {"properties", {"a"}}}, "id or key: give one"},
      {by_key({{"id", 5}}), "id or key: give one"},
      {{{"object", "deals"}, {"id", "CANARY"}, {"properties", {"a"}}}, "id: expected"},
      {by_key({{"key", {{"a", 1}, {"b", 2}}}}), "key: expected one property"},
      {by_key({{"key", {{"loan_id", ".."}}}}), "key.loan_id: has no value"},
      {by_key({{"properties", {"a&b"}}}), "properties: an entry is no name"},
      {by_key({{"associations", {"a/b"}}}), "associations: an entry is no name"},
      {by_key({{"object", "a/b"}}), "object: no object type"},
      {by_key({{"missing", "perhaps"}}), "missing"}};
  for (const auto& [with, words] : rows) {
    const auto ran = rig.run("get", with);
    EXPECT_EQ(ran.kind(), ErrorKind::permanent) << words;
    EXPECT_NE(ran.message().find(words), std::string::npos) << ran.message();
    EXPECT_EQ(ran.message().find("CANARY"), std::string::npos);
  }
  EXPECT_TRUE(host.http.requests().empty());
}

TEST_P(HubspotReads, GetBelievesNoOtherRecord) {
  const auto answer = [&](const std::string& body) { host.http.next().answers(200).body(body); };
  answer(R"({"id":"1","properties":{"loan_id":"L-2"}})");
  EXPECT_EQ(rig.run("get", by_key()).message(), "the answer is a record of another key");
  answer(R"({"id":"1","properties":{}})");
  EXPECT_EQ(rig.run("get", {{"object", "deals"}, {"id", 2}, {"properties", {"a"}}}).kind(), ErrorKind::permanent);
  answer(R"({"properties":{}})");
  EXPECT_EQ(rig.run("get", by_key()).message(), "the answer has no record's id");
  answer(R"({"id":8801,"properties":{"loan_id":"L-1001","amount":1}})");  // numbers where texts were promised
  EXPECT_EQ(rig.run("get", by_key())->body["id"], "8801");
  // What it is tells the body alone: a proxy may call it anything.
  host.http.next().answers(200).header("Content-Type", "text/html").body(R"({"id":"8801","properties":{"loan_id":"L-1001"}})");
  EXPECT_EQ(rig.run("get", by_key())->body["id"], "8801");
  for (const char* body : {"", "<html>", "{\"id\":"}) {
    answer(body);
    EXPECT_EQ(rig.run("get", by_key()).kind(), ErrorKind::retryable) << body;
  }
  host.http.next().answers(302).header("Location", "https://elsewhere.test/");
  EXPECT_EQ(rig.run("get", by_key()).kind(), ErrorKind::permanent);
}

TEST_P(HubspotReads, AssociateTiesAndMayBeRepeated) {
  const Json with{{"object", "deals"}, {"id", deal_id}, {"to", {{"contacts", person}}}};
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(rig.run("associate", with));
  EXPECT_EQ(held("deals")[0]["associations"]["contacts"], Json::array({person}));
  const auto seen = rig.run("get", by_key({{"associations", {"contacts", "companies"}}}));
  EXPECT_EQ(seen->body["associations"], (Json{{"contacts", {person}}, {"companies", Json::array()}}));

  auto labelled = with;
  labelled["type_id"] = 37;
  ASSERT_TRUE(rig.run("associate", labelled));
  EXPECT_EQ(last_body(), *read_json(R"([{"associationCategory":"USER_DEFINED","associationTypeId":37}])"));
  for (const Json& bad : {Json{{"object", "deals"}, {"id", "x"}, {"to", {{"contacts", 1}}}},
                          Json{{"object", "deals"}, {"id", 1}, {"to", Json::object()}},
                          Json{{"object", "deals"}, {"id", 1}, {"to", {{"contacts", "x"}}}}})
    EXPECT_EQ(rig.run("associate", bad).kind(), ErrorKind::permanent) << text(bad);
  EXPECT_EQ(rig.run("associate", {{"object", "deals"}, {"id", 1}, {"to", {{"contacts", 1}}}}).kind(),
            ErrorKind::permanent);
}

TEST_P(HubspotReads, SearchIsForPeople) {
  ask("POST", "/_limits", {{"search", 3}});
  const Json with{{"object", "contacts"},
                  {"filters", {{{"property", "firstname"}, {"value", "ann"}}}},
                  {"sort", "-createdate"},
                  {"properties", {"email"}}};
  const auto ran = rig.run("search", with);
  ASSERT_TRUE(ran) << ran.message();
  EXPECT_EQ(ran->body["total"], 1);
  EXPECT_EQ(ran->body["results"],
            *read_json(R"([{"id":")" + person + R"(","properties":{"email":"ann@example.test"}}])"));
  EXPECT_EQ(rig.run("search", {{"object", "deals"}, {"query", "nothing like it"}, {"properties", {"dealname"}}})
                ->body["total"],
            0);
  // What has just been written is not found yet: no existence check.
  ask("POST", "/_limits", {{"search", 1}, {"index_lag_ms", 60'000}});
  EXPECT_EQ(rig.run("search", with)->body["total"], 0);
  const auto over = rig.run("search", with);
  EXPECT_EQ(over.kind(), ErrorKind::rate_limited);
  EXPECT_EQ(over.retry_after(), 1s);
}

TEST(HubspotSearch, RefusesBadSettings) {
  const auto asked = [](const Json& more) {
    Json with{{"object", "deals"}, {"properties", {"amount"}}};
    with.update(more);
    return to_search(*search_settings().parse(with));
  };
  const std::pair<Json, const char*> rows[] = {
      {{{"filters", {{{"value", 1}}}}}, "names no property"},
      {{{"filters", {{{"property", "a"}}}}}, "no value for a"},
      {{{"filters", {{{"property", "a"}, {"operator", "LIKE"}, {"value", 1}}}}}, "operator for a"},
      {{{"filters", {{{"property", "a"}, {"value", {1, 2}}}}}}, "value for a"},
      {{{"filters", {1, 2, 3, 4, 5, 6, 7}}}, "more than 6"},
      {{{"sort", "a b"}}, "sort"},
      {{{"query", std::string(3'001, 'x')}}, "query"}};
  for (const auto& [more, words] : rows) {
    const auto body = asked(more);
    ASSERT_FALSE(body) << words;
    EXPECT_NE(body.error().message.find(words), std::string::npos) << body.error().message;
  }
  EXPECT_EQ(
      text(*asked({{"filters", {{{"property", "amount"}, {"operator", "BETWEEN"}, {"value", 1}, {"high_value", 2}}}}})),
      R"({"properties":["amount"],"limit":10,"filterGroups":[{"filters":[{"propertyName":"amount",)"
      R"("operator":"BETWEEN","value":"1","highValue":"2"}]}]})");
}

TEST_P(HubspotReads, PostalMailStandsOnTheTimeline) {
  const Json with{{"about", {{"deals", deal_id}, {"contacts", person}}}, {"body", "Card 77 was mailed"}};
  ASSERT_TRUE(rig.run("postal_mail", with));
  const Json mail = held("postal_mail")[0];
  EXPECT_EQ(mail["properties"]["hs_postal_mail_body"], "Card 77 was mailed\n" + marker_of(key_of("one")));
  EXPECT_EQ(mail["associations"]["deals"], Json::array({deal_id}));
  EXPECT_EQ(mail["associations"]["contacts"], Json::array({person}));
  EXPECT_TRUE(held("notes").empty());
}

TEST_P(HubspotReads, PostalMailIsLookedForBeforeItIsRepeated) {
  const Json with{{"about", {{"deals", deal_id}}}, {"body", "Card 77 was mailed"}};
  // A note of the same key is no mailed piece.
  ASSERT_TRUE(rig.run("note", with));
  EXPECT_FALSE(*rig.find("postal_mail", with));
  host.http.on("POST", objects("postal_mail")).cuts_after();
  EXPECT_EQ(rig.run("postal_mail", with).kind(), ErrorKind::indeterminate);
  const auto found = rig.find("postal_mail", with);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_TRUE(*found);
  EXPECT_EQ((*found)->body["object"], "postal_mail");
  EXPECT_EQ((*found)->record->id, held("postal_mail")[0]["id"]);
}

TEST_P(HubspotReads, CustomObjectsGetTheirKeyAtItsFirstUse) {
  const auto loan_of = [](const std::string& id) {
    return Json{{"object", "2-3456"}, {"key", {{"los_id", id}}}, {"properties", {{"loan_name", "Loan " + id}}}};
  };
  const auto ran = upsert({loan_of("L-1"), loan_of("L-2")});
  for (const auto& one : ran) ASSERT_TRUE(one) << one.message();
  EXPECT_EQ(held("p_loan").size(), 2u);
  const auto again = rig.run("upsert", loan_of("L-1"));
  ASSERT_TRUE(again) << again.message();
  EXPECT_EQ(again->effect, Answer::Effect::updated);
  EXPECT_EQ(held("p_loan").size(), 2u);
  EXPECT_EQ(rig.run("get", {{"object", "2-3456"}, {"key", {{"los_id", "L-2"}}}, {"properties", {"loan_name"}}})
                ->body["properties"]["loan_name"],
            "Loan L-2");
}

}  // namespace TEST_FILE
}  // namespace milepost::hubspot
