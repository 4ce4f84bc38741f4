// The track step through a whole engine: revisions, audit rows, timers, and what the host tells.
#include "host/audit/trail.hpp"
#include "host/engine/naming.hpp"
#include "host/loans/pieces.hpp"
#include "tests/host/engine/engine_rig.hpp"

namespace milepost::engine {
namespace TEST_FILE {

class Track : public EngineRig {
 protected:
  void SetUp() override {
    EngineRig::SetUp();
    start("  - {use: track, with: {stage: \"${payload.stage}\", branch: \"${payload.branch}\", task: \"${payload.task}\", reason: \"${payload.reason}\"}}\n");
  }
  /// Sent and ended.
  journal::Sequence send(const std::string& id, const std::string& payload, journal::EventState ends = journal::EventState::done) {
    const auto sequence = accept(id, payload);
    EXPECT_TRUE(becomes(sequence, ends)) << id;
    return sequence;
  }
  std::vector<std::string> outcomes() const {
    std::vector<std::string> out;
    for (const auto& record : store_->audit({.subject = "L-1"}))
      if (record.row.action == "track") out.push_back(record.row.outcome);
    return out;
  }
  std::vector<std::string> told() const {
    std::vector<std::string> out;
    for (const auto& event : events("milepost")) out.push_back(event.type);
    return out;
  }
};

TEST_F(Track, MakesARevisionOfEachChange) {
  send("a", R"({"stage": "docs", "branch": "duluth"})");
  send("b", R"({"stage": "underwriting"})");
  const auto loan = store_->loan("L-1");
  ASSERT_TRUE(loan);
  EXPECT_EQ(loan->revision, 2);
  EXPECT_EQ(text(read_json(loan->state).value()["fields"]), R"({"branch":"duluth","stage":"underwriting"})");
  EXPECT_THAT(outcomes(), ::testing::ElementsAre("updated", "updated"));
  EXPECT_EQ(store_->loan_history("L-1", 0, 10).size(), 2u);
}

TEST_F(Track, ARefusedStageLeavesTheLoanAndTellsOfIt) {
  send("a", R"({"stage": "approval"})");
  send("b", R"({"stage": "docs", "branch": "duluth"})");
  const auto fields = read_json(store_->loan("L-1")->state).value()["fields"];
  EXPECT_EQ(fields["stage"], "approval");
  EXPECT_EQ(fields["branch"], "duluth") << "what else it says counts";
  EXPECT_THAT(outcomes(), ::testing::ElementsAre("updated", "refused"));
  ASSERT_THAT(told(), ::testing::ElementsAre("milepost.stage_refused"));
  const auto told_of = payload(events("milepost")[0]);
  EXPECT_EQ(told_of["from"], "approval");
  EXPECT_EQ(told_of["to"], "docs");
  send("c", R"({"stage": "docs", "reason": "more papers"})");
  EXPECT_EQ(read_json(store_->loan("L-1")->state).value()["fields"]["stage"], "docs");
}

TEST_F(Track, AnUnmappedStageIsToldOnceAPipeline) {
  send("a", R"({"stage": "Clear to Close"})");
  send("b", R"({"stage": "Clear to Close"})");
  send("c", R"({"stage": "Suspended"})");
  EXPECT_THAT(told(), ::testing::ElementsAre("milepost.unmapped_value", "milepost.unmapped_value"));
  EXPECT_EQ(payload(events("milepost")[0])["value"], "Clear to Close");
  EXPECT_THAT(outcomes(), ::testing::ElementsAre("unmapped", "unmapped", "unmapped"));
}

TEST_F(Track, SettingsThatCannotBeMergedFailTheStep) {
  const auto bad = send("a", R"({"stage": "docs", "task": {"id": "c", "due": "soon"}})", journal::EventState::dead);
  EXPECT_THAT(store_->event(bad)->fault, ::testing::HasSubstr("`due` is neither a time"));
  EXPECT_FALSE(store_->loan("L-1")) << "nothing of it is merged";
}

TEST_F(Track, ATaskSetsTheLoansTimer) {
  send("a", R"({"task": {"id": "c", "due": "2026-11-21"}})");
  EXPECT_EQ(store_->next_loan_due(), at("2026-11-22T00:00:00Z"));
  send("b", R"({"task": {"id": "c", "state": "cleared"}})");
  EXPECT_FALSE(store_->next_loan_due());
}

TEST_F(Track, KeepsToTheModelThatIsSet) {
  config::LoanModel definition;
  definition.synonyms["loans"]["CTC"] = "approval";
  definition.service_levels["approval"].span = std::chrono::hours(1);
  config::Faults faults;
  engine_->set_loans(loans::Model::compile(definition, faults));
  accept("a", R"({"stage": "ctc"})");
  EXPECT_TRUE(eventually([&] { return store_->next_loan_due().has_value(); }));
  const auto stuck = store_->events({.pipeline = "loans"})[0].time + std::chrono::hours(1);
  EXPECT_EQ(store_->next_loan_due(), std::max(stuck, clock_.now() + std::chrono::minutes(1)));
}

TEST_F(Track, ALoanThatIsRenumberedIsTheOther) {
  stop();
  start("  - {use: track, with: {stage: \"${payload.stage}\", branch: \"${payload.branch}\", known_as: \"${payload.now}\"}}\n");
  send("a", R"({"stage": "docs", "branch": "duluth"})");
  send("b", R"({"now": "L-1"})");
  EXPECT_EQ(store_->known_as("L-1"), "L-1") << "that is its own name";
  send("c", R"({"now": "L-2"})");
  EXPECT_EQ(store_->known_as("L-1"), "L-2");
  EXPECT_THAT(store_->names_of("L-2"), ::testing::ElementsAre("L-1"));
  const auto under_way = send("d", R"({"stage": "underwriting"})");
  EXPECT_EQ(store_->event(under_way)->subject, "L-2") << "an event under the old name";
  EXPECT_EQ(store_->event(under_way)->lane, "L-2");
  const auto fields = read_json(store_->loan("L-2")->state).value()["fields"];
  EXPECT_EQ(text(fields), R"({"branch":"duluth","stage":"underwriting"})");
  const auto listed = store_->loans("", 10);
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].subject, "L-2");
  send("e", R"({"now": "L-3"})");
  EXPECT_EQ(store_->known_as("L-1"), "L-3") << "through both";
  send("f", R"({"now": "L-1"})");
  EXPECT_EQ(store_->known_as("L-3"), "L-3") << "an old name of its own is no other loan";
  std::vector<std::string> renamed;
  for (const auto& record : store_->audit({.subject = "L-2"}))
    if (record.row.action == "loan.renamed") renamed.push_back(record.row.outcome);
  EXPECT_THAT(renamed, ::testing::ElementsAre("renumbered", "renumbered"));
}

