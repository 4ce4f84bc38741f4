// Dead letters opened again and doubts settled, on a real store.
#include "host/engine/recovery.hpp"

#include "host/audit/trail.hpp"
#include "host/loans/holdings.hpp"
#include "tests/host/journal/fixture.hpp"

namespace milepost::engine {
namespace TEST_FILE {

using journal::EffectState;
using journal::EventState;
using journal::milestone;

class Recovery : public journal::StoreTest {
 protected:
  const Order order_{"the vendor is back", "key:owner"};

  /// An event that has died, or is in doubt, at `card`, with `crm` done.
  journal::Event stuck(const std::string& id, const std::string& subject, EventState state = EventState::dead) {
    auto event = accept(milestone(id, subject)).event;
    event.state = state;
    event.step = "card";
    event.definition = "v1";
    event.loan_revision = 0;
    event.crashes = 1;
    event.fault = "card: 422";
    run([&](journal::Writer& writer) {
      writer.update(event);
      journal::Effect effect;
      effect.event = event.sequence;
      effect.step = "crm";
      effect.state = EffectState::done;
      effect.key = "k1";
      effect.answer = R"({"effect":"created","body":{"id":"8"}})";
      writer.put(effect);
      effect.step = "card";
      effect.state = state == EventState::dead ? EffectState::failed : EffectState::in_doubt;
      effect.key = "k2";
      effect.answer.clear();
      writer.put(effect);
    });
    return event;
  }
  journal::Event now(const journal::Event& event) { return *store->event(event.sequence); }
  journal::Effect effect(const journal::Event& event, const std::string& step) {
    for (auto& one : store->effects(event.sequence))
      if (one.step == step) return one;
    return {};
  }
  std::vector<journal::AuditRecord> admin_rows() { return store->audit({.kind = "admin"}); }
  std::vector<journal::Lane> woken() {
    const std::lock_guard lock(mutex_);
    return std::exchange(woken_, {});
  }
  void watch() {
    store->on_work([this](const std::vector<journal::Lane>& lanes) {
      const std::lock_guard lock(mutex_);
      woken_.insert(woken_.end(), lanes.begin(), lanes.end());
    });
  }
  ~Recovery() override { store->on_work({}); }

  std::mutex mutex_;
  std::vector<journal::Lane> woken_;
};

TEST_F(Recovery, OpensADeadLetterOnTheCurrentVersionAtTheFailedStep) {
  const auto dead = stuck("e-1", "L-1");
  run([&](journal::Writer& writer) { writer.append({"L-1", 1, 9, clock.now(), "{}"}); });
  watch();
  const auto opened = retry(*store, dead.sequence, order_, {});
  ASSERT_TRUE(opened) << opened.error().message;
  const auto event = now(dead);
  EXPECT_EQ(event.state, EventState::open);
  EXPECT_EQ(event.step, "card");
  EXPECT_EQ(event.definition, "") << "bound to the current version when it begins";
  EXPECT_EQ(event.loan_revision, 1);
  EXPECT_TRUE(event.late);
  EXPECT_EQ(event.crashes, 0u);
  EXPECT_EQ(event.fault, "");
  EXPECT_EQ(effect(dead, "crm").state, EffectState::done);
  EXPECT_EQ(effect(dead, "card").key, "k2");
  run([](journal::Writer&) {});
  EXPECT_EQ(woken(), std::vector<journal::Lane>({{"loan-milestones", "L-1"}}));

  const auto rows = admin_rows();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].row.user, "key:owner");
  EXPECT_EQ(rows[0].row.action, "retry");
  EXPECT_EQ(rows[0].row.event, dead.receipt);
  EXPECT_EQ(rows[0].row.step, "card");
  const auto details = read_json(rows[0].details->body);
  EXPECT_EQ(get<std::string>(*details, "/reason"), "the vendor is back");
  EXPECT_EQ(get<std::string>(*details, "/fault"), "card: 422");
  EXPECT_EQ(get<std::string>(*details, "/version"), "current");
}

TEST_F(Recovery, StaysOnTheVersionThatItBeganWithWhenAsked) {
  const auto dead = stuck("e-1", "L-1");
  auto order = order_;
  order.began = true;
  ASSERT_TRUE(retry(*store, dead.sequence, order, {}));
  EXPECT_EQ(now(dead).definition, "v1");
  EXPECT_EQ(now(dead).loan_revision, 0);
}

TEST_F(Recovery, RefusesWhatIsNoDeadLetterAndWhatHasNoReason) {
  const auto open = accept(milestone("e-1", "L-1")).event;
  const auto dead = stuck("e-2", "L-2");
  EXPECT_NE(retry(*store, open.sequence, order_, {}).error().message.find("is open, no dead letter"), std::string::npos);
  EXPECT_NE(retry(*store, 99, order_, {}).error().message.find("no such event"), std::string::npos);
  for (const char* reason : {"", " \n"})
    EXPECT_NE(retry(*store, dead.sequence, {reason, "key:owner"}, {}).error().message.find("reason is needed"), std::string::npos);
  EXPECT_FALSE(retry(*store, dead.sequence, {std::string(1001, 'x'), "key:owner"}, {}));
  EXPECT_EQ(now(dead).state, EventState::dead);
  ASSERT_TRUE(retry(*store, dead.sequence, order_, {}));
  EXPECT_FALSE(retry(*store, dead.sequence, order_, {})) << "it is open already";
  EXPECT_EQ(admin_rows().size(), 1u);
}

