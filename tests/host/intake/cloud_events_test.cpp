// CloudEvents as senders deliver them: one in a body, several, or in headers; and what is none.
#include "host/intake/cloud_events.hpp"

#include <gmock/gmock.h>

#include "tests/host/intake/hook_rig.hpp"

namespace milepost::intake {
namespace TEST_FILE {

using ::testing::HasSubstr;

const std::string kOne =
    R"({"specversion":"1.0","id":"42","source":"/los/duluth","type":"loan.approved","subject":"L-1001",)"
    R"("time":"2026-11-20T11:00:00Z","branch":"duluth","data":{"amount":25000.00}})";

Result<std::vector<Event>> receive(std::string body, HttpHeaders headers) {
  CloudEvents source;
  return source.receive({"POST", "/hooks/events", std::move(headers), std::move(body), Intent::once});
}
HttpHeaders structured() { return {{"Content-Type", "application/cloudevents+json; charset=utf-8"}}; }
HttpHeaders batch() { return {{"content-type", "Application/CloudEvents-Batch+JSON"}}; }
HttpHeaders binary(const std::string& type, HttpHeaders more = {}) {
  HttpHeaders out{
      {"ce-specversion", "1.0"}, {"CE-ID", "42"}, {"ce-source", "/los/duluth"}, {"ce-type", "loan.approved"}};
  if (!type.empty()) out.emplace_back("Content-Type", type);
  out.insert(out.end(), more.begin(), more.end());
  return out;
}
std::string refusal(std::string body, HttpHeaders headers) {
  const auto events = receive(std::move(body), std::move(headers));
  return events ? "" : events.error().message;
}

TEST(CloudEvents, ReadsOneInABody) {
  const auto events = receive(kOne, structured());
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->size(), 1u);
  const auto& event = events->front();
  EXPECT_EQ(event.id, "/los/duluth|42");
  EXPECT_EQ(event.type, "loan.approved");
  EXPECT_EQ(event.subject, "L-1001");
  EXPECT_EQ(event.time, kNow - 1h);
  EXPECT_EQ(event.payload.text(), kOne);
}

TEST(CloudEvents, ReadsABatch) {
  const auto events =
      receive("[" + kOne + ", " + R"({"specversion":"1.0","id":"43","source":"s","type":"t"}])", batch());
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->size(), 2u);
  EXPECT_EQ((*events)[0].payload.text(), kOne);  // 25000.00 as it was
  EXPECT_EQ((*events)[1].id, "s|43");
  EXPECT_TRUE(receive("[]", batch())->empty());
}

TEST(CloudEvents, ReadsOneInHeaders) {
  const auto json =
      receive(R"({"amount":25000.00})",
              binary("application/json", {{"ce-subject", "L%2D1001 %E2%82%AC"}, {"ce-branch", "duluth"}}));
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->front().subject, "L-1001 \xE2\x82\xAC");
  EXPECT_EQ(
      json->front().payload.text(),
      R"({"specversion":"1.0","id":"42","source":"/los/duluth","type":"loan.approved","subject":"L-1001 €","branch":"duluth",)"
      R"("datacontenttype":"application/json","data":{"amount":25000.00}})");
  EXPECT_THAT(receive("<a/>", binary("text/xml"))->front().payload.text(), HasSubstr(R"("data":"<a/>")"));
  EXPECT_THAT(receive("\xff\x00z", binary("application/pdf"))->front().payload.text(),
              HasSubstr(R"("data_base64":"/w==")"));
  EXPECT_THAT(receive("", binary(""))->front().payload.text(), ::testing::Not(HasSubstr("data")));
}

TEST(CloudEvents, GivesALongNameADigest) {
  const auto long_source =
      receive(R"({"specversion":"1.0","id":"1","type":"t","source":")" + std::string(300, 's') + "\"}", structured());
  ASSERT_TRUE(long_source);
  EXPECT_EQ(long_source->front().id.size(), 64u);
}

