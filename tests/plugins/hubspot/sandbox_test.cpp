// The double by itself: what HubSpot would answer.
#include "plugins/hubspot/sandbox/sandbox.hpp"

#include <gtest/gtest.h>

#include "milepost/testing/fake_host.hpp"

namespace milepost::hubspot::sandbox {
namespace TEST_FILE {

using namespace std::chrono_literals;

class HubspotDouble : public ::testing::Test {
 protected:
  struct Answered {
    int status;
    Json body;
    HttpResponse raw;
  };
  Answered ask(const std::string& method, const std::string& target, const Json& body = nullptr,
               const std::string& token = "sandbox-token") {
    auto raw = vendor.handle(
        {method, target, {{"Authorization", "Bearer " + token}}, body.is_null() ? "" : text(body), Intent::once});
    return {raw.status, read_json(raw.body).value_or(Json()), raw};
  }
  static Json input(const std::string& id, Json properties, const std::string& trace = "",
                    const std::string& key = "loan_id") {
    Json out{{"id", id}, {"idProperty", key}, {"properties", std::move(properties)}};
    if (!trace.empty()) out["objectWriteTraceId"] = trace;
    return out;
  }
  static Json deal() { return {{"dealname", "Loan"}, {"pipeline", "84215301"}, {"dealstage", "153400101"}}; }

  testing::FakeHost host;
  HubspotSandbox vendor{host.host()};
};

TEST_F(HubspotDouble, WantsAToken) {
  EXPECT_EQ(vendor.handle({"GET", "/crm/v3/objects/deals", {}, "", Intent::read}).status, 401);
  EXPECT_EQ(ask("GET", "/crm/v3/objects/deals", nullptr, "nobody").body["category"], "INVALID_AUTHENTICATION");
  EXPECT_EQ(ask("GET", "/crm/v3/objects/deals", nullptr, "pat-na1-11111111").status, 200);
  const auto refused = ask("POST", "/crm/v3/properties/deals", Json::object(), "pat-scopes:crm.objects.deals.read");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body["category"], "MISSING_SCOPES");
}

TEST_F(HubspotDouble, ServesOneStoreUnderEachFamilyAndByNameOrTypeId) {
  const auto made = ask("POST", "/crm/v3/objects/0-3", {{"properties", deal()}, {"associations", Json::array()}});
  ASSERT_EQ(made.status, 201) << made.raw.body;
  const std::string id = made.body["id"];
  for (const char* path : {"/crm/v3/objects/deals/", "/crm/objects/2026-03/0-3/", "/crm/objects/2026-09/deals/"})
    EXPECT_EQ(ask("GET", path + id).status, 200) << path;
  EXPECT_EQ(ask("GET", "/crm/objects/2025-01/deals/" + id).status, 404);
  EXPECT_EQ(ask("GET", "/crm/v3/objects/spaceships/" + id).status, 404);
  EXPECT_EQ(ask("GET", "/crm/v3/nonsense").body["category"], "OBJECT_NOT_FOUND");
}

TEST_F(HubspotDouble, ShowsRecordsAsTheVendorDoes) {
  const auto made = ask("POST", "/crm/v3/objects/contacts",
                        {{"properties", {{"email", "Jane@Example.test"}}}, {"associations", Json::array()}});
  EXPECT_EQ(made.body["id"], "101");
  EXPECT_EQ(made.body["properties"]["email"], "jane@example.test");
  EXPECT_EQ(made.body["createdAt"], "2026-11-02T09:00:00.000Z");
  EXPECT_EQ(made.body["archived"], false);
  const auto got = ask("GET", "/crm/v3/objects/contacts/JANE@example.test?idProperty=email&properties=phone,email");
  EXPECT_EQ(got.body["properties"]["phone"], nullptr);
  EXPECT_EQ(got.body["properties"]["hs_object_id"], "101");
}

TEST_F(HubspotDouble, RefusesBadProperties) {
  const std::tuple<std::string, Json, std::string> rows[] = {
      {"contacts", {{"email", "a@b.test"}, {"colour", "red"}}, "PROPERTY_DOESNT_EXIST"},
      {"contacts", {{"email", "nonsense"}}, "INVALID_EMAIL"},
      {"contacts", {{"email", "a@b.test"}, {"createdate", "2026"}}, "READ_ONLY_VALUE"},
      {"contacts", {{"email", "a@b.test"}, {"lifecyclestage", "asleep"}}, "INVALID_OPTION"},
      {"contacts", {{"phone", "1"}}, "REQUIRED_PROPERTY_MISSING"},
      {"deals", {{"dealname", "x"}, {"pipeline", "84215301"}, {"dealstage", "approval"}}, "INVALID_OPTION"},
      {"deals", {{"dealname", "x"}, {"pipeline", "default"}, {"dealstage", "153400101"}}, "INVALID_OPTION"},
      {"deals", {{"dealname", "x"}}, "REQUIRED_PROPERTY_MISSING"},
      {"deals",
       {{"dealname", "x"}, {"pipeline", "84215301"}, {"dealstage", "153400101"}, {"amount", "much"}},
       "INVALID_NUMBER"},
      {"notes", {{"hs_note_body", "x"}}, "REQUIRED_PROPERTY_MISSING"},
  };
  for (const auto& [type, properties, code] : rows) {
    const auto made =
        ask("POST", "/crm/v3/objects/" + type, {{"properties", properties}, {"associations", Json::array()}});
    EXPECT_EQ(made.status, 400) << made.raw.body;
    EXPECT_EQ(made.body["category"], "VALIDATION_ERROR");
    EXPECT_EQ(made.body["errors"][0]["code"], code) << made.raw.body;
  }
  EXPECT_EQ(ask("POST", "/crm/v3/objects/contacts", {{"properties", {{"email", "a@b.test"}}}}).status,
            400);  // associations are required
  EXPECT_EQ(
      ask("POST", "/crm/v3/objects/contacts", {{"properties", {{"firstname", 5}}}, {"associations", Json::array()}})
          .status,
      400);
  EXPECT_TRUE(vendor.state().empty());
}

TEST_F(HubspotDouble, NamesTheContactThatIsThere) {
  const Json body{{"properties", {{"email", "a@b.test"}}}, {"associations", Json::array()}};
  ask("POST", "/crm/v3/objects/contacts", body);
  const auto again = ask("POST", "/crm/v3/objects/contacts", body);
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.body["category"], "CONFLICT");
  EXPECT_EQ(again.body["message"], "Contact already exists. Existing ID: 101");
}