TEST_F(Track, WhatALoanHasGoesWithItToItsNewName) {
  stop();
  start("  - {use: track, with: {stage: \"${payload.stage}\", merged_into: \"${payload.into}\"}}\n");
  config::LoanModel definition;
  definition.mail.emplace().cooling_off = 4h;
  config::Faults faults;
  engine_->set_loans(loans::Model::compile(definition, faults));
  send("a", R"({"stage": "docs"})");
  const auto mailed = send("b", "{}");
  EXPECT_TRUE(store_->run([&](journal::Writer& writer) {
    writer.append({"L-9", 1, mailed, clock_.now(), R"({"fields":{"stage":"denied"},"at":{},"since":{"stage":1}})"});
    journal::Effect effect;
    effect.event = mailed;
    effect.step = "card";
    effect.state = journal::EffectState::done;
    effect.answer = R"({"effect":"created","body":{"order_id":"o-1"}})";
    writer.put(effect);
    writer.put(journal::MailPiece{"L-1", mailed, "card", "acme.send", "c", clock_.now()});
    writer.put_state(loans::kHeldOutScope, "L-1", "17", 0);
  }));
  send("c", R"({"into": "L-9"})");
  EXPECT_EQ(read_json(store_->loan("L-9")->state).value()["fields"]["stage"], "denied");
  EXPECT_EQ(store_->state(loans::kHeldOutScope, "L-9")->value, "17");
  ASSERT_THAT(told(), ::testing::ElementsAre("milepost.mail_recall")) << "the loan that it is a part of now has ended";
  EXPECT_EQ(payload(events("milepost")[0])["answer"]["order_id"], "o-1");
  EXPECT_TRUE(store_->mail_of("L-9").at(0).recalled_at);
}

TEST(OtherNames, StandInATextAsWords) {
  EXPECT_THAT(under_other_names("L-1/approval", {"L-1", "L-2"}), ::testing::ElementsAre("L-2/approval"));
  EXPECT_THAT(under_other_names("L-2/approval", {"L-1", "L-2", "L-3"}), ::testing::UnorderedElementsAre("L-1/approval", "L-3/approval"));
  EXPECT_THAT(under_other_names("approval-L-1_card", {"L-1", "L-2"}), ::testing::ElementsAre("approval-L-2_card"));
  EXPECT_THAT(under_other_names("L-10/approval", {"L-1", "L-2"}), ::testing::IsEmpty());
  EXPECT_THAT(under_other_names("card", {"L-1", "L-2"}), ::testing::IsEmpty());
}

}  // namespace TEST_FILE
}  // namespace milepost::engine