TEST(CloudEvents, SaysWhatIsNone) {
  EXPECT_THAT(refusal("{}", {{"Content-Type", "application/json"}}),
              HasSubstr("expected ce- headers, or Content-Type"));
  EXPECT_THAT(refusal("{}", structured()), HasSubstr("specversion is missing"));
  EXPECT_THAT(refusal("[" + kOne + "]", structured()), HasSubstr("is an object"));
  EXPECT_THAT(refusal(kOne, batch()), HasSubstr("a batch is a list"));
  EXPECT_THAT(refusal("[" + kOne + ",{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\"}]", batch()),
              HasSubstr("event 2 of 2: its attribute type is missing"));
  EXPECT_THAT(refusal(R"({"specversion":"0.3","id":"1","source":"s","type":"t"})", structured()),
              HasSubstr("expected specversion 1.0, found 0.3"));
  EXPECT_THAT(refusal(R"({"specversion":"1.0","id":7,"source":"s","type":"t"})", structured()),
              HasSubstr("id is no text"));
  EXPECT_THAT(refusal(R"({"specversion":"1.0","id":"7","source":"s","type":"t","time":"noon"})", structured()),
              HasSubstr("its time is none"));
  EXPECT_THAT(refusal(R"(1,"id":"other")", binary("application/json")), HasSubstr("its data"));
  EXPECT_THAT(refusal("{}", binary("", {{"ce-id", "43"}})), HasSubstr("several headers ce-id"));
  EXPECT_NE(refusal("{", structured()), "");
}

TEST_F(HookRig, TakesCloudEventsAndAnswersTheirHandshake) {
  Hook cloud = hook();
  cloud.mapping = mapping([](config::Pipeline& pipeline) { pipeline.event = {}; });
  cloud.decoders.push_back(std::make_shared<CloudEvents>());
  cloud.handshake = true;
  deploy(std::move(cloud));
  const auto permission = send("", {{"WebHook-Request-Origin", "events.example.test"}}, "/hooks/los", "OPTIONS");
  EXPECT_EQ(permission.status, 200);
  ASSERT_NE(permission.header("WebHook-Allowed-Origin"), nullptr);
  EXPECT_EQ(*permission.header("WebHook-Allowed-Origin"), "events.example.test");
  const http::Headers type{{"Content-Type", "application/cloudevents+json"}};
  EXPECT_EQ(text(send(kOne, type), "/status"), "accepted");
  EXPECT_EQ(text(send(kOne, type), "/status"), "duplicate");
  const auto kept = send("{}", type);
  EXPECT_EQ(text(kept, "/status"), "quarantined");
  const auto again = hooks_->map_again(*store_->event_by_receipt(text(kept, "/id")), "{}");
  EXPECT_THAT(again.error().message, HasSubstr("its attribute specversion is missing"));
  const auto mended = hooks_->map_again(*store_->event_by_receipt(text(kept, "/id")), kOne);
  ASSERT_TRUE(mended) << "by its Content-Type it is a CloudEvent still";
  EXPECT_EQ(mended->id, "/los/duluth|42");
  EXPECT_EQ(events().back().subject, "L-1001");
}

TEST_F(HookRig, TakesAMessagesIdFromItsSignature) {
  Hook standard = hook();
  standard.mapping = mapping([](config::Pipeline& pipeline) { pipeline.event.id.clear(); });
  standard.verifier = *Verifier::make({{"standard_webhooks", {{"secret", "whsec_c2VjcmV0"}}}}, {});
  deploy(std::move(standard));
  const std::string body = R"({"loan":"L-1001"})", time = std::to_string(telemetry::to_micros(kNow) / 1'000'000);
  http::Headers headers{{"webhook-id", "msg_1"}, {"webhook-timestamp", time}};
  EXPECT_EQ(send(body, headers).status, 401);
  headers.emplace_back("webhook-signature", "v1," + ::milepost::testing::base64(::milepost::testing::hmac_sha256(
                                                        "secret", "msg_1." + time + "." + body)));
  EXPECT_EQ(text(send(body, headers), "/status"), "accepted");
  EXPECT_EQ(text(send(body, headers), "/status"), "duplicate");
  EXPECT_EQ(events()[0].id, "msg_1");
  EXPECT_EQ(send("", {}, "/hooks/los", "OPTIONS").status, 405);
}

}  // namespace TEST_FILE
}  // namespace milepost::intake
