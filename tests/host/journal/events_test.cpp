#include <gmock/gmock.h>

#include "tests/host/journal/fixture.hpp"

namespace milepost::journal {
namespace TEST_FILE {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Verdict = Writer::Verdict;

class Events : public StoreTest {
 protected:
  std::vector<std::string> ids(const EventFilter& filter) {
    std::vector<std::string> found;
    for (const Event& event : store->events(filter)) found.push_back(event.id);
    return found;
  }
};

TEST_F(Events, AreKeptWholeAcrossAReopening) {
  NewEvent event = milestone("e-1", "L-1001", std::string("{\"amount\": 25000.00}\0\xff", 22));
  event.revision = "7";
  event.reason = "approved by the committee";
  event.time = kStart - std::chrono::hours(1);
  const auto accepted = accept(event);
  EXPECT_EQ(accepted.verdict, Verdict::accepted);
  reopen();

  const auto stored = store->event_by_receipt(accepted.event.receipt);
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->sequence, 1u);
  EXPECT_EQ(stored->pipeline, "loan-milestones");
  EXPECT_EQ(stored->source, "los");
  EXPECT_EQ(stored->id, "e-1");
  EXPECT_EQ(stored->revision, "7");
  EXPECT_EQ(stored->type, "stage.changed");
  EXPECT_EQ(stored->subject, "L-1001");
  EXPECT_EQ(stored->lane, "L-1001");
  EXPECT_EQ(stored->actor, "u-17");
  EXPECT_EQ(stored->reason, "approved by the committee");
  EXPECT_EQ(stored->time, event.time);
  EXPECT_EQ(stored->accepted_at, kStart);
  EXPECT_EQ(stored->state, EventState::open);
  EXPECT_EQ(stored->payload_digest, telemetry::hex(telemetry::sha256(event.payload)));
  EXPECT_EQ(store->payload(1), event.payload);
}

TEST_F(Events, GetTheTimeOfAcceptanceWhenTheSenderSaysNone) {
  EXPECT_EQ(accept(milestone("e-1", "L-1")).event.time, kStart);
}

TEST_F(Events, OfTheSameIdAreDuplicates) {
  const auto first = accept(milestone("e-1", "L-1", "{\"a\":1}"));
  clock.advance(std::chrono::hours(24 * 399));
  reopen();

  const auto same = accept(milestone("e-1", "L-1", "{\"a\":1}"));
  EXPECT_EQ(same.verdict, Verdict::duplicate);
  EXPECT_EQ(same.event.receipt, first.event.receipt);
  EXPECT_FALSE(same.content_differs);

  const auto other = accept(milestone("e-1", "L-1", "{\"a\":2}"));
  EXPECT_EQ(other.verdict, Verdict::duplicate);
  EXPECT_TRUE(other.content_differs);
  EXPECT_EQ(store->count(EventState::open), 1u);
}

TEST_F(Events, OfTheSameIdInOnePieceOfWorkAreDuplicates) {
  std::vector<Verdict> verdicts;
  run([&](Writer& writer) {
    verdicts = {writer.accept(milestone("e-1", "L-1"), "r-1", kStart).verdict,
                writer.accept(milestone("e-1", "L-1"), "r-2", kStart).verdict};
  });
  EXPECT_THAT(verdicts, ElementsAre(Verdict::accepted, Verdict::duplicate));
}

TEST_F(Events, OfTheSameIdInAnotherPipelineAreNew) {
  accept(milestone("e-1", "L-1"));
  NewEvent elsewhere = milestone("e-1", "L-1");
  elsewhere.pipeline = "crf-leads";
  EXPECT_EQ(accept(elsewhere).verdict, Verdict::accepted);
}

TEST_F(Events, OfAnotherRevisionAreNewAndTheLatestCounts) {
  NewEvent event = milestone("doc-1", "L-1");
  const auto in = [&](const std::string& revision) {
    event.revision = revision;
    return accept(event).verdict;
  };
  EXPECT_EQ(in("1"), Verdict::accepted);
  EXPECT_EQ(in("1"), Verdict::duplicate);
  EXPECT_EQ(in("2"), Verdict::accepted);
  EXPECT_EQ(in("2"), Verdict::duplicate);
  EXPECT_EQ(in(""), Verdict::duplicate);  // no revision: the id alone counts
  EXPECT_EQ(in("1"), Verdict::accepted);  // the latest accepted is 2
  EXPECT_EQ(accept(event).event.sequence, 3u);
  EXPECT_THAT(ids({.id = "doc-1"}), ElementsAre("doc-1", "doc-1", "doc-1"));
}

TEST_F(Events, InQuarantineAreDeadFromTheStartAndNoIds) {
  NewEvent bad = milestone("e-1", "", "not JSON");
  bad.lane = "";
  bad.quarantine = "not valid JSON at byte 1";
  const auto quarantined = accept(bad);
  EXPECT_EQ(quarantined.verdict, Verdict::quarantined);
  EXPECT_EQ(quarantined.event.state, EventState::dead);
  EXPECT_EQ(quarantined.event.fault, "not valid JSON at byte 1");
  EXPECT_EQ(quarantined.event.lane, quarantined.event.receipt);
  EXPECT_EQ(store->payload(1), "not JSON");
  EXPECT_THAT(store->open_lanes("loan-milestones", {}, 10), IsEmpty());

  EXPECT_EQ(accept(milestone("e-1", "L-1")).verdict, Verdict::accepted);
  EXPECT_EQ(store->events({.id = "e-1"}).size(), 2u);
}

TEST_F(Events, WithoutALaneGetOneOfTheirOwn) {
  NewEvent loose = milestone("e-1", "");
  const auto accepted = accept(loose);
  EXPECT_EQ(accepted.event.lane, accepted.event.receipt);
  EXPECT_EQ(store->open_lanes("loan-milestones", {}, 10).size(), 1u);
}

TEST_F(Events, KeepTheOrderOfTheirLane) {
  for (const auto& [id, subject] : {std::pair{"1", "L-1"}, {"2", "L-2"}, {"3", "L-1"}, {"4", "L-1"}})
    accept(milestone(id, subject));
  const Lane lane{"loan-milestones", "L-1"};
  EXPECT_EQ(store->head(lane)->event.id, "1");
  set(store->head(lane)->event, EventState::done);
  EXPECT_EQ(store->head(lane)->event.id, "3");
  set(store->head(lane)->event, EventState::in_doubt);  // releases the lane
  EXPECT_EQ(store->head(lane)->event.id, "4");
  set(*store->event(3), EventState::open);  // a person's retry: the oldest again
  EXPECT_EQ(store->head(lane)->event.id, "3");
  EXPECT_FALSE(store->head({"loan-milestones", "L-3"}));
  EXPECT_TRUE(store->head(lane)->more);
  EXPECT_FALSE(store->head({"loan-milestones", "L-2"})->more);
  EXPECT_THAT(store->open_pipelines(), ElementsAre("loan-milestones"));
}

TEST_F(Events, PlannedOnAConnectionAreFoundOldestFirst) {
  for (int i = 1; i <= 4; ++i) accept(milestone(std::to_string(i), "L-" + std::to_string(i)));
  const auto plan = [&](Sequence event, const std::string& connection, std::optional<Time> next) {
    Effect effect;
    effect.event = event;
    effect.step = "card";
    effect.connection = connection;
    effect.next_at = next;
    ASSERT_TRUE(store->run([effect](Writer& writer) { writer.put(effect); }));
  };
  plan(3, "postcards", {});
  plan(1, "postcards", kStart);
  plan(2, "postcards", kStart + std::chrono::hours(1));  // a retry whose time has not come
  plan(4, "crm", {});
  const auto lane = [](const std::string& subject) { return Lane{"loan-milestones", subject}; };
  EXPECT_THAT(store->planned("postcards", kStart, 0, 10).lanes, ElementsAre(lane("L-1"), lane("L-3")));
  const auto first = store->planned("postcards", kStart, 0, 1);
  EXPECT_THAT(first.lanes, ElementsAre(lane("L-1")));
  EXPECT_THAT(store->planned("postcards", kStart, first.last, 10).lanes, ElementsAre(lane("L-3")));
  set(*store->event(1), EventState::in_doubt);
  EXPECT_THAT(store->planned("postcards", kStart, 0, 10).lanes, ElementsAre(lane("L-3")));
}

TEST_F(Events, OpenLanesAreWalkedInPages) {
  std::vector<Lane> expected;
  for (int lane = 10; lane < 30; ++lane) {
    for (int i = 0; i < 5; ++i) accept(milestone(std::to_string(lane * 10 + i), "L-" + std::to_string(lane)));
    expected.push_back({"loan-milestones", "L-" + std::to_string(lane)});
  }
  set(*store->event(1), EventState::done);
  std::vector<Lane> walked;
  for (auto page = store->open_lanes("loan-milestones", {}, 7); !page.empty(); page = store->open_lanes("loan-milestones", page.back().lane, 7))
    walked.insert(walked.end(), page.begin(), page.end());
  EXPECT_EQ(walked, expected);
}

TEST_F(Events, AreDueWhenTheirTimeHasCome) {
  for (int i = 1; i <= 4; ++i) accept(milestone(std::to_string(i), "L-1"));
  set(*store->event(1), EventState::waiting, kStart + std::chrono::hours(3));
  set(*store->event(2), EventState::waiting, kStart + std::chrono::hours(1));
  set(*store->event(3), EventState::waiting, kStart + std::chrono::hours(72));
  EXPECT_THAT(store->due(kStart, 10), IsEmpty());
  EXPECT_EQ(store->next_due(), kStart + std::chrono::hours(1));
  EXPECT_THAT(store->due(kStart + std::chrono::hours(3), 10), ElementsAre(2u, 1u));
  EXPECT_THAT(store->due(kStart + std::chrono::hours(3), 1), ElementsAre(2u));
  set(*store->event(2), EventState::open);
  EXPECT_EQ(store->next_due(), kStart + std::chrono::hours(3));
}

TEST_F(Events, KeepEveryFieldThatTheEngineUpdates) {
  Event event = accept(milestone("e-1", "L-1")).event;
  event.state = EventState::dead;
  event.step = "card";
  event.definition = std::string(64, 'a');
  event.loan_revision = 4;
  event.late = true;
  event.crashes = 2;
  event.fault = "no such design";
  run([&](Writer& writer) { writer.update(event); });
  const auto stored = *store->event(1);
  EXPECT_EQ(stored.state, EventState::dead);
  EXPECT_EQ(stored.step, "card");
  EXPECT_EQ(stored.definition, event.definition);
  EXPECT_EQ(stored.loan_revision, 4);
  EXPECT_TRUE(stored.late);
  EXPECT_EQ(stored.crashes, 2u);
  EXPECT_EQ(stored.fault, "no such design");

  event.sequence = 99;
  const Status missing = store->run([&](Writer& writer) { writer.update(event); });
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::internal);
}