TEST_F(HubspotDouble, LeavesUnsentPropertiesAloneAndClearsByEmptyText) {
  ask("POST", "/crm/v3/objects/contacts",
      {{"properties", {{"email", "a@b.test"}, {"city", "Reno"}}}, {"associations", Json::array()}});
  ask("PATCH", "/crm/v3/objects/contacts/101", {{"properties", {{"phone", "5"}}}});
  EXPECT_EQ(vendor.state()["contacts"][0]["properties"]["city"], "Reno");
  ask("PATCH", "/crm/v3/objects/contacts/a@b.test?idProperty=email", {{"properties", {{"city", ""}}}});
  EXPECT_FALSE(vendor.state()["contacts"][0]["properties"].contains("city"));
  EXPECT_EQ(ask("PATCH", "/crm/v3/objects/contacts/999", {{"properties", Json::object()}}).status, 404);
}

TEST_F(HubspotDouble, ForgetsAnArchivedRecordsUniqueValues) {
  const Json body{{"properties", {{"email", "a@b.test"}}}, {"associations", Json::array()}};
  ask("POST", "/crm/v3/objects/contacts", body);
  EXPECT_EQ(ask("DELETE", "/crm/v3/objects/contacts/101").status, 204);
  EXPECT_EQ(ask("DELETE", "/crm/v3/objects/contacts/101").status, 204);
  EXPECT_EQ(ask("GET", "/crm/v3/objects/contacts/101").status, 404);
  EXPECT_EQ(ask("POST", "/crm/v3/objects/contacts", body).status, 201);
}

TEST_F(HubspotDouble, PagesThroughAList) {
  for (int i = 0; i < 5; ++i)
    ask("POST", "/crm/v3/objects/contacts", {{"properties", {{"firstname", "x"}}}, {"associations", Json::array()}});
  const auto first = ask("GET", "/crm/v3/objects/contacts?limit=3");
  EXPECT_EQ(first.body["results"].size(), 3u);
  const auto rest =
      ask("GET", "/crm/v3/objects/contacts?limit=3&after=" + first.body["paging"]["next"]["after"].get<std::string>());
  EXPECT_EQ(rest.body["results"].size(), 2u);
  EXPECT_FALSE(rest.body.contains("paging"));
  EXPECT_EQ(ask("GET", "/crm/v3/objects/contacts?limit=101").status, 400);
}

