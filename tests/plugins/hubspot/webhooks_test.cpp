#include "plugins/hubspot/sandbox/webhooks.hpp"

#include <gtest/gtest.h>

#include "milepost/testing/fake_host.hpp"
#include "plugins/hubspot/sandbox/sandbox.hpp"

namespace milepost::hubspot::sandbox {
namespace TEST_FILE {

// Own values; v1 and v3 agree with the signature helper of @hubspot/api-client 13.5.0.
constexpr std::string_view kSecret = "11111111-2222-3333-4444-555555555555";
constexpr std::string_view kUri = "https://hooks.example.test/in/hubspot?tenant=acme%2Fwest&x=a%20b";
constexpr std::string_view kTimestamp = "1760000001000";
constexpr std::string_view kBody =
    R"([{"eventId":1,"subscriptionId":2,"portalId":3,"appId":4,"occurredAt":1760000000000,"subscriptionType":"deal.propertyChange","attemptNumber":0,"objectId":55,"propertyName":"dealstage","propertyValue":"closedwon","changeSource":"CRM"}])";

TEST(HubspotSignature, AgreesWithTheVector) {
  EXPECT_EQ(decoded_uri(kUri), "https://hooks.example.test/in/hubspot?tenant=acme/west&x=a%20b");
  EXPECT_EQ(signature_v3(kSecret, "POST", kUri, kBody, kTimestamp), "BTT/f2prPTiSdtZXPcevbJoIcUPkqQi50A/d0Ndl6pA=");
  EXPECT_EQ(signature_v1(kSecret, kBody), "de653ce497c0c427f4b4fdf793c728ed63bb79aacaa5e6abba55b0a0b62b7692");
}

TEST(HubspotSignature, DecodesItsTwelveEscapesAndNoOther) {
  EXPECT_EQ(decoded_uri("%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B"), ":/?@!$'()*,;");
  EXPECT_EQ(decoded_uri("%20%25%26%2B%3D%23%"), "%20%25%26%2B%3D%23%");
  EXPECT_EQ(decoded_uri("%252F"), "%252F");
}

class HubspotWebhooks : public ::testing::Test {
 protected:
  testing::FakeHost host;
  HubspotSandbox vendor{host.host()};
};

TEST_F(HubspotWebhooks, SignTheEventThatIsOrdered) {
  const auto sent = vendor.emit(
      {{"target", "https://hooks.test/in"}, {"secret", "s"}, {"objectId", 8801}, {"propertyName", "dealstage"}});
  ASSERT_TRUE(sent);
  ASSERT_EQ(sent->size(), 1u);
  const auto& request = sent->front();
  const auto body = *read_json(request.body);
  EXPECT_EQ(body[0]["objectId"], 8801);
  EXPECT_EQ(body[0]["eventId"], 1);
  EXPECT_EQ(body[0]["occurredAt"], 1793610000000);
  EXPECT_FALSE(body[0].contains("secret"));
  EXPECT_EQ(request.header("X-HubSpot-Signature-Version"), "v1");
  EXPECT_EQ(request.header("X-HubSpot-Signature"), signature_v1("s", request.body));
  EXPECT_EQ(request.header("X-HubSpot-Signature-v3"), signature_v3("s", "POST", "https://hooks.test/in", request.body,
                                                                   request.header("X-HubSpot-Request-Timestamp")));
}

TEST_F(HubspotWebhooks, SignThePublicAddressWhereItIsAnother) {
  const auto sent =
      vendor.emit({{"target", "/in"}, {"uri", "https://public.test/in"}, {"secret", "s"}, {"objectId", 1}});
  EXPECT_EQ(sent->front().target, "/in");
  EXPECT_EQ(sent->front().header("X-HubSpot-Signature-v3"),
            signature_v3("s", "POST", "https://public.test/in", sent->front().body,
                         sent->front().header("X-HubSpot-Request-Timestamp")));
}

TEST_F(HubspotWebhooks, GoOutAHundredAtATime) {
  Json events = Json::array();
  for (int i = 0; i < 250; ++i) events.push_back({{"objectId", i}});
  const auto sent = vendor.emit({{"target", "https://hooks.test/in"}, {"events", events}});
  ASSERT_EQ(sent->size(), 3u);
  EXPECT_EQ(read_json((*sent)[0].body)->size(), 100u);
  EXPECT_EQ(read_json((*sent)[2].body)->size(), 50u);
  EXPECT_EQ((*read_json((*sent)[2].body))[49]["eventId"], 250);
}

TEST_F(HubspotWebhooks, NeedATarget) {
  EXPECT_FALSE(vendor.emit({{"objectId", 1}}));
  EXPECT_FALSE(vendor.emit({{"target", "/in"}, {"events", {1}}}));
}

}  // namespace TEST_FILE
}  // namespace milepost::hubspot::sandbox
