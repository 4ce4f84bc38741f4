// Ended events on today's definitions: what would differ, and what is kept when they are opened again.
#include "host/engine/replay.hpp"

#include "host/audit/trail.hpp"
#include "host/config/from_effective.hpp"
#include "tests/host/journal/fixture.hpp"

namespace milepost::engine {
namespace TEST_FILE {

using journal::EffectState;
using journal::EventState;
using journal::milestone;
using Kind = Difference::Kind;

const Json kTrack{{"id", "track-1"}, {"use", "track"}, {"with", {{"stage", "${payload.stage}"}}}};
Json audit_step(int number, const std::string& action, const std::string& when = "") {
  Json step{{"id", "audit-" + std::to_string(number)}, {"use", "audit"}, {"with", {{"action", action}}}};
  if (!when.empty()) step["when"] = when;
  return step;
}

class ReplayOfEvents : public journal::StoreTest {
 protected:
  ReplayOfEvents() { registry_ = plugins::Registry::discover({}, "", built_in_sources(), built_in_steps()); }

  std::shared_ptr<const Program> program(const Json& steps) {
    const Json effective{{"pipeline", "loan-milestones"}, {"steps", steps}};
    auto restored = config::from_effective(effective);
    config::Faults faults;
    auto compiled = Program::compile(restored->pipeline, restored->schemas, *registry_, faults);
    EXPECT_NE(compiled, nullptr) << (faults.empty() ? "" : faults.front().message);
    run([&](journal::Writer& writer) { writer.put_definition(restored->pipeline.version, "pipeline", "loan-milestones", text(effective)); });
    return compiled;
  }
  /// An event that ended on that version.
  journal::Event ended(const std::string& id, const Program& on, const std::string& payload, EventState state = EventState::done, const std::string& step = "") {
    auto event = accept(milestone(id, "L-1", payload)).event;
    event.state = state;
    event.step = step;
    event.definition = on.pipeline.version;
    event.loan_revision = 0;
    run([&](journal::Writer& writer) { writer.update(event); });
    return event;
  }
  Replayed look(std::shared_ptr<const Program> current, const std::optional<Order>& apply = {}, journal::EventFilter selection = {}) {
    Versions versions(*store, registry_, {std::move(current)});
    auto replayed = replay(*store, versions, selection, apply, 100);
    EXPECT_TRUE(replayed) << (replayed ? "" : replayed.error().message);
    return replayed ? std::move(*replayed) : Replayed{};
  }
  std::shared_ptr<plugins::Registry> registry_;
  const Order order_{"the new step", "key:owner"};
};

TEST_F(ReplayOfEvents, SaysNothingWhereNothingDiffers) {
  const auto then = program(Json::array({kTrack, audit_step(2, "a")}));
  ended("e-1", *then, R"({"stage": "docs"})");
  accept(milestone("open", "L-2"));
  const auto replayed = look(then, order_);
  EXPECT_EQ(replayed.examined, 1u);
  EXPECT_EQ(replayed.same, 1u);
  EXPECT_EQ(replayed.left_out, 1u) << "the one under way";
  EXPECT_EQ(store->count(EventState::done), 1u) << "nothing to do: not opened";
}

TEST_F(ReplayOfEvents, TellsStepsApartThatOnlyMoved) {
  const auto then = program(Json::array({kTrack, audit_step(2, "a")}));
  const auto now = program(Json::array({audit_step(1, "b", "payload.stage == 'gone'"), kTrack, audit_step(3, "a"), audit_step(4, "c")}));
  const auto event = ended("e-1", *then, R"({"stage": "docs"})");
  const auto replayed = look(now);
  ASSERT_EQ(replayed.differ.size(), 1u);
  ASSERT_EQ(replayed.differ[0].differences.size(), 1u);
  EXPECT_EQ(replayed.differ[0].differences[0].step, "audit-4") << "audit-3 is what audit-2 was";
  EXPECT_EQ(store->event(event.sequence)->state, EventState::done) << "a look changes nothing";
  EXPECT_EQ(store->audit({.kind = "admin"}).size(), 0u);
}

TEST_F(ReplayOfEvents, OpensWhatHasSomethingToDoAndKeepsTheRest) {
  const auto then = program(Json::array({kTrack, audit_step(2, "a"), {{"id", "late"}, {"use", "audit"}, {"when", "payload.never"}, {"with", {{"action", "late"}}}}}));
  const auto now = program(Json::array({audit_step(1, "a"), kTrack, {{"id", "late"}, {"use", "audit"}, {"with", {{"action", "late"}}}}}));
  const auto event = ended("e-1", *then, R"({"stage": "docs"})");
  run([&](journal::Writer& writer) {
    audit::append(writer, {.kind = "decision", .action = "audit", .subject = "L-1", .pipeline = "loan-milestones", .version = {}, .event = event.receipt,
                           .step = "late", .outcome = "skipped", .plugin = {}, .details = {}});
  });
  const auto replayed = look(now, order_);
  ASSERT_EQ(replayed.differ.size(), 1u);
  ASSERT_EQ(replayed.differ[0].differences.size(), 1u);
  EXPECT_EQ(replayed.differ[0].differences[0].step, "late");
  EXPECT_EQ(replayed.differ[0].differences[0].kind, Kind::would_run);
  EXPECT_TRUE(replayed.differ[0].opened);
  const auto opened = *store->event(event.sequence);
  EXPECT_EQ(opened.state, EventState::open);
  EXPECT_EQ(opened.step, "");
  EXPECT_EQ(opened.definition, "");
  EXPECT_TRUE(opened.late);
  std::map<std::string, EffectState> kept;
  for (const auto& effect : store->effects(event.sequence)) kept[effect.step] = effect.state;
  EXPECT_EQ(kept, (std::map<std::string, EffectState>{{"audit-1", EffectState::done}, {"track-1", EffectState::done}}));
  const auto rows = store->audit({.kind = "admin"});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].row.action, "replay");
  EXPECT_EQ(rows[0].row.user, "key:owner");
}