TEST_F(Events, AreListedNewestFirstByEachFilter) {
  for (int i = 1; i <= 6; ++i) accept(milestone("e-" + std::to_string(i), i % 2 ? "L-odd" : "L-even"));
  NewEvent lead = milestone("lead", "L-lead");
  lead.pipeline = "crf-leads";
  lead.type = "lead.created";
  const auto receipt = accept(lead).event.receipt;
  set(*store->event(3), EventState::done);
  set(*store->event(5), EventState::dead);

  EXPECT_THAT(ids({}), ElementsAre("lead", "e-6", "e-5", "e-4", "e-3", "e-2", "e-1"));
  EXPECT_THAT(ids({.limit = 2}), ElementsAre("lead", "e-6"));
  EXPECT_THAT(ids({.before = 6, .limit = 2}), ElementsAre("e-5", "e-4"));
  EXPECT_THAT(ids({.before = 1}), IsEmpty());
  EXPECT_THAT(ids({.subject = "L-odd"}), ElementsAre("e-5", "e-3", "e-1"));
  EXPECT_THAT(ids({.subject = "L-odd", .before = 5, .limit = 1}), ElementsAre("e-3"));
  EXPECT_THAT(ids({.pipeline = "crf-leads"}), ElementsAre("lead"));
  EXPECT_THAT(ids({.type = "lead.created"}), ElementsAre("lead"));
  EXPECT_THAT(ids({.id = "e-4"}), ElementsAre("e-4"));
  EXPECT_THAT(ids({.receipt = receipt}), ElementsAre("lead"));
  EXPECT_THAT(ids({.state = EventState::done}), ElementsAre("e-3"));
  EXPECT_THAT(ids({.state = EventState::dead}), ElementsAre("e-5"));
  EXPECT_THAT(ids({.pipeline = "loan-milestones", .state = EventState::open, .limit = 2}), ElementsAre("e-6", "e-4"));
  EXPECT_THAT(ids({.pipeline = "it's \"; DROP TABLE events; --"}), IsEmpty());
  EXPECT_EQ(store->count(EventState::open), 5u);
  EXPECT_EQ(store->count(EventState::done), 1u);
}

}  // namespace TEST_FILE
}  // namespace milepost::journal
