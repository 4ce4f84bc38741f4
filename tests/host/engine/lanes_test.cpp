#include "host/engine/lanes.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>

#include "host/engine/gatherer.hpp"

namespace milepost::engine {
namespace TEST_FILE {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Lanes whose turns and walks are counted, not taken.
class LanesTest : public ::testing::Test {
 protected:
  Lanes lanes{[this](std::size_t more) { turns += more; }, [this](const std::string& pipeline) { walks.push_back(pipeline); }};
  std::size_t turns = 0;
  std::vector<std::string> walks;

  /// Takes as many turns as are posted; the subjects, in order.
  std::vector<std::string> take_all() {
    std::vector<std::string> taken;
    for (; turns > 0; --turns) {
      const auto lane = lanes.take();
      if (!lane) continue;
      taken.push_back(lane->key.pipeline + " " + lane->key.lane);
      held.push_back(lane);
    }
    return taken;
  }
  std::vector<LanePtr> held;
};

TEST_F(LanesTest, WakesManyWithOneCallWithATurnForEachThatWasNotAtWork) {
  lanes.wake({"p", "0"});
  lanes.wake_all({{"p", "0"}, {"p", "1"}, {"q", "0"}});
  lanes.wake_all({{"p", "1"}});
  EXPECT_EQ(turns, 3u);
  EXPECT_THAT(take_all(), ElementsAre("p 0", "q 0", "p 1"));
}

TEST_F(LanesTest, PipelinesTakeTurns) {
  for (int i = 0; i < 4; ++i) lanes.wake({"flooded", std::to_string(i)});
  lanes.wake({"calm", "0"});
  EXPECT_THAT(take_all(), ElementsAre("flooded 0", "calm 0", "flooded 1", "flooded 2", "flooded 3"));
  EXPECT_EQ(lanes.size(), 5u);
}

TEST_F(LanesTest, ALaneIsNeverTakenTwiceAtATime) {
  lanes.wake({"p", "L-1"});
  lanes.wake({"p", "L-1"});
  ASSERT_THAT(take_all(), ElementsAre("p L-1"));
  lanes.wake({"p", "L-1"});  // while it is at work
  EXPECT_THAT(take_all(), IsEmpty());
  lanes.leave(held[0]);  // it was woken: it comes again
  EXPECT_THAT(take_all(), ElementsAre("p L-1"));
  lanes.leave(held[1]);
  EXPECT_THAT(take_all(), IsEmpty());
  EXPECT_TRUE(lanes.idle());
}

TEST_F(LanesTest, AsManyMoveAsMayAndTheOthersFollowWhenTheyRest) {
  for (int i = 0; i < 1030; ++i) lanes.wake({"p", std::to_string(i)});
  EXPECT_EQ(take_all().size(), 1024u);
  lanes.rest(held[0]);  // into a connection's queue
  lanes.leave(held[1]);
  lanes.again(held[2]);  // its next turn comes after the others'
  EXPECT_THAT(take_all(), ElementsAre("p 1024", "p 1025", "p 1026"));
  for (int i = 3; i < 8; ++i) lanes.leave(held[i]);
  EXPECT_THAT(take_all(), ElementsAre("p 1027", "p 1028", "p 1029", "p 2"));
}

TEST_F(LanesTest, WhatFindsNoRoomIsWalkedForLater) {
  for (int i = 0; i < 5000; ++i) lanes.wake({"p", std::to_string(i)});
  EXPECT_EQ(lanes.size(), 4096u);
  EXPECT_FALSE(lanes.idle());
  EXPECT_THAT(walks, IsEmpty());
  for (std::size_t taken = 0; taken < 3000;) {
    taken += take_all().size();
    for (const auto& lane : held) lanes.leave(lane);
    held.clear();
  }
  EXPECT_THAT(walks, ElementsAre("p"));  // asked once, when there is room again
}

class Walk : public LanesTest {
 protected:
  Walk() {
    char name[] = "/tmp/milepost-lanes-XXXXXX";
    folder = ::mkdtemp(name);
    store = *journal::Store::open({.path = folder + "/store.db", .clock = &clock});
  }
  ~Walk() override { std::filesystem::remove_all(folder); }
  void accept(const std::string& pipeline, int lane) {
    journal::NewEvent event;
    event.pipeline = pipeline;
    event.id = pipeline + std::to_string(lane);
    event.lane = event.subject = std::to_string(lane);
    event.payload = "{}";
    ASSERT_TRUE(store->run([&](journal::Writer& writer) { writer.accept(event, telemetry::new_id(clock.now()), clock.now()); }));
  }
  telemetry::ManualClock clock{telemetry::Time(std::chrono::hours(24 * 20000))};
  std::string folder;
  std::unique_ptr<journal::Store> store;
};

TEST_F(Walk, FindsEachLaneOfOnePipelineOnce) {
  for (int i = 100; i < 700; ++i) accept("p", i);
  accept("q", 1);
  EXPECT_THAT(store->open_pipelines(), ElementsAre("p", "q"));
  lanes.behind("p");
  while (!walks.empty()) {
    walks.pop_back();
    lanes.page("p", *store);
  }
  const auto taken = take_all();
  EXPECT_EQ(taken.size(), 600u);
  EXPECT_EQ(taken.front(), "p 100");
  EXPECT_EQ(taken.back(), "p 699");
}

TEST(Gathering, IsFullAtItsSizeAndKeepsTheOrder) {
  Gatherer gatherer;
  const auto lane = [](int i) { return std::make_shared<ActiveLane>(journal::Lane{"p", std::to_string(i)}); };
  EXPECT_EQ(gatherer.add("g", lane(1), "", 3), Gatherer::Added::first);
  EXPECT_EQ(gatherer.add("other", lane(9), "", 3), Gatherer::Added::first);
  EXPECT_EQ(gatherer.add("g", lane(2), "", 3), Gatherer::Added::waits);
  EXPECT_EQ(gatherer.add("g", lane(3), "", 3), Gatherer::Added::full);
  EXPECT_EQ(gatherer.add("g", lane(4), "", 3), Gatherer::Added::waits);
  const auto taken = gatherer.take("g", 3);
  ASSERT_EQ(taken.lanes.size(), 3u);
  EXPECT_EQ(taken.lanes[0]->key.lane, "1");
  EXPECT_EQ(taken.lanes[2]->key.lane, "3");
  EXPECT_TRUE(taken.more);
  EXPECT_EQ(gatherer.take("g", 3).lanes.size(), 1u);
  EXPECT_TRUE(gatherer.take("g", 3).lanes.empty());
}

TEST(Gathering, NeverPutsTwoOfOneKeyIntoACall) {
  Gatherer gatherer;
  int number = 0;
  for (const char* key : {"a", "b", "a", "", "", "a"})
    gatherer.add("g", std::make_shared<ActiveLane>(journal::Lane{"p", std::to_string(++number)}), key, 10);
  const auto numbers = [&] {
    std::string out;
    for (const auto& lane : gatherer.take("g", 10).lanes) out += lane->key.lane;
    return out;
  };
  EXPECT_EQ(numbers(), "1245");
  EXPECT_EQ(numbers(), "3");
  EXPECT_EQ(numbers(), "6");
}

}  // namespace TEST_FILE
}  // namespace milepost::engine
