// The source over the exported table, as the host drives it.
#include <gtest/gtest.h>

#include "milepost/testing/rig.hpp"
#include "plugins/crfconnect/sandbox/sample_lead.hpp"
#include "plugins/crfconnect/sandbox/sandbox.hpp"

extern "C" const mp_plugin milepost_plugin_v1;

namespace milepost::crfconnect {
namespace TEST_FILE {

using testing::FakeHost;
using testing::Rig;

class CrfWebhook : public ::testing::Test {
 protected:
  /// What the source makes of the double's next delivery.
  Result<std::vector<Event>> receive(Json event, const Json& settings = Json::object()) {
    event["url"] = "http://127.0.0.1/hooks/crf";
    const auto pushed = vendor.emit(event);
    if (!pushed) return fail(pushed.error());
    return rig.receive("webhook", settings, pushed->front());
  }
  Result<std::vector<Event>> receive_text(std::string body) {
    return rig.receive("webhook", Json::object(), {"POST", "/hooks/crf", {}, std::move(body), Intent::once});
  }

  FakeHost host;
  Rig rig{milepost_plugin_v1, host};
  CrfConnectSandbox vendor{host.host()};
};

TEST_F(CrfWebhook, MakesTheVendorsSampleAnEvent) {
  const auto events = receive({{"variant", "sample"}});
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->size(), 1u);
  const auto& event = events->front();
  EXPECT_EQ(event.id, "4626a582-afb9-48bf-8d86-87e6fe91a842");
  EXPECT_EQ(event.subject, "crfconnect:lead:4626a582-afb9-48bf-8d86-87e6fe91a842");
  EXPECT_EQ(event.type, "lead.matched");
  EXPECT_EQ(event.time->time_since_epoch().count(), 1588979355479670);
  EXPECT_EQ(event.actor, "");
  EXPECT_EQ(event.reason, "");
  EXPECT_EQ(event.payload.text(), kSampleLead);
  EXPECT_TRUE(host.logs().empty());
  EXPECT_EQ(host.counted("leads"), 1);
}

TEST_F(CrfWebhook, TellsAnUpdateFromARepeat) {
  const auto first = receive(Json::object());
  ASSERT_TRUE(first);
  const auto id = first->front().id;
  const auto repeat = receive({{"id", id}});
  const auto update = receive({{"id", id}, {"lead", {{"status", "Contacted"}}}});
  const auto back = receive({{"id", id}, {"lead", {{"status", "Matched"}}}});
  ASSERT_TRUE(repeat && update && back);
  EXPECT_EQ(repeat->front().id, id);
  EXPECT_EQ(repeat->front().revision, first->front().revision);
  EXPECT_EQ(update->front().id, id);
  EXPECT_NE(update->front().revision, first->front().revision);
  EXPECT_EQ(update->front().type, "lead.contacted");
  EXPECT_EQ(back->front().revision, first->front().revision);  // the host compares with the latest: no repeat
}

TEST_F(CrfWebhook, MayIgnoreUpdates) {
  const auto first = receive(Json::object(), {{"updates", "ignore"}});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->front().revision, "");
}

TEST_F(CrfWebhook, LetsRemovalOverruleTheStatus) {
  const auto events = receive({{"lead", {{"state", "Removed"}, {"status", "Qualified"}}}});
  ASSERT_TRUE(events);
  EXPECT_EQ(events->front().type, "lead.removed");
}

TEST_F(CrfWebhook, AcceptsNullsAbsenceAndSpellings) {
  for (auto variant : {"plain", "nulls", "absent", "spellings", "drift"}) {
    const auto events = receive({{"variant", variant}});
    EXPECT_TRUE(events) << variant << ": " << events.error().message;
  }
}

TEST_F(CrfWebhook, ReportsDriftByPlaceAndNotByValue) {
  ASSERT_TRUE(receive({{"variant", "drift"}}));
  ASSERT_EQ(host.logs().size(), 1u);
  EXPECT_EQ(host.logs()[0].event, "lead_drift");
  EXPECT_TRUE(host.tells("/industry: unknown_value"));
  EXPECT_TRUE(host.tells("/referralScore: unknown_field"));
  EXPECT_FALSE(host.tells("Space Tourism"));
  EXPECT_FALSE(host.tells("Lastnameson"));
  EXPECT_EQ(host.counted("lead_warnings"), 3);
}

TEST_F(CrfWebhook, MayReportDriftAsEventsOncePerPlace) {
  const auto events = receive({{"variant", "drift"}}, {{"drift", "event"}});
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 4u);
  EXPECT_EQ((*events)[1].type, "schema.drift");
  EXPECT_EQ((*events)[1].subject, "crfconnect:schema");
  std::vector<std::string> ids;
  for (const auto& event : *events) ids.push_back(event.id);
  EXPECT_EQ(std::vector<std::string>(ids.begin() + 1, ids.end()),
            (std::vector<std::string>{"drift:unknown_field:/businessAddress/plusCode", "drift:unknown_value:/industry",
                                      "drift:unknown_field:/referralScore"}));
  const auto again = receive({{"variant", "drift"}}, {{"drift", "event"}});
  EXPECT_EQ((*again)[1].id, ids[1]) << "the host knows it the second time";
  EXPECT_EQ(host.counted("lead_drift"), 6);
}

TEST_F(CrfWebhook, KeepsTheFraudScoreExactly) {
  for (auto [score, good] : {std::pair{"0", true},
                             {"0.150", true},
                             {"8.4999e-1", true},
                             {"null", true},
                             {"0.85", false},
                             {"1", false},
                             {"1.01", false},
                             {"-0.1", false},
                             {"\"0.1\"", false}}) {
    std::string body(kSampleLead);
    body.replace(body.find("0.15"), 4, score);
    const auto events = receive_text(body);
    EXPECT_EQ(events.has_value(), good) << score;
    if (events) {
      EXPECT_EQ(events->front().payload.text(), body);
    }
  }
}

