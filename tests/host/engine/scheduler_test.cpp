// What is due, when the clock does as it should and when it is set.
#include "host/engine/scheduler.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

namespace milepost::engine {
namespace TEST_FILE {

using namespace std::chrono_literals;

const telemetry::Time kStart = telemetry::from_micros(1'763'683'200'000'000);

struct Rig {
  telemetry::ManualClock clock{kStart};
  Scheduler scheduler{clock, 2};
  Rig() { scheduler.start(); }
  ~Rig() { scheduler.stop(); }
  std::future<void> at(telemetry::Time time) {
    const auto done = std::make_shared<std::promise<void>>();
    scheduler.post_at(time, [done](expression::Machine&) { done->set_value(); });
    return done->get_future();
  }
  /// Everything posted so far has been looked at.
  void settle() {
    const auto done = std::make_shared<std::promise<void>>();
    scheduler.post([done](expression::Machine&) { done->set_value(); });
    done->get_future().wait();
  }
};

bool ran(std::future<void>& task, std::chrono::milliseconds within) {
  return task.wait_for(within) == std::future_status::ready;
}

TEST(Scheduler, RunsWhatIsDueAndNothingElse) {
  Rig rig;
  auto first = rig.at(kStart + 1s), second = rig.at(kStart + 2s);
  rig.clock.advance(1s);
  EXPECT_TRUE(ran(first, 10s));
  EXPECT_FALSE(ran(second, 30ms));
  rig.clock.advance(1s);
  EXPECT_TRUE(ran(second, 10s));
}

/// Each burst ends with a task that posts another: who is woken for that finds it taken, and must be woken again next time.
TEST(Scheduler, RunsEachOfManyThatArePostedInBursts) {
  Rig rig;
  std::atomic<int> ran = 0;
  for (int burst = 1; burst <= 300; ++burst) {
    rig.scheduler.post([&](expression::Machine&) { ++ran; }, 5);
    rig.scheduler.post([&](expression::Machine&) {
      ++ran;
      rig.scheduler.post([&](expression::Machine&) { ++ran; });
    });
    for (const auto end = std::chrono::steady_clock::now() + 10s; ran < 7 * burst && std::chrono::steady_clock::now() < end;) std::this_thread::yield();
    ASSERT_EQ(ran, 7 * burst) << "a thread was not woken";
    if (burst % 3 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));  // all of them are asleep
  }
}

/// One that takes long holds up nobody while there is another thread.
TEST(Scheduler, WakesAnotherThreadWhileOneIsBusy) {
  std::promise<void> go_on, done;  // before the rig: the first may be at it still
  Rig rig;
  rig.scheduler.post([&](expression::Machine&) { go_on.get_future().wait(); });
  rig.scheduler.post([&](expression::Machine&) { done.set_value(); });
  EXPECT_EQ(done.get_future().wait_for(10s), std::future_status::ready);
  go_on.set_value();
}

TEST(Scheduler, WaitsNoLongerThoughTheClockIsSetBack) {
  Rig rig;
  auto retry = rig.at(kStart + 2s);
  rig.settle();
  rig.clock.set(kStart - 24h * 365);
  rig.settle();
  EXPECT_FALSE(ran(retry, 50ms));
  auto later = rig.at(kStart - 24h * 365 + 3s);  // reckoned by the clock as it is now
  rig.clock.advance(2s);
  EXPECT_TRUE(ran(retry, 10s));
  EXPECT_FALSE(ran(later, 30ms));
  rig.clock.advance(1s);
  EXPECT_TRUE(ran(later, 10s));
}

TEST(Scheduler, RunsWhatIsDueWhenTheClockIsSetAhead) {
  Rig rig;
  auto retry = rig.at(kStart + 10min);
  rig.clock.set(kStart + 24h);
  EXPECT_TRUE(ran(retry, 10s));
}

}  // namespace TEST_FILE
}  // namespace milepost::engine
