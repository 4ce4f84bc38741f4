// What events of one pipeline bring about for others: `emit`, and the host's own.
#include "host/engine/emit.hpp"

#include "host/journal/host_event.hpp"
#include "tests/host/engine/engine_rig.hpp"

namespace milepost::engine {
namespace TEST_FILE {

using journal::EventState;
using ::testing::HasSubstr;

class EmitTest : public EngineRig {
 protected:
  std::vector<journal::Event> emitted() const {
    auto found = events("loans");
    std::erase_if(found, [](const auto& event) { return event.source == "webhook"; });
    return found;
  }
};

const std::string kEmit =
    "  - id: tell\n    use: emit\n    with: {type: \"loan.${payload.stage}\", payload: {loan: \"${event.subject}\", "
    "amount: "
    "\"${payload.amount}\"}}\n";

TEST_F(EmitTest, JournalsAnEventThatIsDoneFromTheStart) {
  start(kEmit);
  const auto origin = accept("a", R"({"stage": "approved", "amount": 25000.00})");
  ASSERT_TRUE(becomes(origin, EventState::done));
  ASSERT_EQ(emitted().size(), 1u);
  const auto event = emitted()[0];
  EXPECT_EQ(event.type, "loan.approved");
  EXPECT_EQ(event.subject, "L-1");
  EXPECT_EQ(event.source, "emit");
  EXPECT_EQ(event.state, EventState::done);
  EXPECT_EQ(store_->payload(event.sequence), R"({"loan":"L-1","amount":25000.00})");
  const auto rows = store_->audit({.event = event.receipt});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].row.action, "emit");
  EXPECT_EQ(rows[0].row.step, "tell");
  EXPECT_THAT(rows[0].details->body, HasSubstr(store_->event(origin)->receipt));
}

TEST_F(EmitTest, EmitsOnceHoweverOftenItRuns) {
  start(kEmit);
  const auto origin = accept("a", R"({"stage": "approved"})");
  ASSERT_TRUE(becomes(origin, EventState::done));
  ASSERT_TRUE(store_->run([&](journal::Writer& writer) {
    auto event = *writer.event(origin);
    event.state = EventState::open;
    event.step = "";
    writer.update(event);
    writer.wake({event.pipeline, event.lane});
  }));
  ASSERT_TRUE(becomes(origin, EventState::done));
  EXPECT_EQ(emitted().size(), 1u);
}

TEST_F(EmitTest, ATypeThatIsTheHostsOwnIsADeadLetter) {
  start("  - use: emit\n    with: {type: \"${payload.type}\"}\n");
  const auto origin = accept("a", R"({"type": "milepost.dead_letter"})");
  ASSERT_TRUE(becomes(origin, EventState::dead));
  EXPECT_THAT(store_->event(origin)->fault, HasSubstr("is the host's own"));
}

TEST_F(EmitTest, ADeadLetterRaisesAnEventOfTheHost) {
  start("  - use: validate\n    with: {rules: [{check: payload.amount > 0, message: the amount must be positive}]}\n");
  const auto origin = accept("a", R"({"amount": -1})");
  ASSERT_TRUE(becomes(origin, EventState::dead));
  ASSERT_EQ(events("milepost").size(), 1u);
  const auto raised = events("milepost")[0];
  EXPECT_EQ(raised.type, "milepost.dead_letter");
  EXPECT_EQ(raised.subject, "L-1");
  EXPECT_EQ(raised.state, EventState::done);
  auto expected = Json{{"pipeline", "loans"},     {"event", store_->event(origin)->receipt},
                       {"source", "webhook"},     {"id", "a"},
                       {"type", "stage.changed"}, {"subject", "L-1"},
                       {"step", "validate-1"},    {"reason", store_->event(origin)->fault}};
  EXPECT_EQ(payload(raised), expected);
}

TEST_F(EmitTest, TheDeadLetterOfAnAlertRaisesNone) {
  start("  - use: validate\n    with: {rules: [{check: payload.amount > 0, message: the amount must be positive}]}\n");
  const auto alert = accept("a", R"({"amount": -1})", std::string(journal::kOfAlert));
  ASSERT_TRUE(becomes(alert, EventState::dead));
  EXPECT_TRUE(events("milepost").empty());
}

}  // namespace TEST_FILE
}  // namespace milepost::engine