TEST_F(HubspotDouble, UpsertsInPartWhereEachInputIsTraced) {
  const Json body{
      {"inputs", {input("L-1", deal(), "a"), input("L-2", {{"colour", "red"}}, "b"), input("L-3", deal(), "c")}}};
  const auto v3 = ask("POST", "/crm/v3/objects/deals/batch/upsert", body);
  EXPECT_EQ(v3.status, 207);
  EXPECT_EQ(v3.body["status"], "COMPLETE");
  EXPECT_EQ(v3.body["numErrors"], 1);
  EXPECT_EQ(v3.body["errors"][0]["context"]["objectWriteTraceId"], Json::array({"b"}));
  ASSERT_EQ(v3.body["results"].size(), 2u);
  EXPECT_EQ(v3.body["results"][0]["objectWriteTraceId"], "c");  // no promise of order
  EXPECT_EQ(v3.body["results"][0]["new"], true);
  const auto dated = ask("POST", "/crm/objects/2026-09/deals/batch/upsert", body);
  EXPECT_EQ(dated.status, 200);  // no 207 in the dated families
  EXPECT_EQ(dated.body["numErrors"], 1);
  EXPECT_EQ(dated.body["results"][0]["new"], false);
  EXPECT_EQ(vendor.state()["deals"].size(), 2u);
}

TEST_F(HubspotDouble, FailsAWholeBatchWithoutTraces) {
  const auto failed = ask("POST", "/crm/v3/objects/deals/batch/upsert",
                          {{"inputs", {input("L-1", deal()), input("L-2", {{"colour", "red"}})}}});
  EXPECT_EQ(failed.status, 400);
  EXPECT_TRUE(vendor.state().empty());
}

TEST_F(HubspotDouble, FailsAWholeBatchKeyedByEmail) {
  const auto failed =
      ask("POST", "/crm/v3/objects/contacts/batch/upsert",
          {{"inputs",
            {input("a@b.test", {{"city", "x"}}, "a", "email"), input("nonsense", {{"city", "x"}}, "b", "email")}}});
  EXPECT_EQ(failed.status, 400);
  EXPECT_TRUE(vendor.state().empty());
}

TEST_F(HubspotDouble, RefusesABatchThatIsNone) {
  Json many = Json::array();
  for (int i = 0; i < 101; ++i) many.push_back(input("L-" + std::to_string(i), deal()));
  const Json rows[] = {Json::object(),
                       {{"inputs", Json::array()}},
                       {{"inputs", many}},
                       {{"inputs", {input("L-1", deal(), "a"), input("L-1", deal(), "b")}}},
                       {{"inputs", {{{"id", "L-1"}}}}},
                       {{"inputs", {input("x", deal(), "a", "dealname"), input("y", deal())}}}};
  for (const auto& body : rows)
    EXPECT_EQ(ask("POST", "/crm/v3/objects/deals/batch/upsert", body).status, 400) << text(body).substr(0, 80);
  EXPECT_TRUE(vendor.state().empty());
}

TEST_F(HubspotDouble, KeepsPropertiesAndPipelines) {
  EXPECT_EQ(ask("GET", "/crm/v3/properties/deals/loan_id").body["hasUniqueValue"], true);
  EXPECT_EQ(ask("GET", "/crm/v3/properties/deals/colour").status, 404);
  const Json body{{"name", "colour"},
                  {"label", "Colour"},
                  {"type", "string"},
                  {"fieldType", "text"},
                  {"groupName", "dealinformation"}};
  EXPECT_EQ(ask("POST", "/crm/v3/properties/deals", body).status, 201);
  const auto again = ask("POST", "/crm/v3/properties/deals", body);
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.body["subCategory"], "Properties.PROPERTY_WITH_NAME_EXISTS");
  EXPECT_EQ(ask("POST", "/crm/v3/properties/deals", {{"name", "x"}}).status, 400);
  EXPECT_GT(ask("GET", "/crm/v3/properties/deals").body["results"].size(), 10u);
  EXPECT_EQ(ask("GET", "/crm/v3/properties/deals/groups").body["results"][0]["name"], "dealinformation");
  const auto pipelines = ask("GET", "/crm/pipelines/2026-09/deals").body["results"];
  ASSERT_EQ(pipelines.size(), 2u);
  EXPECT_EQ(pipelines[0]["stages"].size(), 7u);
  EXPECT_EQ(pipelines[1]["stages"].size(), 6u);
  EXPECT_EQ(ask("GET", "/crm/v3/pipelines/deals/default").body["label"], "Sales Pipeline");
  EXPECT_EQ(ask("GET", "/crm/v3/pipelines/deals/1").status, 404);
}