TEST_F(ReplayOfEvents, SaysWhatTheStepsOfADeadLetterWouldDoNow) {
  const auto then = program(Json::array({{{"id", "check"}, {"use", "validate"}, {"with", {{"rules", Json::array({{{"check", "payload.amount > 10"}, {"message", "too little"}}})}}}}, audit_step(2, "a")}));
  const auto now = program(Json::array({{{"id", "check"}, {"use", "validate"}, {"with", {{"rules", Json::array({{{"check", "payload.amount > 1"}, {"message", "too little"}}})}}}}, audit_step(2, "a")}));
  ended("e-1", *then, R"({"amount": 5})", EventState::dead, "check");
  const auto done = ended("e-2", *now, R"({"amount": 5})");
  const auto better = look(now);
  ASSERT_EQ(better.differ.size(), 1u);
  EXPECT_EQ(better.differ[0].event.id, "e-1");
  EXPECT_EQ(better.differ[0].differences[0].step, "audit-2");
  const auto worse = look(then, {}, {.after = done.sequence - 1});
  ASSERT_EQ(worse.differ.size(), 1u);
  EXPECT_EQ(worse.differ[0].end, "dead letter: check: too little");
  EXPECT_EQ(worse.differ[0].differences[0].kind, Kind::would_not_run);
}

TEST_F(ReplayOfEvents, LeavesOutWhatIsInDoubt) {
  const auto then = program(Json::array({kTrack}));
  ended("e-1", *then, "{}", EventState::in_doubt, "track-1");
  EXPECT_EQ(look(program(Json::array({kTrack, audit_step(2, "new")})), order_).left_out, 1u);
  EXPECT_EQ(store->count(EventState::in_doubt), 1u);
}

}  // namespace TEST_FILE
}  // namespace milepost::engine
