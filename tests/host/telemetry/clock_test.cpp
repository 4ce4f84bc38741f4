#include "host/telemetry/clock.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "host/telemetry/scaled_clock.hpp"

namespace milepost::telemetry {
namespace TEST_FILE {

using namespace std::chrono_literals;

struct Waiter {
  std::mutex mutex;
  std::condition_variable_any changed;
  bool ready = false;

  bool wait(Clock& clock, std::stop_token stop, Time deadline) {
    std::unique_lock lock(mutex);
    return clock.wait_until(lock, changed, stop, deadline, [&] { return ready; });
  }
  void wake() {
    const std::lock_guard guard(mutex);
    ready = true;
    changed.notify_all();
  }
};

const Time kStart = from_micros(1'763'683'200'000'000);

TEST(ManualClock, StandsStillUntilTold) {
  ManualClock clock(kStart);
  EXPECT_EQ(clock.now(), kStart);
  clock.advance(3s);
  EXPECT_EQ(clock.now(), kStart + 3s);
  clock.set(kStart - 1s);
  EXPECT_EQ(clock.now(), kStart - 1s);
}

TEST(ManualClock, WakesWhoWaitsWhenItPassesTheDeadline) {
  ManualClock clock(kStart);
  Waiter waiter;
  std::atomic<bool> ended = false;
  std::jthread thread([&](std::stop_token stop) {
    EXPECT_FALSE(waiter.wait(clock, stop, kStart + 24h * 9));
    ended = true;
  });
  clock.advance(24h * 8);
  std::this_thread::sleep_for(30ms);
  EXPECT_FALSE(ended);
  clock.advance(24h);
  thread.join();
  EXPECT_TRUE(ended);
}

TEST(ManualClock, WakesForReadinessAndForStop) {
  ManualClock clock(kStart);
  Waiter ready, stopped;
  std::jthread first([&](std::stop_token stop) { EXPECT_TRUE(ready.wait(clock, stop, Time::max())); });
  std::jthread second([&](std::stop_token stop) { EXPECT_FALSE(stopped.wait(clock, stop, Time::max())); });
  ready.wake();
  second.request_stop();
}

TEST(ManualClock, DoesNotWaitWhenTheDeadlineHasPassed) {
  ManualClock clock(kStart);
  Waiter waiter;
  EXPECT_FALSE(waiter.wait(clock, {}, kStart));
  waiter.ready = true;
  EXPECT_TRUE(waiter.wait(clock, {}, kStart));
}

TEST(ManualClock, ServesManyWaitersAtOnce) {
  ManualClock clock(kStart);
  Waiter shared;
  std::atomic<int> ended = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 1; i <= 8; ++i) {
      threads.emplace_back([&, i](std::stop_token stop) {
        EXPECT_FALSE(shared.wait(clock, stop, kStart + i * 1h));
        ++ended;
      });
    }
    while (ended < 8) {
      clock.advance(1h);
      std::this_thread::yield();
    }
  }
  EXPECT_EQ(ended, 8);
}

TEST(ManualClock, EndsAWaitEarlyWhenItIsSetBack) {
  ManualClock clock(kStart);
  Waiter waiter;
  std::jthread thread([&](std::stop_token stop) { EXPECT_FALSE(waiter.wait(clock, stop, kStart + 1h)); });
  std::this_thread::sleep_for(20ms);  // else it may begin to wait only afterwards, and ends at the deadline
  clock.set(kStart - 24h);
  std::this_thread::sleep_for(50ms);
  clock.set(kStart + 2h);
}

TEST(ScaledClock, CanBeSet) {
  std::atomic<std::int64_t> offset = 0;
  const SystemClock system;
  ScaledClock clock(100, system.now(), &offset);
  Waiter waiter;
  const Time before = clock.now();
  std::jthread thread([&](std::stop_token stop) { EXPECT_FALSE(waiter.wait(clock, stop, before + 24h)); });
  offset = -3'600'000'000;
  EXPECT_LT(clock.now(), before - 30min);
  offset = 2 * 86'400'000'000;
  EXPECT_GT(clock.now(), before + 47h);
}

TEST(SystemClock, WaitsUntilTheDeadline) {
  SystemClock clock;
  Waiter waiter;
  const Time deadline = clock.now() + 5ms;
  EXPECT_FALSE(waiter.wait(clock, {}, deadline));
  EXPECT_GE(clock.now(), deadline);
}

TEST(SystemClock, WaitsForReadinessThoughTheDeadlineIsNever) {
  SystemClock clock;
  Waiter waiter;
  std::jthread thread([&](std::stop_token stop) { EXPECT_TRUE(waiter.wait(clock, stop, Time::max())); });
  waiter.wake();
}

TEST(SystemClock, EndsAtStop) {
  SystemClock clock;
  Waiter waiter;
  std::jthread thread([&](std::stop_token stop) { EXPECT_FALSE(waiter.wait(clock, stop, Time::max())); });
  thread.request_stop();
}

}  // namespace TEST_FILE
}  // namespace milepost::telemetry
