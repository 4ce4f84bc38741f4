// When more may come in, and when it may again.
#include "host/intake/admission.hpp"

#include <gmock/gmock.h>

#include "host/journal/pruner.hpp"
#include "tests/host/journal/fixture.hpp"

namespace milepost::intake {
namespace TEST_FILE {

using namespace std::chrono_literals;
using journal::Event;
using journal::EventState;
using journal::milestone;
using ::testing::AllOf;
using ::testing::HasSubstr;

class AdmissionTest : public journal::StoreTest {
 protected:
  Admission with(AdmissionLimits limits) {
    return Admission(*store, clock, limits, [](const std::string& pipeline) { return pipeline == "loan-milestones"; });
  }
  void begin(Event event) {
    event.definition = "some digest";
    run([&](journal::Writer& writer) { writer.update(event); });
  }
};

TEST_F(AdmissionTest, IsOpenWithinAllLimits) {
  auto admission = with({.store = 1ULL << 40, .free = 1, .backlog = 24h});
  accept(milestone("e-1", "L-1"));
  admission.look();
  EXPECT_EQ(admission.refusal(), "");
  EXPECT_EQ(admission.verdict().cause, "");
}

TEST_F(AdmissionTest, NoLimitMeansNone) {
  accept(milestone("e-1", "L-1"));
  clock.advance(1000 * 24h);
  auto admission = with({});
  admission.look();
  EXPECT_EQ(admission.refusal(), "");
}

TEST_F(AdmissionTest, ClosesAtTheStoresLimitAndOpensWhenEnoughIsPruned) {
  for (int i = 0; i < 200; ++i) accept(milestone(std::to_string(i), "L-1", std::string(20'000, 'p')));
  reopen();  // the WAL is copied
  const auto full = store->usage();
  EXPECT_GT(full.used(), 4'000'000u);
  EXPECT_GT(full.free, 0u);
  auto admission = with({.store = full.used() - 1000});
  admission.look();
  EXPECT_THAT(admission.refusal(), HasSubstr("no room"));
  EXPECT_THAT(admission.verdict().cause, AllOf(HasSubstr("MiB are in use"), HasSubstr("limits.store")));
  EXPECT_THAT(admission.verdict().remedy, HasSubstr("retention.events"));

  for (const auto& event : store->events({.limit = 1000})) set(event, EventState::done);
  clock.advance(91 * 24h);
  journal::Pruner pruner(*store, clock, {.events = 90 * 24h, .ids = {}});
  EXPECT_TRUE(pruner.pass());
  const auto pruned = store->usage();
  EXPECT_GE(pruned.file + pruned.wal, full.file) << "a file does not shrink: its free pages are room";
  EXPECT_LT(pruned.used() - pruned.wal, full.used() / 4);
}

TEST_F(AdmissionTest, ClosesBeforeTheDiskIsFull) {
  auto admission = with({.free = 1ULL << 60});
  admission.look();
  EXPECT_NE(admission.refusal(), "");
  EXPECT_THAT(admission.verdict().cause, HasSubstr("limits.free"));
  EXPECT_THAT(admission.verdict().remedy, HasSubstr("make room"));
}

TEST_F(AdmissionTest, ClosesWhenAnEventWaitsTooLongForItsTurnAndOpensWhenItHasBegun) {
  auto admission = with({.backlog = 24h});
  const auto first = accept(milestone("e-1", "L-1")).event;
  clock.advance(25h);
  accept(milestone("e-2", "L-2"));
  admission.look();
  EXPECT_THAT(admission.refusal(), HasSubstr("behind"));
  EXPECT_THAT(admission.verdict().cause, AllOf(HasSubstr("25h"), HasSubstr("limits.backlog")));
  begin(first);
  admission.look();
  EXPECT_EQ(admission.refusal(), "");
  clock.advance(25h);
  admission.look();
  EXPECT_NE(admission.refusal(), "") << "the other one has not begun";
}

TEST_F(AdmissionTest, OpensOnlyWhenWellWithinTheLimit) {
  auto admission = with({.backlog = 100h});
  accept(milestone("e-1", "L-1"));
  clock.advance(101h);
  admission.look();
  EXPECT_NE(admission.refusal(), "");
  clock.advance(-2h);
  admission.look();
  EXPECT_NE(admission.refusal(), "") << "99 hours";
  clock.advance(-2h);
  admission.look();
  EXPECT_EQ(admission.refusal(), "") << "97 hours";
}

TEST_F(AdmissionTest, WaitsForNobodyWhoIsHeldOrDoesNotRun) {
  auto admission = with({.backlog = 24h});
  begin(accept(milestone("held", "L-1")).event);  // retries, or its connection is paused
  accept(milestone("behind it", "L-1"));
  auto other = milestone("of a broken pipeline", "L-1");
  other.pipeline = "broken";
  accept(other);
  auto resumed = accept(milestone("resumed", "L-2")).event;
  resumed.late = true;
  set(resumed, EventState::open);
  clock.advance(100 * 24h);
  admission.look();
  EXPECT_EQ(admission.refusal(), "");
}

TEST_F(AdmissionTest, FindsTheOldestHoweverManyHaveEnded) {
  run([&](journal::Writer& writer) {
    for (int i = 0; i < 60'000; ++i) {
      auto event =
          writer.accept(milestone(std::to_string(i), "L-1"), telemetry::new_id(clock.now()), clock.now()).event;
      event.state = EventState::done;
      writer.update(event);
    }
  });
  accept(milestone("waits", "L-2"));
  clock.advance(25h);
  auto admission = with({.backlog = 24h});
  admission.look();
  admission.look();  // 50,000 rows a look
  EXPECT_NE(admission.refusal(), "");
}

}  // namespace TEST_FILE
}  // namespace milepost::intake