TEST_F(CrfWebhook, BearsAnEmojiInEachField) {
  Json lead = *read_json(kSampleLead);
  const std::string house = "\xF0\x9F\x8F\xA0";
  std::size_t tried = 0;
  for (auto& [key, value] : lead.items()) {
    if (!value.is_string() || key == "id" || key == "submissionId" || key == "dateCreated" || key == "status" ||
        key == "state")
      continue;
    value = house + " " + value.get<std::string>();
    ++tried;
  }
  EXPECT_GT(tried, 15u);
  lead["businessAddress"]["city"] = house;
  lead[house] = house;
  const auto events = receive_text(text(lead));
  ASSERT_TRUE(events) << events.error().message;
  EXPECT_NE(events->front().payload.text().find(house), std::string::npos);
  EXPECT_TRUE(host.tells("(unprintable): unknown_field"));
  for (auto key : {"id", "submissionId", "dateCreated", "status", "state"}) {
    Json bad = *read_json(kSampleLead);
    bad[key] = house;
    EXPECT_NE(receive_text(text(bad)).error().message.find(std::string("/") + key), std::string::npos);
  }
}

TEST_F(CrfWebhook, NamesEveryRequiredFieldThatIsNull) {
  Json lead = *read_json(kSampleLead);
  for (auto& [key, value] : lead.items()) value = nullptr;
  const auto events = receive_text(text(lead));
  ASSERT_FALSE(events);
  for (auto key : {"id", "submissionId", "duplicateId", "dateCreated", "status", "state", "requestedAmount"})
    EXPECT_NE(events.error().message.find("/" + std::string(key) + ": null"), std::string::npos)
        << events.error().message;
}

TEST_F(CrfWebhook, KeepsQuietAboutWhatPeopleTypeOddly) {
  ASSERT_TRUE(receive({{"lead", {{"phone", "none"}, {"email", "bob at home"}}}}));
  EXPECT_TRUE(host.logs().empty());
  EXPECT_EQ(host.counted("lead_warnings"), 2);
}

TEST_F(CrfWebhook, QuarantinesFraudAndWrongTypes) {
  for (auto variant : {"fraud", "wrong_type"}) {
    const auto events = receive({{"variant", variant}});
    ASSERT_FALSE(events) << variant;
    EXPECT_EQ(events.error().kind, ErrorKind::permanent);
  }
  EXPECT_EQ(host.counted("leads_quarantined"), 2);
  EXPECT_EQ(host.counted("leads"), 0);
  EXPECT_TRUE(receive({{"variant", "fraud"}}, {{"fraud_quarantine_at", 0.95}}));
}

TEST_F(CrfWebhook, QuarantinesWhatIsNoJsonObject) {
  const std::string deep = std::string(20, '[') + std::string(20, ']');
  const std::pair<std::string, std::string> rows[] = {{"", "not valid JSON"},
                                                      {"lead", "not valid JSON"},
                                                      {"[]", "one lead comes per request"},
                                                      {"\"x\"", "not an object"},
                                                      {"{\"id\": 1, \"id\": 2}", "duplicate key"},
                                                      {"{\"a\": " + deep + "}", "nested deeper"},
                                                      {"{\"a\": \"\xff\"}", "UTF-8"},
                                                      {std::string(kSampleLead).substr(0, 400), "not valid JSON"}};
  for (const auto& [body, words] : rows) {
    const auto events = receive_text(body);
    ASSERT_FALSE(events) << body;
    EXPECT_NE(events.error().message.find(words), std::string::npos) << events.error().message;
  }
}

TEST_F(CrfWebhook, CarriesNumbersAndStrangeTextsExactly) {
  std::string body(kSampleLead);
  body.replace(body.find("50000.00"), 8, "50000.000");
  body.replace(body.find("Some Company LLC."), 17, "=cmd() \xF0\x9F\x8F\xA0 \xE2\x80\x8F\\ud83c\\udfe0");
  const auto events = receive_text(body);
  ASSERT_TRUE(events) << events.error().message;
  EXPECT_EQ(events->front().payload.text(), body);
}

TEST_F(CrfWebhook, BearsATenMegabyteName) {
  Json lead = *read_json(kSampleLead);
  lead["nameOfBusiness"] = std::string(10'000'000, 'x');
  EXPECT_TRUE(receive_text(text(lead)));
}

TEST_F(CrfWebhook, RefusesBadSettings) {
  const std::pair<Json, const char*> rows[] = {
      {{{"updates", "sometimes"}}, "updates: expected one of"},
      {{{"fraud_quarantine_at", "high"}}, "fraud_quarantine_at: expected a number"},
      {{{"fraud_treshold", 0.5}}, "fraud_treshold: unknown key"}};
  for (const auto& [settings, words] : rows) {
    const auto events = receive(Json::object(), settings);
    ASSERT_FALSE(events);
    EXPECT_NE(events.error().message.find(words), std::string::npos) << events.error().message;
  }
}

TEST_F(CrfWebhook, DeclaresThatThePipelineNamesTheVerifier) {
  const auto manifest = rig.manifest();
  EXPECT_EQ(get<std::string>(manifest, "/sources/0/name").value_or(""), "webhook");
  EXPECT_TRUE(find(manifest, "/sources/0/verify")->is_null());
  EXPECT_EQ(get<int>(manifest, "/sources/0/accepted_status").value_or(0), 201);
  EXPECT_EQ(get<int>(manifest, "/sources/0/quarantined_status").value_or(0), 202);
}

}  // namespace TEST_FILE
}  // namespace milepost::crfconnect
