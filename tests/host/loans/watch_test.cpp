#include "host/loans/watch.hpp"

#include <stdlib.h>

#include <filesystem>

#include "host/config/host_events.hpp"
#include "host/loans/due.hpp"
#include "host/loans/holdings.hpp"
#include "tests/host/loans/loans_rig.hpp"

namespace milepost::loans {
namespace TEST_FILE {

using namespace std::chrono_literals;

class LoanWatch : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "watch-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    open();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  void open() {
    store_.reset();
    auto store = journal::Store::open({.path = folder_ + "/milepost.db", .clock = &clock_, .read_only = false});
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
  }
  void track(const std::string& subject, const Json& with, journal::Sequence sequence, const Model& model) {
    ASSERT_TRUE(store_->run([&](journal::Writer& writer) {
      const auto latest = writer.loan(subject);
      const auto merged = merge(latest ? read_json(latest->state).value() : Json(nullptr), with, event_of(sequence, clock_.now()), model);
      ASSERT_TRUE(merged);
      writer.append({subject, latest ? latest->revision + 1 : 1, sequence, clock_.now(), text(merged->state)});
      writer.set_loan_timer(subject, next_look(subject, merged->state, model, clock_.now()));
    }));
  }
  std::vector<std::string> told() const {
    std::vector<std::string> out;
    for (const auto& event : store_->events({.pipeline = "milepost", .limit = 100, .oldest_first = true})) out.push_back(event.type + " " + event.subject);
    return out;
  }
  std::size_t look(const Model& model) {
    const auto looked = look_at_due(*store_, model, clock_.now());
    EXPECT_TRUE(looked) << looked.error().message;
    return looked.value_or(0);
  }

  telemetry::ManualClock clock_{kMonday};
  std::string folder_;
  std::unique_ptr<journal::Store> store_;
};

config::LoanModel with_level(std::chrono::milliseconds span) {
  config::LoanModel definition;
  definition.service_levels["docs"].span = span;
  return definition;
}

TEST_F(LoanWatch, TellsOfAStuckLoanOnceAtItsTime) {
  const auto model = model_of(with_level(24h));
  track("L-1", {{"stage", "docs"}}, 1, *model);
  clock_.advance(24h - 1s);
  EXPECT_EQ(look(*model), 0u);
  clock_.advance(1s);
  EXPECT_EQ(look(*model), 1u);
  EXPECT_THAT(told(), ::testing::ElementsAre("milepost.loan_stuck L-1"));
  clock_.advance(24h * 30);
  EXPECT_EQ(look(*model), 0u);
  track("L-1", {{"branch", "duluth"}}, 2, *model);  // another event of the same stay
  clock_.advance(2min);
  look(*model);
  EXPECT_EQ(told().size(), 1u);
}

TEST_F(LoanWatch, TellsAfterARestartWhatRanOutMeanwhile) {
  const auto model = model_of(with_level(24h));
  track("L-1", {{"stage", "docs"}, {"task", {{"id", "c-1"}, {"due", "2026-11-16T18:00:00Z"}}}}, 1, *model);
  clock_.advance(48h);
  open();
  look(*model);
  EXPECT_THAT(told(), ::testing::UnorderedElementsAre("milepost.loan_stuck L-1", "milepost.task_overdue L-1"));
}

TEST_F(LoanWatch, ALoanThatMovedOnIsNotStuck) {
  const auto model = model_of(with_level(24h));
  track("L-1", {{"stage", "docs"}}, 1, *model);
  clock_.advance(23h);
  track("L-1", {{"stage", "underwriting"}}, 2, *model);
  clock_.advance(48h);
  look(*model);
  EXPECT_TRUE(told().empty());
}

TEST_F(LoanWatch, ANewDueDateIsToldAnew) {
  const auto& model = *Model::standard();
  track("L-1", {{"task", {{"id", "c-1"}, {"due", "2026-11-16T18:00:00Z"}}}}, 1, model);
  clock_.advance(4h);
  look(model);
  track("L-1", {{"task", {{"id", "c-1"}, {"due", "2026-11-17T18:00:00Z"}}}}, 2, model);
  clock_.advance(24h);
  look(model);
  EXPECT_EQ(told().size(), 2u);
}

