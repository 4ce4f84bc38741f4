// `wait`: durable timers, over days that pass in milliseconds.
#include "tests/host/engine/engine_rig.hpp"

namespace milepost::engine {
namespace TEST_FILE {

using journal::EventState;

class WaitTest : public EngineRig {
 protected:
  /// A second before its time it still waits, and then goes on.
  void expect_resumes_at(journal::Sequence event, Time time) {
    ASSERT_EQ(store_->event(event)->resume_at, time);
    clock_.set(time - 1s);
    const auto behind = accept("behind-" + std::to_string(event), R"({"wait": false})");
    ASSERT_TRUE(becomes(behind, EventState::done));
    EXPECT_EQ(state(event), EventState::waiting);
    clock_.set(time);
    ASSERT_TRUE(becomes(event, EventState::done));
    EXPECT_TRUE(store_->event(event)->late);
  }
};

const std::string kNineDays =
    "  - use: wait\n    when: payload.wait ~= false\n    with: {for: 9d}\n  - use: audit\n    with: {action: "
    "came.back}\n";
const std::string kUntil =
    "  - use: wait\n    when: payload.wait ~= false\n    with: {until: \"${payload.resume}\"}\n  - use: audit\n    "
    "with: {action: came.back}\n";

TEST_F(WaitTest, NineDaysPass) {
  start(kNineDays);
  const auto event = accept("a");
  ASSERT_TRUE(becomes(event, EventState::waiting));
  expect_resumes_at(event, at("2026-11-29T12:00:00Z"));
  EXPECT_EQ(store_->audit({.event = store_->event(event)->receipt}).size(), 1u);
}

TEST_F(WaitTest, NineDaysPassOverARestart) {
  start(kNineDays);
  const auto event = accept("a");
  ASSERT_TRUE(becomes(event, EventState::waiting));
  clock_.advance(24h * 4);
  restart();
  expect_resumes_at(event, at("2026-11-29T12:00:00Z"));
}

TEST_F(WaitTest, WhatComesDueWhileTheHostIsDownGoesOnAtTheStart) {
  start(kNineDays);
  const auto event = accept("a");
  ASSERT_TRUE(becomes(event, EventState::waiting));
  stop();
  clock_.advance(24h * 30);
  start(kNineDays);
  ASSERT_TRUE(becomes(event, EventState::done));
}

TEST_F(WaitTest, UntilATimeInAnyZone) {
  start(kUntil);
  const auto event = accept("a", R"({"resume": "2027-03-01T09:00:00-05:00"})");
  ASSERT_TRUE(becomes(event, EventState::waiting));
  restart();
  expect_resumes_at(event, at("2027-03-01T14:00:00Z"));
}

TEST_F(WaitTest, UntilATimeThatHasPassedWaitsForNothing) {
  start(kUntil);
  const auto event = accept("a", R"({"resume": "2026-11-20T11:59:59Z"})");
  ASSERT_TRUE(becomes(event, EventState::done));
  EXPECT_FALSE(store_->event(event)->late);
}

TEST_F(WaitTest, ResumesEachOfManyAtItsOwnTime) {
  start(kUntil);
  std::vector<journal::Sequence> waiting;
  for (const char* day : {"23", "21", "22"})
    waiting.push_back(accept(day, std::string(R"({"resume": "2026-11-)") + day + R"(T00:00:00Z"})"));
  for (const auto event : waiting) ASSERT_TRUE(becomes(event, EventState::waiting));
  clock_.set(at("2026-11-21T00:00:00Z"));
  ASSERT_TRUE(becomes(waiting[1], EventState::done));
  clock_.set(at("2026-11-22T00:00:00Z"));
  ASSERT_TRUE(becomes(waiting[2], EventState::done));
  EXPECT_EQ(state(waiting[0]), EventState::waiting);
  clock_.set(at("2026-11-23T00:00:00Z"));
  ASSERT_TRUE(becomes(waiting[0], EventState::done));
}

TEST_F(WaitTest, OneEventAnHourIsNeverStuckUntilTheNext) {
  start("  - use: set\n    with: {a: 1}\n");
  for (int hour = 0; hour < 48; ++hour) {
    ASSERT_TRUE(becomes(accept(std::to_string(hour)), EventState::done)) << "hour " << hour;
    clock_.advance(1h);
  }
}

}  // namespace TEST_FILE
}  // namespace milepost::engine
