#include "plugins/hubspot/connection.hpp"

#include "tests/plugins/hubspot/fixture.hpp"

namespace milepost::hubspot {
namespace TEST_FILE {

using HubspotConnectionTest = HubspotTest;

TEST(HubspotPaths, FollowTheVersion) {
  const Paths v3("v3"), dated("2026-09");
  EXPECT_EQ(v3.objects("deals"), "/crm/v3/objects/deals");
  EXPECT_EQ(v3.properties("deals"), "/crm/v3/properties/deals");
  EXPECT_EQ(v3.pipelines("deals"), "/crm/v3/pipelines/deals");
  EXPECT_EQ(v3.associations("deals", "1", "notes"), "/crm/v4/objects/deals/1/associations/notes");
  EXPECT_EQ(v3.association("deals", "1", "contacts", "2"), "/crm/v4/objects/deals/1/associations/default/contacts/2");
  EXPECT_EQ(dated.objects("deals"), "/crm/objects/2026-09/deals");
  EXPECT_EQ(dated.properties("deals"), "/crm/properties/2026-09/deals");
  EXPECT_EQ(dated.pipelines("deals"), "/crm/pipelines/2026-09/deals");
  EXPECT_EQ(dated.associations("deals", "1", "notes"), "/crm/objects/2026-09/deals/1/associations/notes");
}

TEST_F(HubspotConnectionTest, RefusesBadSettings) {
  const std::pair<Json, std::string> rows[] = {
      {{{"api_version", "v9"}}, R"(api_version: expected one of ["v3","2026-03","2026-09"])"},
      {{{"create_properties", "yes"}}, "create_properties: expected true or false"},
      {{{"tokn", "x"}}, "tokn: unknown key"},
      {{{"base_url", 5}}, "base_url: expected text"},
  };
  for (const auto& [settings, words] : rows) {
    const auto made = rig.create(settings);
    ASSERT_FALSE(made) << words;
    EXPECT_NE(made.error().message.find(words), std::string::npos) << made.error().message;
  }
  EXPECT_TRUE(host.http.requests().empty());
}

TEST_F(HubspotConnectionTest, TouchesNoNetworkBeforeItOpens) {
  ASSERT_TRUE(rig.create(Json::object()));
  EXPECT_TRUE(host.http.requests().empty());
  rig.close();  // safe without open
  ASSERT_TRUE(rig.open());
  rig.close();
  rig.close();
  EXPECT_EQ(host.http.count("GET", "/crm/pipelines/2026-09/deals"), 1u);
}

TEST_F(HubspotConnectionTest, OpensAgainAfterItFailed) {
  ASSERT_TRUE(rig.create(Json::object()));
  host.http.answers(503);
  EXPECT_EQ(rig.open().error().kind, ErrorKind::retryable);
  EXPECT_TRUE(rig.open());
}

TEST_F(HubspotConnectionTest, PausesWhereTheTokenIsUnknown) {
  host.http.credential("Authorization", "Bearer nobody");
  ASSERT_TRUE(rig.create(Json::object()));
  EXPECT_EQ(rig.open().error().kind, ErrorKind::auth);
  EXPECT_EQ(rig.probe().error().kind, ErrorKind::auth);
}

TEST_F(HubspotConnectionTest, PausesWhereTheRootIsWrong) {
  ASSERT_TRUE(rig.create(Json::object()));
  host.http.answers(404);
  const auto opened = rig.open();
  EXPECT_EQ(opened.error().kind, ErrorKind::auth);
  EXPECT_NE(opened.error().message.find("check base_url and api_version"), std::string::npos);
}

TEST_F(HubspotConnectionTest, HoldsTheDailyLimitUntilTheAccountsMidnight) {
  host.clock.zone("America/New_York", -5h);  // 09:00 UTC is 04:00 there
  connect({{"time_zone", "America/New_York"}});
  ask("POST", "/_limits", {{"daily", 2}, {"time_zone", "America/New_York"}});  // one is used up by opening
  EXPECT_TRUE(rig.run("upsert", contact("a@example.test")));
  const auto limited = rig.run("upsert", contact("b@example.test"));
  ASSERT_EQ(limited.kind(), ErrorKind::rate_limited);
  EXPECT_EQ(limited.retry_after(), 20h + 30s);
  EXPECT_EQ(limited.message(), "over the limit DAILY (RATE_LIMITS), until midnight in America/New_York");
  host.clock.advance(20h - 1s);
  EXPECT_EQ(rig.run("upsert", contact("b@example.test")).retry_after(), 31s);
  host.clock.advance(31s);
  EXPECT_TRUE(rig.run("upsert", contact("b@example.test")));
}

TEST_F(HubspotConnectionTest, AsksAgainEveryHourWhereTheZoneIsNotKnown) {
  connect();
  ask("POST", "/_limits", {{"daily", 0}});
  EXPECT_EQ(rig.run("upsert", contact("b@example.test")).retry_after(), 1h);
}

TEST_F(HubspotConnectionTest, HoldsWhereTheZoneIsNone) {
  ASSERT_TRUE(rig.create({{"time_zone", "America/New_Yrok"}}));
  const auto opened = rig.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::auth);
  EXPECT_EQ(opened.error().message, "time_zone: no such zone: America/New_Yrok");
}

TEST_F(HubspotConnectionTest, NeedsNoScopeForDealsToWriteContacts) {
  host.http.credential("Authorization", "Bearer pat-scopes:crm.objects.contacts.read,crm.objects.contacts.write");
  connect();
  EXPECT_TRUE(rig.probe());
  EXPECT_TRUE(rig.run("upsert", contact("a@example.test")));
  EXPECT_EQ(rig.run("upsert", deal("L-1")).kind(), ErrorKind::auth);
}

TEST_F(HubspotConnectionTest, DeclaresWhatItOffers) {
  const auto manifest = rig.manifest();
  EXPECT_EQ(manifest["name"], "hubspot");
  EXPECT_EQ(manifest["connection"]["credentials"], (Json{{"scheme", "bearer"}, {"token", "token"}}));
  EXPECT_EQ(manifest["connection"]["probe"], true);
  EXPECT_EQ(manifest["actions"][0]["traits"]["replay"], "always");
  EXPECT_EQ(manifest["actions"][0]["traits"]["max_batch"], 100);
  EXPECT_EQ(manifest["actions"][0]["traits"]["batch_key"], "/key");
  EXPECT_EQ(manifest["actions"][0]["lookup"], false);
  EXPECT_EQ(manifest["actions"][1]["traits"]["replay"], "never");
  EXPECT_EQ(manifest["actions"][1]["lookup"], true);
  EXPECT_EQ(manifest["connection"]["settings"]["properties"]["token"]["x-secret"], true);
}

}  // namespace TEST_FILE
}  // namespace milepost::hubspot