TEST_F(Recovery, OpensThoseThatAFilterSelectsOldestFirstInPages) {
  std::vector<journal::Event> dead;
  for (int i = 0; i < 450; ++i) dead.push_back(stuck("e-" + std::to_string(i), "L-" + std::to_string(i % 3)));
  const auto first = retry(*store, journal::EventFilter{.subject = "L-1"}, order_, {}, 1000);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->opened, 150u);
  EXPECT_FALSE(first->next);

  const auto second = retry(*store, journal::EventFilter{.pipeline = "loan-milestones", .step = "card"}, order_, {}, 250);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->opened, 250u);
  ASSERT_TRUE(second->next);
  std::uint64_t before = 0;
  for (const auto& row : store->audit({.kind = "admin", .after = 150, .limit = 500})) {
    const auto event = store->event_by_receipt(row.row.event);
    EXPECT_GT(event->sequence, before);
    before = event->sequence;
  }
  // One that has died again meanwhile is not opened a second time.
  set(now(dead[0]), EventState::dead);
  const auto third = retry(*store, journal::EventFilter{.after = *second->next}, order_, {}, 250);
  EXPECT_EQ(third->opened, 50u);
  EXPECT_FALSE(third->next);
  EXPECT_EQ(store->count(EventState::dead), 1u);
  EXPECT_EQ(retry(*store, journal::EventFilter{.type = "other"}, order_, {}, 250)->opened, 0u);
}

TEST_F(Recovery, SelectsByTheTimeOfAcceptance) {
  stuck("old", "L-1");
  clock.advance(std::chrono::hours(48));
  const auto from = clock.now();
  const auto middle = stuck("middle", "L-2");
  clock.advance(std::chrono::hours(1));
  const auto until = clock.now();
  stuck("new", "L-3");
  const auto retried = retry(*store, journal::EventFilter{.since = from, .until = until}, order_, {}, 100);
  ASSERT_TRUE(retried);
  EXPECT_EQ(retried->opened, 1u);
  EXPECT_EQ(now(middle).state, EventState::open);
}

TEST_F(Recovery, MapsAQuarantinedEventAgain) {
  auto raw = milestone("digest", "", R"({"loan": {"id": "L-7"}})");
  raw.quarantine = "the event has no subject";
  const auto quarantined = accept(raw).event;
  ASSERT_TRUE(store->quarantined(quarantined.sequence));

  const auto nobody = retry(*store, quarantined.sequence, order_, {});
  EXPECT_NE(nobody.error().message.find("never decoded"), std::string::npos) << nobody.error().message;
  const auto still = retry(*store, quarantined.sequence, order_, [&](const journal::Event&, const std::string&) { return Result<journal::NewEvent>(raw); });
  EXPECT_NE(still.error().message.find("it still is no event: the event has no subject"), std::string::npos);
  EXPECT_EQ(now(quarantined).state, EventState::dead);

  const Remap remap = [&](const journal::Event& event, const std::string& payload) -> Result<journal::NewEvent> {
    EXPECT_EQ(event.sequence, quarantined.sequence);
    return milestone("e-7", "L-7", payload);
  };
  watch();
  const auto admitted = retry(*store, quarantined.sequence, order_, remap);
  ASSERT_TRUE(admitted) << admitted.error().message;
  const auto event = now(quarantined);
  EXPECT_EQ(event.receipt, quarantined.receipt) << "what its sender was told still names it";
  EXPECT_EQ(event.state, EventState::open);
  EXPECT_EQ(event.subject, "L-7");
  EXPECT_EQ(event.lane, "L-7");
  EXPECT_TRUE(event.late);
  EXPECT_FALSE(store->quarantined(event.sequence));
  run([](journal::Writer&) {});
  EXPECT_EQ(woken(), std::vector<journal::Lane>({{"loan-milestones", "L-7"}}));
  // It is found by its id, whatever became of it, and remembered as a duplicate's first.
  ASSERT_EQ(store->events({.id = "e-7"}).size(), 1u);
  EXPECT_EQ(accept(milestone("e-7", "L-7")).verdict, journal::Writer::Verdict::duplicate);
}

TEST_F(Recovery, DoesNotLetAQuarantinedEventInTwice) {
  auto raw = milestone("digest", "", "{}");
  raw.quarantine = "the event has no subject";
  const auto quarantined = accept(raw).event;
  const auto again = accept(milestone("e-7", "L-7")).event;
  const auto refused = retry(*store, quarantined.sequence, order_, [](const journal::Event&, const std::string&) { return Result<journal::NewEvent>(milestone("e-7", "L-7")); });
  EXPECT_NE(refused.error().message.find("accepted since: " + again.receipt), std::string::npos) << refused.error().message;
  EXPECT_EQ(now(quarantined).state, EventState::dead);
  EXPECT_TRUE(admin_rows().empty());
}

