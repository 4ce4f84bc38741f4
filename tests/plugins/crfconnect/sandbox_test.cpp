#include "plugins/crfconnect/sandbox/sandbox.hpp"

#include <gtest/gtest.h>

#include "milepost/testing/fake_host.hpp"
#include "plugins/crfconnect/sandbox/sample_lead.hpp"

namespace milepost::crfconnect {
namespace TEST_FILE {

class CrfSandbox : public ::testing::Test {
 protected:
  Json pushed(Json event) {
    event["url"] = "http://receiver.test/leads";
    const auto requests = vendor.emit(event);
    EXPECT_TRUE(requests) << requests.error().message;
    return requests ? read_json(requests->front().body).value_or(Json()) : Json();
  }
  std::string id_of(const Json& lead) { return get<std::string>(lead, "/id").value_or(""); }

  testing::FakeHost host;
  CrfConnectSandbox vendor{host.host()};
};

TEST_F(CrfSandbox, PushesTheSampleToTheByteWithTheConfiguredHeaders) {
  const auto requests = vendor.emit({{"url", "http://receiver.test/leads"},
                                     {"headers", {{"X-Api-Key", "s3cret"}}},
                                     {"variant", "sample"},
                                     {"times", 2}});
  ASSERT_TRUE(requests);
  ASSERT_EQ(requests->size(), 2u);
  EXPECT_EQ(requests->front().method, "POST");
  EXPECT_EQ(requests->front().target, "http://receiver.test/leads");
  EXPECT_EQ(requests->front().header("x-api-key"), "s3cret");
  EXPECT_EQ(requests->front().header("Content-Type"), "application/json");
  EXPECT_EQ(requests->back().body, kSampleLead);
}

TEST_F(CrfSandbox, GivesEachLeadIdsOfItsOwnAndTheClocksTime) {
  const auto first = pushed(Json::object()), second = pushed(Json::object());
  EXPECT_NE(id_of(first), id_of(second));
  EXPECT_EQ(get<std::string>(first, "/dateCreated").value_or(""), "2026-11-02T09:00:00.0004801+00:00");
  EXPECT_EQ(number_text(*find(first, "/requestedAmount")), "25000.00");
}

TEST_F(CrfSandbox, UpdatesAndResendsAKnownLead) {
  const auto id = id_of(pushed(Json::object()));
  const auto changed =
      pushed({{"id", id}, {"lead", {{"status", "Reviewed"}, {"statistics", {{"latitude", nullptr}}}}}});
  EXPECT_EQ(get<std::string>(changed, "/status").value_or(""), "Reviewed");
  EXPECT_TRUE(find(changed, "/statistics/latitude")->is_null());
  EXPECT_NE(find(changed, "/statistics/longitude"), nullptr);
  EXPECT_EQ(pushed({{"id", id}}), changed);
  EXPECT_EQ(vendor.state()["leads"].size(), 1u);
  EXPECT_EQ(vendor.state()["pushed"].size(), 3u);
}

TEST_F(CrfSandbox, LeavesMembersOut) {
  const auto lead = pushed({{"without", {"/fraudScore", "/businessAddress/line2", "/no/such"}}});
  EXPECT_EQ(find(lead, "/fraudScore"), nullptr);
  EXPECT_EQ(find(lead, "/businessAddress/line2"), nullptr);
}

TEST_F(CrfSandbox, SendsAnyText) {
  const auto requests = vendor.emit({{"url", "http://receiver.test/leads"}, {"body", "not JSON"}});
  ASSERT_TRUE(requests);
  EXPECT_EQ(requests->front().body, "not JSON");
  EXPECT_TRUE(vendor.state()["leads"].empty());
}

TEST_F(CrfSandbox, ShowsItsLeadsInThePortal) {
  const auto id = id_of(pushed(Json::object()));
  EXPECT_EQ(vendor.handle({"GET", "/leads/" + id, {}, "", Intent::read}).status, 200);
  EXPECT_EQ(vendor.handle({"GET", "/leads/unknown", {}, "", Intent::read}).status, 404);
  EXPECT_NE(vendor.handle({"GET", "/leads", {}, "", Intent::read}).body.find(id), std::string::npos);
}

TEST_F(CrfSandbox, ForgetsEverythingAtReset) {
  const auto first = pushed(Json::object());
  vendor.reset();
  EXPECT_TRUE(vendor.state()["leads"].empty());
  EXPECT_EQ(id_of(pushed(Json::object())), id_of(first));
}

TEST_F(CrfSandbox, RefusesAnEventItDoesNotUnderstand) {
  EXPECT_FALSE(vendor.emit(Json::object()));
  EXPECT_FALSE(vendor.emit({{"url", "http://r.test"}, {"variant", "odd"}}));
  EXPECT_FALSE(vendor.emit({{"url", "http://r.test"}, {"lead", "Bob"}}));
  EXPECT_FALSE(vendor.emit({{"url", "http://r.test"}, {"id", 5}}));
}

}  // namespace TEST_FILE
}  // namespace milepost::crfconnect
