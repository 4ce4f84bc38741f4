// The `compare` step: what it keeps, raises and shows.
#include "host/config/host_events.hpp"
#include "tests/host/engine/engine_rig.hpp"

namespace milepost::engine {
namespace TEST_FILE {

using journal::EventState;
using testing::HasSubstr;

class CompareTest : public EngineRig {
 protected:
  std::vector<journal::Event> raised(std::string_view type) const {
    auto found = events(std::string(config::kHostPipeline));
    std::erase_if(found, [&](const auto& event) { return event.type != type; });
    return found;
  }
};

const std::string kCompare =
    "  - id: diff\n    use: compare\n    with: {system: crm, found: \"${payload.found}\", fields: {stage: {ours: \"${payload.ours}\", theirs: \"${payload.theirs}\", as: stage},"
    " amount: {ours: 7, theirs: \"7.0\"}}}\n"
    "  - id: repair\n    use: emit\n    when: steps.diff.mismatched > 0\n    with: {type: repaired, payload: {was: \"${steps.diff.fields.stage.theirs}\"}}\n";

TEST_F(CompareTest, TellsOfEachMismatchAndLetsThePipelineRepair) {
  start(kCompare);
  const auto event = accept("a", R"({"ours": "docs", "theirs": "Approval"})");
  ASSERT_TRUE(becomes(event, EventState::done));
  const auto compared = raised(config::host_event::kCompared), mismatch = raised(config::host_event::kMismatch);
  ASSERT_EQ(compared.size(), 1u);
  EXPECT_EQ(text(payload(compared[0])["compared"]), R"(["stage","amount"])");
  EXPECT_EQ(text(payload(compared[0])["mismatched"]), R"(["stage"])");
  ASSERT_EQ(mismatch.size(), 1u);
  EXPECT_EQ(mismatch[0].subject, "L-1");
  const auto told = payload(mismatch[0]);
  EXPECT_EQ(told["system"], "crm");
  EXPECT_EQ(told["field"], "stage");
  EXPECT_EQ(told["ours"], "docs");
  EXPECT_EQ(told["theirs"], "Approval");
  EXPECT_EQ(told["step"], "diff");
  auto repaired = events("loans");
  std::erase_if(repaired, [](const auto& one) { return one.type != "repaired"; });
  ASSERT_EQ(repaired.size(), 1u);
  EXPECT_EQ(text(payload(repaired[0])), R"({"was":"Approval"})");
  const auto rows = store_->audit({.event = store_->event(event)->receipt, .kind = "decision"});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].row.outcome, "mismatch");
  EXPECT_THAT(rows[0].details->body, HasSubstr(R"("mismatched":["stage"])"));
}

TEST_F(CompareTest, WhatIsTheSameIsCountedAndRaisesNoMismatch) {
  start(kCompare);
  const auto event = accept("a", R"({"ours": "pre-qual", "theirs": "Pre Qual"})");
  ASSERT_TRUE(becomes(event, EventState::done));
  EXPECT_EQ(raised(config::host_event::kCompared).size(), 1u);
  EXPECT_TRUE(raised(config::host_event::kMismatch).empty());
}

TEST_F(CompareTest, TellsOnceHoweverOftenTheEventIsOpened) {
  start(kCompare);
  const auto origin = accept("a", R"({"ours": "docs", "theirs": "approval"})");
  ASSERT_TRUE(becomes(origin, EventState::done));
  ASSERT_TRUE(store_->run([&](journal::Writer& writer) {
    auto event = *writer.event(origin);
    event.state = EventState::open;
    event.step = "";
    writer.update(event);
    writer.wake({event.pipeline, event.lane});
  }));
  ASSERT_TRUE(becomes(origin, EventState::done));
  EXPECT_EQ(raised(config::host_event::kMismatch).size(), 1u);
}

TEST_F(CompareTest, ARecordThatIsMissingIsAMismatchOfItsOwn) {
  start("  - id: diff\n    use: compare\n    with: {system: crm, found: \"${payload.found}\", fields: {stage: {ours: docs, theirs: \"${payload.theirs}\"}}}\n");
  const auto event = accept("a", R"({"found": false})");
  ASSERT_TRUE(becomes(event, EventState::done));
  const auto mismatch = raised(config::host_event::kMismatch);
  ASSERT_EQ(mismatch.size(), 1u);
  EXPECT_EQ(payload(mismatch[0])["field"], "record");
}

TEST_F(CompareTest, TheSystemsNameIsWrittenDown) {
  const auto loaded = config::load_pipeline(
      "pipeline: loans\nsource: {use: webhook, with: {path: /hooks/los, verify: none}}\nsteps:\n"
      "  - {use: compare, with: {system: \"${payload.system}\", fields: {stage: {ours: a, theirs: b}}}}\n",
      "pipelines/loans.yaml", *registry_);
  ASSERT_TRUE(loaded.pipeline) << config::render(loaded.faults, "", false);
  config::Faults faults;
  EXPECT_EQ(Program::compile(*loaded.pipeline, {}, *registry_, faults), nullptr);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_THAT(config::to_string(faults[0]), HasSubstr("${…} is not evaluated here: metrics are counted by this name"));
}

TEST_F(CompareTest, ASweepsStagesAndSpansAreHeldAgainstLoansYaml) {
  const auto loaded = config::load_pipeline(
      "pipeline: sweep\nsource: {use: loans, with: {cron: \"0 5 * * *\", zone: UTC, stages: [docs, underwritng], ended: soon}}\nsteps:\n  - {use: audit, with: {action: seen}}\n",
      "pipelines/sweep.yaml", *registry_);
  ASSERT_TRUE(loaded.pipeline) << config::render(loaded.faults, "", false);
  config::Faults faults;
  const auto program = Program::compile(*loaded.pipeline, {}, *registry_, faults);
  ASSERT_TRUE(program) << config::render(faults, "", false);
  const auto told = loan_faults(*program, *loans::Model::standard());
  ASSERT_EQ(told.size(), 2u);
  EXPECT_THAT(config::to_string(told[0]), HasSubstr("\"underwritng\" is no stage; did you mean \"underwriting\"?"));
  EXPECT_THAT(config::to_string(told[1]), HasSubstr("\"soon\" is no duration"));
}

}  // namespace TEST_FILE
}  // namespace milepost::engine