TEST_F(HubspotDouble, AllowsTenUniquePropertiesOfAType) {
  int made = 0;
  for (int i = 0; i < 12; ++i)
    made += ask("POST", "/crm/v3/properties/companies",
                {{"name", "u" + std::to_string(i)},
                 {"label", "x"},
                 {"type", "string"},
                 {"fieldType", "text"},
                 {"groupName", "g"},
                 {"hasUniqueValue", true}})
                .status == 201;
  EXPECT_EQ(made, 10);
}

TEST_F(HubspotDouble, TiesRecordsBothWays) {
  ask("POST", "/crm/v3/objects/contacts", {{"properties", {{"email", "a@b.test"}}}, {"associations", Json::array()}});
  ask("POST", "/crm/v3/objects/deals", {{"properties", deal()}, {"associations", Json::array()}});
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(ask("PUT", "/crm/v4/objects/deals/8801/associations/default/contacts/101").status, 200);
  EXPECT_EQ(ask("GET", "/crm/v4/objects/contacts/101/associations/0-3").body["results"][0]["toObjectId"], "8801");
  EXPECT_EQ(ask("GET", "/crm/objects/2026-09/deals/8801/associations/contacts").body["results"].size(), 1u);
  EXPECT_EQ(ask("PUT", "/crm/v4/objects/deals/8801/associations/default/contacts/999").status, 404);
  EXPECT_EQ(ask("GET", "/crm/v4/objects/deals/999/associations/contacts").status, 404);
}

TEST_F(HubspotDouble, LimitsABurstAndADayWithoutRetryAfter) {
  ask("POST", "/_limits", {{"burst", 2}, {"daily", 5}});
  EXPECT_EQ(ask("GET", "/crm/v3/objects/deals").raw.header("X-HubSpot-RateLimit-Remaining"), "1");
  const auto second = ask("GET", "/crm/v3/objects/deals");
  EXPECT_EQ(second.raw.header("X-HubSpot-RateLimit-Max"), "2");
  EXPECT_EQ(second.raw.header("X-HubSpot-RateLimit-Interval-Milliseconds"), "10000");
  EXPECT_EQ(second.raw.header("X-HubSpot-RateLimit-Daily-Remaining"), "3");
  const auto third = ask("GET", "/crm/v3/objects/deals");
  EXPECT_EQ(third.status, 429);
  EXPECT_EQ(third.body["policyName"], "TEN_SECONDLY_ROLLING");
  EXPECT_EQ(third.body["errorType"], "RATE_LIMIT");
  EXPECT_EQ(third.raw.header("Retry-After"), "");
  EXPECT_EQ(ask("GET", "/crm/v3/objects/deals", nullptr, "pat-another-app").status, 200);
  host.clock.advance(10s);
  ask("GET", "/crm/v3/objects/deals");
  ask("GET", "/crm/v3/objects/deals");
  EXPECT_EQ(ask("GET", "/crm/v3/objects/deals").body["policyName"], "DAILY");
  host.clock.advance(24h);
  EXPECT_EQ(ask("GET", "/crm/v3/objects/deals").status, 200);
}

TEST_F(HubspotDouble, RefusesABodyThatIsNoJson) {
  const auto raw = vendor.handle(
      {"POST", "/crm/v3/objects/deals", {{"Authorization", "Bearer sandbox-token"}}, "{\"a\":", Intent::once});
  EXPECT_EQ(raw.status, 400);
}

TEST_F(HubspotDouble, ForgetsAtReset) {
  ask("POST", "/crm/v3/objects/contacts", {{"properties", {{"email", "a@b.test"}}}, {"associations", Json::array()}});
  EXPECT_FALSE(vendor.state().empty());
  vendor.reset();
  EXPECT_TRUE(vendor.state().empty());
  EXPECT_EQ(ask("POST", "/crm/v3/objects/contacts",
                {{"properties", {{"email", "a@b.test"}}}, {"associations", Json::array()}})
                .body["id"],
            "101");
}

}  // namespace TEST_FILE
}  // namespace milepost::hubspot::sandbox
