#include "host/expression/paths.hpp"

#include <gtest/gtest.h>

namespace milepost::expression {
namespace TEST_FILE {

std::vector<std::string> sources(std::string_view source) {
  std::vector<std::string> out;
  for (const auto& path : paths_in(source)) out.push_back(path.source());
  return out;
}
using Texts = std::vector<std::string>;

TEST(Paths, AreFoundWhereverTheyStand) {
  EXPECT_EQ(sources(R"(payload.type == "stage.changed" and payload.loan.stage == "approval")"), Texts({"payload.type", "payload.loan.stage"}));
  EXPECT_EQ(sources("steps.card"), Texts({"steps.card"}));
  EXPECT_EQ(sources(R"(not steps["crm"].id and len(payload.tasks[2].names) > payload.n)"),
            Texts({R"(steps["crm"].id)", "payload.tasks[2].names", "payload.n"}));
  EXPECT_EQ(sources("loan.stage == loan.stage"), Texts({"loan.stage"}));
}

TEST(Paths, AreNotRootsTextsOrMembers) {
  EXPECT_EQ(sources(R"(has(payload, "loan.stage") and "event.type" ~= "")"), Texts());
  EXPECT_EQ(sources("payload.loan.event.id"), Texts({"payload.loan.event.id"}));
  EXPECT_EQ(sources("payload[payload.key]"), Texts({"payload.key"}));
}

TEST(Paths, ShowTheirValuesCut) {
  const Json payload = *read_json(R"({"amount": 25000.00, "note": ")" + std::string(99, 'a') + "é" + std::string(200, 'b') + R"(", "list": [)" +
                                  std::string(300, '1') + R"(], "none": null})");
  Machine machine;
  const Scope scope{.payload = &payload, .event = nullptr, .loan = nullptr, .steps = nullptr, .params = nullptr, .link = {}, .now = {}};
  const auto values = values_of(paths_in("payload.amount, payload.note, payload.list, payload.none, payload.gone.deep"), machine, scope);
  EXPECT_EQ(text(values["payload.amount"]), "25000.00");
  EXPECT_TRUE(values["payload.note"].get<std::string>().ends_with("bbb…"));
  EXPECT_LE(values["payload.note"].get<std::string>().size(), 210u);
  EXPECT_TRUE(values["payload.list"].is_string());
  EXPECT_TRUE(values["payload.none"].is_null());
  EXPECT_TRUE(values["payload.gone.deep"].is_null());
}

TEST(Looked, KnowsWhichMembersOfThePayloadAndTheEvent) {
  const auto looked = [](std::initializer_list<const char*> sources) {
    Looked out;
    for (const auto* source : sources) out.at(*Expression::compile(source));
    return out;
  };
  using Members = std::optional<std::set<std::string>>;
  EXPECT_EQ(looked({"payload.a.b > 1 and payload . c", R"(loan.payload == "payload")"}).payload(), Members({"a", "c"}));
  EXPECT_EQ(looked({"loan.stage"}).payload(), Members(std::in_place));
  for (const char* whole : {"payload", R"(payload["a"])", "payload[event.type]", R"(has(payload, "a"))", "len(payload)"})
    EXPECT_EQ(looked({"payload.a", whole, "payload.b"}).payload(), std::nullopt) << whole;
  EXPECT_EQ(looked({"payload.a", "event.type == event . subject"}).event(), Members({"type", "subject"}));
  EXPECT_EQ(looked({"payload.event", R"(payload.a == "event")"}).event(), Members(std::in_place));
  EXPECT_EQ(looked({"event.type", R"(event["time"])"}).event(), std::nullopt);
}

}  // namespace TEST_FILE
}  // namespace milepost::expression