TEST_F(LoanWatch, AnotherModelSetsEveryTimerAnew) {
  track("L-1", {{"stage", "docs"}}, 1, *Model::standard());
  ASSERT_TRUE(adopt(*store_, *Model::standard()));
  EXPECT_FALSE(store_->next_loan_due());
  const auto model = model_of(with_level(24h));
  ASSERT_TRUE(adopt(*store_, *model));
  EXPECT_EQ(store_->next_loan_due(), kMonday + 24h);
  EXPECT_TRUE(store_->definition(model->digest())) << "what an audit row names can be read";
}

TEST_F(LoanWatch, AnotherModelMapsWhatNobodyHadMapped) {
  track("L-1", {{"stage", "docs"}}, 1, *Model::standard());
  track("L-1", {{"stage", "CTC"}}, 2, *Model::standard());
  config::LoanModel definition;
  definition.synonyms["any"]["ctc"] = "approval";
  ASSERT_TRUE(adopt(*store_, *model_of(definition)));
  const auto loan = store_->loan("L-1");
  EXPECT_EQ(stage_of(read_json(loan->state).value()), "approval");
  EXPECT_EQ(loan->revision, 3);
}

TEST_F(LoanWatch, AStageThatIsMappedNowIsToldToWhoLacksItAndAsksMailBack) {
  config::LoanModel definition;
  definition.systems["crm"] = {"crm-in"};
  definition.owners["stage"] = {.owner = "los"};
  definition.mail.emplace();
  definition.mail->cooling_off = 4h;
  track("L-1", {{"stage", "docs"}}, 1, *model_of(definition));
  ASSERT_TRUE(store_->run([&](journal::Writer& writer) {
    Holdings crm;
    crm.hear("stage", {"docs", {}, {}, telemetry::to_micros(clock_.now())}, config::Compare::exact);
    writer.put_holding("L-1", "crm", crm.json());
    journal::NewEvent mailed;
    mailed.pipeline = "cards";
    mailed.id = "e-1";
    mailed.subject = mailed.lane = "L-1";
    mailed.payload = "{}";
    journal::Effect effect;
    effect.event = writer.accept(mailed, telemetry::new_id(clock_.now()), clock_.now()).event.sequence;
    effect.step = "card";
    effect.state = journal::EffectState::done;
    writer.put(effect);
    writer.put(journal::MailPiece{"L-1", effect.event, "card", "acme.send", "acme", clock_.now()});
  }));
  clock_.advance(1h);
  track("L-1", {{"stage", "Turned down"}}, 2, *model_of(definition));
  ASSERT_TRUE(adopt(*store_, *model_of(definition)));
  EXPECT_TRUE(told().empty());
  definition.synonyms["any"]["turned down"] = "denied";
  ASSERT_TRUE(adopt(*store_, *model_of(definition)));
  EXPECT_EQ(stage_of(read_json(store_->loan("L-1")->state).value()), "denied");
  EXPECT_THAT(told(), ::testing::ElementsAre("milepost.loan_changed L-1", "milepost.mail_recall L-1"));
}

TEST_F(LoanWatch, WakesByTheClock) {
  const auto model = model_of(with_level(24h));
  track("L-1", {{"stage", "docs"}}, 1, *model);
  Watch watch(*store_, clock_, [&] { return model; });
  watch.start();
  clock_.advance(25h);
  // Real time bounds a test that would hang; what it waits for is the condition.
  for (const auto end = std::chrono::steady_clock::now() + 20s; told().empty() && std::chrono::steady_clock::now() < end;) {
    clock_.advance(1min);
    std::this_thread::sleep_for(1ms);
  }
  watch.stop();
  EXPECT_THAT(told(), ::testing::ElementsAre("milepost.loan_stuck L-1"));
}

}  // namespace TEST_FILE
}  // namespace milepost::loans
