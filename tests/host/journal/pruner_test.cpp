// Retention: what goes, what must stay, and that the file stops growing.
#include "host/journal/pruner.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "tests/host/journal/fixture.hpp"
#include "tests/host/journal/raw.hpp"

namespace milepost::journal {
namespace TEST_FILE {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class Pruning : public StoreTest {
 protected:
  Event done(const std::string& id, const std::string& subject) {
    const Event event = accept(milestone(id, subject, "{\"a\": 1}")).event;
    set(event, EventState::done);
    return event;
  }
  void put(Sequence event, const std::string& step, EffectState state, const std::string& answer = "") {
    run([&](Writer& writer) {
      Effect effect;
      effect.event = event;
      effect.step = step;
      effect.state = state;
      effect.answer = answer;
      effect.ended_at = clock.now();
      writer.put(effect);
    });
  }
  void prune(std::chrono::hours after = 91 * 24h) {
    done("newest", "L-none");  // a sequence of its own, so that the others are not the newest
    clock.advance(after);
    pass();
  }
  void pass() { EXPECT_TRUE(pruner.pass()); }
  std::vector<Sequence> left() {
    std::vector<Sequence> sequences;
    for (const auto& event : store->events({.limit = 1000})) sequences.push_back(event.sequence);
    std::ranges::sort(sequences);
    return sequences;
  }
  std::int64_t rows(const std::string& table) { return Raw(path).number("SELECT count(*) FROM " + table); }

