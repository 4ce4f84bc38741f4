#include "host/intake/mapping.hpp"

#include <gtest/gtest.h>

#include "milepost/quarantine.hpp"

namespace milepost::intake {
namespace TEST_FILE {

const telemetry::Time kNow{std::chrono::seconds(1'800'000'000)};

struct MappingTest : ::testing::Test {
  journal::NewEvent map(const std::string& payload, const Event& more = {}) {
    config::Faults faults;
    const auto mapping = Mapping::compile(pipeline, faults);
    EXPECT_TRUE(mapping);
    Event decoded = more;
    decoded.payload = Document(payload);
    return mapping->map(machine, "loans", "webhook", decoded, "application/json", kNow);
  }
  config::Pipeline pipeline;
  expression::Machine machine;
};

TEST_F(MappingTest, TakesTheSourcesFieldsWhereThePipelineIsSilent) {
  Event decoded;
  decoded.id = "e";
  decoded.revision = "r";
  decoded.type = "t";
  decoded.subject = "s";
  decoded.actor = "a";
  decoded.reason = "because";
  decoded.time = kNow - std::chrono::hours(1);
  const auto event = map("{}", decoded);
  EXPECT_EQ(event.quarantine, "");
  EXPECT_EQ(event.id + event.revision + event.type + event.subject + event.actor + event.reason, "ertsabecause");
  EXPECT_EQ(event.time, kNow - std::chrono::hours(1));
  EXPECT_EQ(event.lane, "s");
  EXPECT_EQ(event.content_type, "application/json");
}

TEST_F(MappingTest, KeepsTheTokenOfANumber) {
  pipeline.event.id = "${payload.id}";
  pipeline.event.subject = "loan-${payload.n}";
  pipeline.event.type = "${payload.ok}";
  const auto event = map(R"({"id":18446744073709551617,"n":25000.00,"ok":true})");
  EXPECT_EQ(event.id, "18446744073709551617");
  EXPECT_EQ(event.subject, "loan-25000.00");
  EXPECT_EQ(event.type, "true");
}

TEST_F(MappingTest, FallsBackWhereATemplateGivesNothing) {
  pipeline.event.id = "${payload.id}";
  pipeline.event.subject = "${payload.loan}";
  Event decoded;
  decoded.subject = "L-1";
  for (const char* payload : {"{}", R"({"id":null,"loan":null})", R"({"id":"","loan":""})"}) {
    const auto event = map(payload, decoded);
    EXPECT_EQ(event.subject, "L-1");
    EXPECT_EQ(event.id, telemetry::hex(telemetry::sha256(payload)));
    EXPECT_EQ(event.quarantine, "");
  }
}

TEST_F(MappingTest, ReadsTimesInTextAndInSeconds) {
  pipeline.subject_none = true;
  pipeline.event.time = "${payload.at}";
  EXPECT_EQ(map(R"({"at":"2027-01-15T09:00:00+01:00"})").time, kNow);
  EXPECT_EQ(map(R"({"at":1800000000})").time, kNow);
  EXPECT_EQ(map(R"({"at":1800000000.5})").time, kNow + std::chrono::milliseconds(500));
  EXPECT_EQ(map(R"({})").time, kNow);
  for (const char* bad : {R"({"at":"yesterday"})", R"({"at":"2027-13-15T08:00:00Z"})", R"({"at":1800000000000})",
                          R"({"at":-1})", R"({"at":1e400})", R"({"at":true})", R"({"at":[1]})"}) {
    const auto event = map(bad);
    EXPECT_NE(event.quarantine.find("event.time"), std::string::npos) << bad;
    EXPECT_EQ(event.time, kNow);
  }
}

TEST_F(MappingTest, QuarantinesWithEveryReason) {
  pipeline.event.id = "${payload.id}";
  pipeline.event.type = "x-${payload.none}";
  pipeline.event.subject = "${payload.loan}";
  const auto event = map(R"({"id":{"a":1},"loan":["b"]})");
  EXPECT_NE(event.quarantine.find("event.id: expected text, found an object"), std::string::npos) << event.quarantine;
  EXPECT_NE(event.quarantine.find("event.type: "), std::string::npos) << event.quarantine;
  EXPECT_NE(event.quarantine.find("event.subject: expected text, found a list"), std::string::npos) << event.quarantine;
  EXPECT_EQ(event.id.size(), 64u);
  EXPECT_EQ(event.payload, R"({"id":{"a":1},"loan":["b"]})");
}

TEST_F(MappingTest, QuarantinesWhatATemplateCannotEnd) {
  pipeline.event.subject = "${(function() while true do end end)()}";
  EXPECT_NE(map("{}").quarantine.find("event.subject"), std::string::npos);
}

TEST_F(MappingTest, QuarantinesWhatTheSourceCouldNotDecode) {
  pipeline.event.id = "${payload.id}";
  pipeline.event.subject = "L-1";
  const auto event = map("no JSON", quarantine("", "it is no JSON"));
  EXPECT_EQ(event.quarantine, "webhook: it is no JSON");
  EXPECT_EQ(event.id, telemetry::hex(telemetry::sha256("no JSON")));
  EXPECT_EQ(event.type + event.subject + event.reason, "");
  EXPECT_EQ(event.payload, "no JSON");
}

TEST_F(MappingTest, QuarantinesAnEventWithoutASubject) {
  EXPECT_EQ(map("{}").quarantine, "the event has no subject");
  pipeline.subject_none = true;
  EXPECT_EQ(map("{}").quarantine, "");
  EXPECT_EQ(map("{}").lane, "");
}

TEST_F(MappingTest, LimitsIdsButNotReasons) {
  pipeline.subject_none = true;
  pipeline.event.id = "${payload}";
  pipeline.event.reason = "${payload}";
  EXPECT_EQ(map('"' + std::string(256, 'x') + '"').quarantine, "");
  const auto event = map('"' + std::string(257, 'x') + '"');
  EXPECT_EQ(event.quarantine, "event.id is longer than 256 bytes");
  EXPECT_EQ(event.reason.size(), 257u);
}

TEST_F(MappingTest, ReportsEveryBadTemplateWithItsPlace) {
  pipeline.event.id = "${payload.";
  pipeline.event.subject = "${paylod.loan}";
  pipeline.event.at["subject"] = {"pipelines/a.yaml", 12, 12};
  config::Faults faults;
  EXPECT_FALSE(Mapping::compile(pipeline, faults));
  ASSERT_EQ(faults.size(), 2u);
  EXPECT_EQ(faults[0].code, "MP1150");
  EXPECT_EQ(faults[0].path, "event.id");
  EXPECT_EQ(faults[1].code, "MP1151");
  EXPECT_EQ(faults[1].at.line, 12);
}

}  // namespace TEST_FILE
}  // namespace milepost::intake