TEST_F(Recovery, SaysWhyOthersOfAPageWereRefused) {
  auto raw = milestone("digest", "", "{}");
  raw.quarantine = "the event has no subject";
  const auto quarantined = accept(raw).event;
  stuck("e-1", "L-1");
  const auto retried = retry(*store, journal::EventFilter{}, order_, {}, 100);
  ASSERT_TRUE(retried);
  EXPECT_EQ(retried->opened, 1u);
  ASSERT_EQ(retried->refused.size(), 1u);
  EXPECT_EQ(retried->refused[0].receipt, quarantined.receipt);
}

TEST_F(Recovery, SettlesADoubtAsDoneWithAnAnswer) {
  const auto doubtful = stuck("e-1", "L-1", EventState::in_doubt);
  const auto settled = resolve(*store, doubtful.sequence, Settlement::done, Json{{"order_id", "o-1"}}, order_);
  ASSERT_TRUE(settled) << settled.error().message;
  EXPECT_EQ(now(doubtful).state, EventState::open);
  EXPECT_EQ(now(doubtful).step, "card");
  EXPECT_EQ(effect(doubtful, "card").state, EffectState::done);
  EXPECT_EQ(effect(doubtful, "card").key, "k2");
  EXPECT_EQ(get<std::string>(*read_json(effect(doubtful, "card").answer), "/body/order_id"), "o-1");
  const auto rows = admin_rows();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].row.action, "resolve");
  EXPECT_EQ(rows[0].row.outcome, "done");
  EXPECT_FALSE(resolve(*store, doubtful.sequence, Settlement::done, {}, order_)) << "it is settled already";
}

TEST_F(Recovery, WhatIsSettledAsDoneHasBeenTakenByTheSystemThatItWasWrittenTo) {
  const auto doubtful = stuck("e-1", "L-1", EventState::in_doubt);
  const auto sent = telemetry::to_micros(clock.now());
  run([&](journal::Writer& writer) {
    loans::Holdings holdings;
    holdings.write("phone", "1", doubtful.sequence, "card", sent);
    writer.put_holding("L-1", "crm", holdings.json());
  });
  const auto awaited = [&] { return loans::Holdings::from(store->holdings("L-1")["crm"]).awaits("phone", sent + 3'600'000'000); };
  EXPECT_TRUE(awaited());
  ASSERT_TRUE(resolve(*store, doubtful.sequence, Settlement::done, {}, order_));
  EXPECT_FALSE(awaited()) << "an hour later it has arrived for certain";
}

TEST_F(Recovery, SettlesADoubtByTryingAgain) {
  const auto doubtful = stuck("e-1", "L-1", EventState::in_doubt);
  ASSERT_TRUE(resolve(*store, doubtful.sequence, Settlement::retry, {}, order_));
  EXPECT_EQ(now(doubtful).state, EventState::open);
  EXPECT_EQ(effect(doubtful, "card").state, EffectState::in_doubt) << "the engine starts it anew, with its key";
  EXPECT_EQ(effect(doubtful, "card").key, "k2");
}

TEST_F(Recovery, AbandonsADoubtWithoutLettingAnotherSendIt) {
  const auto doubtful = stuck("e-1", "L-1", EventState::in_doubt);
  ASSERT_TRUE(resolve(*store, doubtful.sequence, Settlement::abandon, {}, order_));
  EXPECT_EQ(now(doubtful).state, EventState::dead);
  EXPECT_EQ(now(doubtful).fault, "abandoned in doubt: the vendor is back");
  EXPECT_EQ(effect(doubtful, "card").state, EffectState::in_doubt);
  ASSERT_TRUE(retry(*store, doubtful.sequence, order_, {})) << "a person may still change his mind";
}

TEST_F(Recovery, RefusesWhatIsNotInDoubtAndAnAnswerThatIsNone) {
  const auto dead = stuck("e-1", "L-1");
  const auto doubtful = stuck("e-2", "L-2", EventState::in_doubt);
  EXPECT_NE(resolve(*store, dead.sequence, Settlement::done, {}, order_).error().message.find("is dead, not in doubt"), std::string::npos);
  EXPECT_FALSE(resolve(*store, doubtful.sequence, Settlement::done, Json("42"), order_));
  EXPECT_FALSE(resolve(*store, doubtful.sequence, Settlement::retry, Json::object(), order_));
  EXPECT_FALSE(resolve(*store, doubtful.sequence, Settlement::done, {}, {"", "key:owner"}));
  EXPECT_TRUE(admin_rows().empty());
  EXPECT_EQ(audit::verify(*store).fault, "");
}

}  // namespace TEST_FILE
}  // namespace milepost::engine