  Pruner pruner{*store, clock, {.events = 90 * 24h, .ids = 400 * 24h}};
};

TEST_F(Pruning, TakesPayloadEventAndEffectsOfWhatIsFinishedAndOldAndLeavesItsAuditRows) {
  const auto old = done("e-1", "L-1");
  put(old.sequence, "card", EffectState::done, "{}");
  run([](Writer& writer) {
    AuditRow row;
    row.sequence = 1;
    writer.append_audit_row(row, {"salt", "{}"});
  });
  clock.advance(50 * 24h);
  const auto young = done("e-2", "L-2");
  clock.advance(41 * 24h);
  pass();
  EXPECT_THAT(left(), ElementsAre(young.sequence));
  EXPECT_FALSE(store->payload(old.sequence));
  EXPECT_TRUE(store->payload(young.sequence));
  EXPECT_THAT(store->effects(old.sequence), IsEmpty());
  EXPECT_EQ(store->audit({}).size(), 1u);
}

TEST_F(Pruning, LeavesWhateverIsNotFinishedAndTheNewest) {
  for (const auto& [id, state] : {std::pair{"open", EventState::open},
                                  {"waiting", EventState::waiting},
                                  {"in doubt", EventState::in_doubt},
                                  {"dead", EventState::dead}}) {
    const auto event = accept(milestone(id, std::string("L-") + id)).event;
    if (state != EventState::open)
      set(event, state, state == EventState::waiting ? std::optional(kStart + 1000 * 24h) : std::nullopt);
  }
  done("gone", "L-1");
  prune(900 * 24h);
  EXPECT_THAT(left(), ElementsAre(1, 2, 3, 4, 6));
  for (Sequence event = 1; event <= 4; ++event) EXPECT_TRUE(store->payload(event));
}

TEST_F(Pruning, CountsFromTheLastOutcome) {
  const auto event = done("e-1", "L-1");
  done("newest", "L-2");
  clock.advance(80 * 24h);
  put(event.sequence, "card", EffectState::done);  // after a wait of weeks
  clock.advance(20 * 24h);
  pass();
  EXPECT_THAT(left(), ElementsAre(1, 2));
  clock.advance(71 * 24h);
  pass();
  EXPECT_THAT(left(), ElementsAre(2));
}

TEST_F(Pruning, ComesBackForWhatWasNotFinishedWhenItCameBy) {
  const auto event = accept(milestone("e-1", "L-1")).event;
  prune();
  EXPECT_THAT(left(), ElementsAre(1, 2));
  set(event, EventState::done);
  clock.advance(25h);
  pass();
  EXPECT_THAT(left(), ElementsAre(2));
}

TEST_F(Pruning, RemembersAnIdUntilItsOwnTimeIsOver) {
  const auto first = done("e-1", "L-1");
  prune();
  EXPECT_THAT(left(), ElementsAre(2));
  const auto again = accept(milestone("e-1", "L-1", "{\"a\": 1}"));
  EXPECT_EQ(again.verdict, Writer::Verdict::duplicate);
  EXPECT_EQ(again.event.receipt, first.receipt);
  EXPECT_FALSE(again.content_differs);
  clock.advance(310 * 24h);
  pass();
  EXPECT_EQ(accept(milestone("e-1", "L-1")).verdict, Writer::Verdict::accepted);
}

TEST_F(Pruning, ForgetsThePartsInWhichNoIdIsLeft) {
  done("e-1", "L-1");
  prune();
  ASSERT_EQ(Raw(path).execute("INSERT INTO known_ids VALUES (0, x'00'), (1, x'00'); UPDATE events SET sequence = 2 << 17"), "");
  pass();
  EXPECT_EQ(rows("known_ids"), 2);  // the first holds e-1
  clock.advance(310 * 24h);
  pass();
  EXPECT_EQ(rows("identities"), 0);
  EXPECT_EQ(rows("known_ids"), 0);
}

TEST_F(Pruning, RemembersTheIdOfAnEventThatIsStillThere) {
  set(accept(milestone("e-1", "L-1")).event, EventState::dead);
  prune(900 * 24h);
  EXPECT_EQ(accept(milestone("e-1", "L-1")).verdict, Writer::Verdict::duplicate);
}

TEST_F(Pruning, KeepsTheAnswerOfWhatWasDoneOnceForEver) {
  const auto event = done("e-1", "L-1");
  put(event.sequence, "crm", EffectState::done, "{\"body\":1}");
  put(event.sequence, "card", EffectState::done, "{\"body\":2}");
  run([&](Writer& writer) { writer.claim({"L-1/approval", event.sequence, "card"}); });
  prune(5000 * 24h);
  EXPECT_THAT(left(), ElementsAre(2));
  run([&](Writer& writer) {
    const auto holder = writer.claim({"L-1/approval", 2, "card"});
    ASSERT_TRUE(holder);
    EXPECT_EQ(holder->event, event.sequence);
    EXPECT_EQ(writer.effect(holder->event, holder->step)->answer, "{\"body\":2}");
  });
  EXPECT_EQ(rows("effects"), 1);
}

TEST_F(Pruning, KeepsWhatAnUnfinishedOlderEventOfTheLaneIsSupersededBy) {
  const auto waits = accept(milestone("e-1", "L-1")).event;
  set(waits, EventState::waiting, kStart + 200 * 24h);
  const auto later = done("e-2", "L-1");
  put(later.sequence, "card", EffectState::done);
  const auto other = done("e-3", "L-2");
  prune();
  EXPECT_THAT(left(), ElementsAre(1, 2, 4));
  EXPECT_FALSE(store->payload(later.sequence));  // the bulk goes all the same
  EXPECT_FALSE(store->event(other.sequence));
  run([&](Writer& writer) { EXPECT_TRUE(writer.finished_later("loan-milestones", "L-1", waits.sequence, "card")); });
  set(waits, EventState::done);
  clock.advance(91 * 24h);
  pass();
  EXPECT_THAT(left(), ElementsAre(4));
}

TEST_F(Pruning, KeepsTheLatestRevisionOfALoanAndThoseThatAnEventNames) {
  const auto track = [&](std::int64_t revision, Sequence event) {
    run([&](Writer& writer) { writer.append({"L-1", revision, event, clock.now(), "{}"}); });
  };
  for (std::int64_t i = 1; i <= 4; ++i) track(i, done(std::to_string(i), "L-1").sequence);
  auto other = milestone("waits", "L-1");
  other.pipeline = "another";  // in this one's lane it would also hold on to whatever comes later
  auto waits = accept(other).event;
  waits.loan_revision = 2;
  set(waits, EventState::waiting, kStart + 1000 * 24h);
  prune();
  EXPECT_TRUE(store->loan("L-1", 2)) << "an event names it";
  EXPECT_TRUE(store->loan("L-1", 4)) << "the latest";
  EXPECT_FALSE(store->loan("L-1", 1));
  EXPECT_FALSE(store->loan("L-1", 3));
  EXPECT_EQ(store->loan("L-1")->revision, 4);

  // Superseded only now: an event that has begun with it may not be written down yet.
  const auto last = done("last", "L-1");
  track(5, last.sequence);
  pass();
  EXPECT_TRUE(store->loan("L-1", 4));
  clock.advance(91 * 24h);
  done("newest of all", "L-9");
  pass();
  EXPECT_FALSE(store->loan("L-1", 4));
  EXPECT_TRUE(store->loan("L-1", 5));
}

TEST_F(Pruning, KeepsEverythingForEverWhenTold) {
  Pruner never(*store, clock, {.events = {}, .ids = {}});
  done("e-1", "L-1");
  done("newest", "L-2");
  clock.advance(50'000 * 24h);
  EXPECT_TRUE(never.pass());
  EXPECT_THAT(left(), ElementsAre(1, 2));
}

TEST_F(Pruning, GoesOnBehindEventsThatWereStampedByAWrongClock) {
  clock.advance(1000 * 24h);
  run([&](Writer& writer) {
    for (int i = 0; i < 300; ++i) {  // more than a page of them
      auto event =
          writer.accept(milestone("wrong " + std::to_string(i), "L-1"), telemetry::new_id(clock.now()), clock.now())
              .event;
      event.state = EventState::done;
      writer.update(event);
    }
  });
  clock.set(kStart);
  const auto right = done("right", "L-2");
  prune();
  EXPECT_FALSE(store->event(right.sequence));
  EXPECT_EQ(left().size(), 301u);
}

TEST_F(Pruning, OnItsOwnThreadLeavesTheWriterToOthers) {
  run([&](Writer& writer) {
    for (int i = 0; i < 2000; ++i) {
      auto event = writer
                       .accept(milestone(std::to_string(i), "L-" + std::to_string(i % 50)),
                               telemetry::new_id(clock.now()), clock.now())
                       .event;
      event.state = EventState::done;
      writer.update(event);
    }
  });
  clock.advance(91 * 24h);
  Pruner thread(*store, clock, {.events = 90 * 24h, .ids = 400 * 24h});
  thread.start();
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (left().size() > 1 && std::chrono::steady_clock::now() < until) {
    clock.advance(1min);
    const auto began = std::chrono::steady_clock::now();
    run([](Writer&) {});
    EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
  }
  EXPECT_EQ(left().size(), 1u);
}

TEST_F(Pruning, WaitsAfterAJumpOfTheClock) {
  done("e-1", "L-1");
  done("newest", "L-2");
  Pruner thread(*store, clock, {.events = 90 * 24h, .ids = 400 * 24h});
  thread.start();
  std::this_thread::sleep_for(50ms);  // it is waiting by now, or will see no jump: then the test shows less
  clock.advance(200 * 24h);
  for (int i = 0; i < 30; ++i) {
    std::this_thread::sleep_for(15ms);
    clock.advance(1min);
  }
  EXPECT_EQ(left().size(), 2u);
  for (int i = 0; i < 400 && left().size() > 1; ++i) {
    std::this_thread::sleep_for(15ms);
    clock.advance(1min);
  }
  EXPECT_EQ(left().size(), 1u);
}

/// Two days of load, an event each few seconds of the clock, kept for six hours, its id for twelve.
TEST_F(Pruning, KeepsTheFileAsLargeAsItWasAfterTheFirstDay) {
  Pruner day(*store, clock, {.events = 6h, .ids = 12h});
  const std::string payload(2400, 'p');
  std::vector<std::uintmax_t> sizes;
  int number = 0;
  for (int hour = 0; hour < 48; ++hour) {
    for (int quarter = 0; quarter < 4; ++quarter) {
      run([&](Writer& writer) {
        for (int i = 0; i < 150; ++i, ++number) {
          const auto subject = "L-" + std::to_string(number % 997);
          auto event = writer
                           .accept(milestone("e-" + std::to_string(number), subject, payload),
                                   telemetry::new_id(clock.now()), clock.now())
                           .event;
          for (const char* step : {"crm", "card"}) {
            Effect effect;
            effect.event = event.sequence;
            effect.step = step;
            effect.state = EffectState::done;
            effect.key = std::string(32, 'k');
            effect.answer = std::string(200, 'a');
            effect.ended_at = clock.now();
            writer.put(effect);
          }
          const auto latest = writer.loan(subject);
          writer.append(
              {subject, (latest ? latest->revision : 0) + 1, event.sequence, event.time, std::string(300, 's')});
          event.loan_revision = latest ? latest->revision : 0;
          event.state = EventState::done;
          writer.update(event);
        }
      });
      clock.advance(15min);
      EXPECT_TRUE(day.pass());
    }
    if (hour % 24 == 23) {
      Raw(path).execute("PRAGMA wal_checkpoint(TRUNCATE)");
      sizes.push_back(std::filesystem::file_size(path));
    }
  }
  EXPECT_EQ(number, 28'800);
  EXPECT_LT(static_cast<double>(sizes[1]), 1.05 * static_cast<double>(sizes[0])) << sizes[0] << " then " << sizes[1];
  EXPECT_LT(rows("events"), 4000);
  EXPECT_LT(rows("identities"), 15'000 + 7300);
  EXPECT_LT(rows("loans"), 5000);
}

}  // namespace TEST_FILE
}  // namespace milepost::journal
