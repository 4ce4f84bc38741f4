#include "host/loans/mail_budget.hpp"

#include <stdlib.h>

#include <filesystem>

#include "tests/host/loans/loans_rig.hpp"

namespace milepost::loans {
namespace TEST_FILE {

using namespace std::chrono_literals;
using Kind = MailVerdict::Kind;

class MailBudgetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "budget-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    auto store = journal::Store::open({.path = folder_ + "/milepost.db", .clock = &clock_, .read_only = false});
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
    definition_.mail.emplace();
    definition_.mail->budget = config::MailBudget{.a_day = 2, .at = 16h, .best = "", .lapse = {}};
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  /// A piece of an event that is there; returns its number.
  journal::Sequence piece() {
    journal::Sequence sequence = 0;
    EXPECT_TRUE(store_->run([&](journal::Writer& writer) {
      journal::NewEvent event;
      event.pipeline = "mail";
      event.id = "e-" + std::to_string(++count_);
      event.subject = event.lane = "L-" + std::to_string(count_);
      event.payload = "{}";
      sequence = writer.accept(event, telemetry::new_id(clock_.now()), clock_.now()).event.sequence;
    }));
    return sequence;
  }
  MailVerdict turn(journal::Sequence event, std::optional<double> worth = {}) {
    MailVerdict verdict;
    EXPECT_TRUE(store_->run([&](journal::Writer& writer) {
      verdict = {};
      verdict.worth = worth;
      take_turn(writer, *model_of(definition_), {event, "card"}, verdict, clock_.now());
    }));
    return verdict;
  }
  /// How the pieces stand, in order: g(o), w(ait), l(apse).
  std::string turns(const std::vector<journal::Sequence>& events) {
    std::string out;
    for (const auto event : events) {
      const auto kind = turn(event).kind;
      out += kind == Kind::go ? 'g' : kind == Kind::lapse ? 'l' : 'w';
    }
    return out;
  }

  telemetry::ManualClock clock_{kMonday};  // 15:00 UTC: an hour before the draw
  std::string folder_;
  std::unique_ptr<journal::Store> store_;
  config::LoanModel definition_;
  int count_ = 0;
};

TEST_F(MailBudgetTest, WithoutABudgetEachGoesAtOnce) {
  definition_.mail->budget.reset();
  EXPECT_EQ(turn(piece()).kind, Kind::go);
}

TEST_F(MailBudgetTest, EachWaitsForTheDraw) {
  const auto verdict = turn(piece());
  EXPECT_EQ(verdict.kind, Kind::wait);
  EXPECT_EQ(verdict.until, kMonday + 1h);
}

TEST_F(MailBudgetTest, TheBestGoFirstAndTheRestWaitsForTheNextDay) {
  const auto a = piece(), b = piece(), c = piece(), d = piece(), e = piece();
  for (const auto& [event, worth] : {std::pair(a, 0.1), std::pair(b, 0.9), std::pair(c, 0.5), std::pair(d, 0.7), std::pair(e, 0.3)}) turn(event, worth);
  clock_.advance(1h);
  EXPECT_EQ(turns({a, b, c, d, e}), "wgwgw");
  EXPECT_EQ(turn(a).until, kMonday + 25h);
  clock_.advance(24h);
  EXPECT_EQ(turns({a, c, e}), "wgg");
  clock_.advance(24h);
  EXPECT_EQ(turns({a}), "g");
}

TEST_F(MailBudgetTest, WhatCannotBeWeighedGoesLastAndOtherwiseTheOldestFirst) {
  const auto a = piece();
  turn(a);
  const auto b = piece();
  turn(b, 0.0);
  clock_.advance(1min);
  const auto c = piece();
  turn(c, 0.0);
  clock_.advance(1h);
  EXPECT_EQ(turns({c, b, a}), "ggw");
}

TEST_F(MailBudgetTest, WhatComesAfterTheDrawWaitsForTheNext) {
  const auto a = piece();
  turn(a);
  clock_.advance(1h);
  EXPECT_EQ(turns({a}), "g");
  const auto late = piece();
  EXPECT_EQ(turn(late).kind, Kind::wait);
  EXPECT_EQ(turn(late).kind, Kind::wait) << "though the day's budget is not used up";
  clock_.advance(24h);
  EXPECT_EQ(turns({late}), "g");
}

TEST_F(MailBudgetTest, DaysThatTheHostWasDownAreNotMadeUp) {
  std::vector<journal::Sequence> all;
  for (int i = 0; i < 6; ++i) turn(all.emplace_back(piece()));
  clock_.advance(24h * 5);
  EXPECT_EQ(turns(all), "ggwwww");
}

TEST_F(MailBudgetTest, WhatHasItsTurnAndCannotLeaveYetCountsForTheDayOnWhichItDoes) {
  std::vector<journal::Sequence> all;
  for (int i = 0; i < 5; ++i) turn(all.emplace_back(piece()), 5.0 - i);
  clock_.advance(1h);
  EXPECT_EQ(turn(all[4]).kind, Kind::wait) << "the draw is made: for the first two, whose connection is away";
  clock_.advance(24h);
  EXPECT_EQ(turn(all[4]).kind, Kind::wait);
  EXPECT_EQ(turns(all), "ggwww") << "two a day, and not the four of two days";
  clock_.advance(24h);
  EXPECT_EQ(turns({all[2], all[3], all[4]}), "ggw");
}

TEST_F(MailBudgetTest, WhatWaitedTooLongLapses) {
  definition_.mail->budget->lapse = 24h;
  const auto a = piece(), b = piece(), c = piece();
  for (const auto event : {a, b, c}) turn(event);
  clock_.advance(1h);
  EXPECT_EQ(turns({a, b, c}), "ggw");
  definition_.mail->budget->a_day = 1;
  const auto d = piece();
  turn(d, 1.0);
  clock_.advance(24h);
  const auto verdict = turn(c);
  EXPECT_EQ(verdict.kind, Kind::lapse) << "a better one took the day's place";
  EXPECT_THAT(verdict.reason, ::testing::HasSubstr("lapsed"));
  EXPECT_EQ(turns({d}), "g");
}

TEST_F(MailBudgetTest, AnEventThatIsGivenUpTakesNoPlace) {
  const auto a = piece(), b = piece(), c = piece();
  for (const auto event : {a, b, c}) turn(event);
  ASSERT_TRUE(store_->run([&](journal::Writer& writer) {
    auto event = *writer.event(a);
    event.state = journal::EventState::dead;
    writer.update(event);
  }));
  clock_.advance(1h);
  EXPECT_EQ(turns({b, c}), "gg");
}

}  // namespace TEST_FILE
}  // namespace milepost::loans
