// The double keeps Blend's rules, so that what passes here would pass there.
#include "plugins/blend/sandbox/sandbox.hpp"

#include "tests/plugins/blend/fixture.hpp"

namespace milepost::blend {
namespace TEST_FILE {

const std::string kAll = "/home-lending/applications";

class BlendSandboxTest : public ::testing::Test {
 protected:
  HttpResponse ask(const std::string& method, const std::string& target, const Json& body = nullptr,
                   HttpHeaders headers = {}) {
    const std::pair<const char*, const char*> usual[] = {{"Authorization", "Bearer sandbox-token"},
                                                         {"blend-target-instance", "sandbox~default"},
                                                         {"blend-api-version", "7.0.0"},
                                                         {"Content-Type", "application/json"}};
    HttpRequest request{method, target, std::move(headers), body.is_null() ? "" : text(body), Intent::once};
    for (const auto& [name, value] : usual)
      if (request.header(name).empty()) request.headers.emplace_back(name, value);
    std::erase_if(request.headers, [](const auto& header) { return header.second == "none"; });
    return vendor.handle(request);
  }
  static Json body(const HttpResponse& response) { return read_json(response.body).value_or(Json()); }
  static Json application(const std::string& crm_id) {
    return {{"crmId", crm_id},
            {"party", {{"name", {{"firstName", "Ines"}, {"lastName", "Okafor"}}}, {"email", "ines@example.test"}}}};
  }
  testing::FakeHost host;
  sandbox::BlendSandbox vendor{host.host()};
};

TEST_F(BlendSandboxTest, AsksForTokenTenantAndVersion) {
  const std::tuple<const char*, const char*, int> rows[] = {{"Authorization", "none", 401},
                                                            {"Authorization", "Bearer guess", 401},
                                                            {"Authorization", "Bearer other-token", 403},
                                                            {"blend-target-instance", "none", 400},
                                                            {"blend-target-instance", "other~default", 403},
                                                            {"blend-api-version", "none", 400},
                                                            {"blend-api-version", "seven", 400},
                                                            {"blend-api-version", "99.0.0", 400}};
  for (const auto& [name, value, status] : rows) {
    const auto response = ask("GET", "/authentication-status", nullptr, {{name, value}});
    EXPECT_EQ(response.status, status) << name << ' ' << value;
    for (const char* member : {"error", "display", "trackingId"}) EXPECT_TRUE(body(response).contains(member));
  }
  EXPECT_EQ(ask("GET", "/authentication-status").body, R"({"isAuthenticated":true})");
}

TEST_F(BlendSandboxTest, LimitsEachSecond) {
  for (const bool tells : {false, true}) {
    ask("POST", "/_settings", {{"rate", 2}, {"retry_after", tells}});
    EXPECT_EQ(ask("GET", kAll).status, 200);
    EXPECT_EQ(ask("GET", kAll).status, 200);
    const auto limited = ask("GET", kAll);
    EXPECT_EQ(limited.status, 429);
    EXPECT_EQ(body(limited)["error"], "Rate Limited");
    EXPECT_EQ(limited.header("Retry-After"), tells ? "1" : "");
    host.clock.advance(1s);
    EXPECT_EQ(ask("GET", kAll).status, 200);
  }
}

TEST_F(BlendSandboxTest, GivesTokensThatRunOut) {
  Json login{{"client_id", "sandbox-client"}, {"client_secret", "guess"}, {"grant_type", "client_credentials"}};
  EXPECT_EQ(ask("POST", "/oauth-token", login).body, R"({"error":"invalid_client"})");
  login["client_secret"] = "sandbox-client-secret";
  const auto token = body(ask("POST", "/oauth-token", login))["access_token"].get<std::string>();
  const HttpHeaders with{{"Authorization", "Bearer " + token}};
  EXPECT_EQ(ask("GET", kAll, nullptr, with).status, 200);
  host.clock.advance(1h);
  EXPECT_EQ(ask("GET", kAll, nullptr, with).status, 401);
  login["grant_type"] = "password";
  EXPECT_EQ(ask("POST", "/oauth-token", login).status, 400);
}

TEST_F(BlendSandboxTest, TakesTwoOfOneCrmIdAndAnswers200) {
  const auto made = ask("POST", kAll, application("deal-1"));
  EXPECT_EQ(made.status, 200);
  EXPECT_TRUE(body(made).contains("redirectUrl"));
  EXPECT_EQ(body(made)["parties"][0]["username"], nullptr);
  EXPECT_EQ(ask("POST", kAll, application("deal-1")).status, 200);
  EXPECT_EQ(body(ask("GET", kAll + "?crmId-eq=deal-1"))["applications"].size(), 2u);
  auto wrong = application("deal-2");
  wrong["mortgageType"] = "BALLOON";
  EXPECT_EQ(ask("POST", kAll, wrong).status, 400);
  wrong = application("deal-2");
  wrong["party"].erase("email");
  EXPECT_EQ(ask("POST", kAll, wrong).status, 400);
  wrong["party"]["noEmailYet"] = true;
  EXPECT_EQ(ask("POST", kAll, wrong).status, 200);
}

TEST_F(BlendSandboxTest, ListsNewestFirstByCursorsOfTheirFilters) {
  ask("POST", "/_applications", {{"count", 5}, {"id", "app-{n}"}});
  ask("PATCH", kAll + "/app-4", {{"archivedStatus", true}});
  auto page = body(ask("GET", kAll + "?limit=2"));
  EXPECT_EQ(page["applications"][0]["id"], "app-3");
  EXPECT_EQ(page["prevCursor"], nullptr);
  const auto cursor = page["nextCursor"].get<std::string>();
  EXPECT_EQ(body(ask("GET", kAll + "?limit=2&cursor=" + cursor))["applications"][0]["id"], "app-1");
  EXPECT_EQ(ask("GET", kAll + "?limit=2&exportable=true&cursor=" + cursor).status, 400);
  EXPECT_EQ(ask("GET", kAll + "?limit=101").status, 400);
  EXPECT_EQ(body(ask("GET", kAll + "?ignoreArchivedStatus=true"))["applications"].size(), 5u);
}

TEST_F(BlendSandboxTest, ServesEachFamilyToItsVersions) {
  const HttpHeaders old{{"blend-api-version", "2.3.0"}}, six{{"blend-api-version", "6.0.0"}};
  ask("POST", "/_applications", {{"id", "app"}});
  EXPECT_EQ(ask("GET", kAll, nullptr, old).status, 404);
  EXPECT_EQ(ask("GET", "/loans", nullptr, old).status, 200);
  EXPECT_EQ(ask("GET", "/loans").status, 404);
  EXPECT_EQ(ask("GET", "/current-user", nullptr, old).status, 200);
  ask("POST", kAll + "/los-milestones", {{"losMilestones", {{{"applicationId", "app"}, {"losMilestone", "SET_UP"}}}}});
  EXPECT_EQ(body(ask("GET", kAll + "/app/los-milestones", nullptr, six))["name"], "SET_UP");
  EXPECT_EQ(ask("GET", kAll + "/app/los-milestones").status, 404);
  EXPECT_EQ(ask("GET", kAll + "/app/los-milestones", nullptr, {{"blend-api-version", "5.2.0"}}).status, 404);
}

TEST_F(BlendSandboxTest, TellsOfItsEventsByProfileAndTime) {
  ask("POST", "/_applications", {{"id", "app"}});
  ASSERT_TRUE(vendor.emit({{"applicationId", "app"}, {"id", "e-1"}, {"trigger", "SUBMITTED"}, {"lost", true}}));
  EXPECT_EQ(ask("GET", "/events").status, 400);
  const HttpHeaders profile{{"bons-profile", "default"}};
  const auto rows = body(ask("GET", "/events?status=EMITTED", nullptr, profile));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0]["eventType"], "applicationEvent.SUBMITTED");
  EXPECT_FALSE(rows[0].contains("eventData"));
  EXPECT_EQ(body(ask("GET", "/events?created-at-min=2026-11-02T09:00:01.000Z", nullptr, profile)).size(), 0u);
  EXPECT_EQ(body(ask("GET", "/events?created-at-max=1793610000000", nullptr, profile)).size(), 1u);
  EXPECT_EQ(ask("GET", "/events?limit=251", nullptr, profile).status, 400);
  EXPECT_TRUE(body(ask("GET", "/events/e-1?includeData=true", nullptr, profile)).contains("eventData"));
  EXPECT_EQ(ask("POST", "/events/e-1/status-updates", {{"status", "SUCCEEDED"}}).status, 200);
  EXPECT_EQ(ask("POST", "/events/e-1/status-updates", {{"status", "DONE"}}).status, 400);
  EXPECT_EQ(body(ask("GET", "/events?status=EMITTED", nullptr, profile)).size(), 0u);
  EXPECT_EQ(vendor.state()["applications"][0]["applicationStatus"], "SUBMITTED");
}

TEST_F(BlendSandboxTest, SendsEachVersionsHeaders) {
  ask("POST", "/_applications", {{"id", "app"}});
  const auto v3 = vendor.emit({{"applicationId", "app"}, {"url", "/h"}, {"headers", {{"X-Blend-Key", "k"}}}})->front();
  const auto v2 = vendor.emit({{"applicationId", "app"}, {"version", 2}})->front();
  EXPECT_EQ(v3.target, "/h");
  EXPECT_EQ(v3.header("X-Blend-Key"), "k");
  for (const char* name : {"blend-request-datetime", "blend-request-id", "blend-events-profile",
                           "blend-target-instance", "blend-api-version"}) {
    EXPECT_NE(v3.header(name), "") << name;
    EXPECT_EQ(v2.header(name), "") << name;
  }
  for (const char* name : {"requestdt", "requestid", "bonsprofile"}) EXPECT_NE(v2.header(name), "") << name;
  EXPECT_FALSE(vendor.emit({{"applicationId", "nobody's"}}));
  EXPECT_FALSE(vendor.emit("submit"));
}

}  // namespace TEST_FILE
}  // namespace milepost::blend
