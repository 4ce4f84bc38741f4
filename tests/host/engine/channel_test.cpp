#include "host/engine/channel.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <semaphore>
#include <thread>

namespace milepost::engine {
namespace TEST_FILE {

using namespace std::chrono_literals;

/// An account whose vendor answers as it is told.
class FakeAccount : public plugins::Account {
 public:
  explicit FakeAccount(config::Limit limit, std::atomic<int>& opened) : opened_(opened) {
    connection_.name = "postcards";
    connection_.limit = limit;
  }
  const config::Connection& definition() const override { return connection_; }
  Status open(const Call&) override {
    ++opened_;
    return {};
  }
  Status probe(const Call&) override { return fail(ErrorKind::auth, "the key is revoked"); }
  void close() noexcept override {}
  std::unique_ptr<Action> action(const std::string&) override { return nullptr; }
  std::unique_ptr<PollingSource> polling(const std::string&, const Json&) override { return nullptr; }
  std::optional<telemetry::Time> expires() const override { return end; }
  std::optional<telemetry::Time> end;

 private:
  config::Connection connection_;
  std::atomic<int>& opened_;
};

class ChannelTest : public ::testing::Test {
 protected:
  void make(config::Limit limit = {}, std::optional<telemetry::Time> expires = {}) {
    auto account = std::make_unique<FakeAccount>(limit, opened);
    account->end = expires;
    channel = std::make_shared<Channel>(std::move(account), clock, [] { return false; }, [this] { ++rooms; });
  }
  /// Submits a job that says when it has run.
  bool submit(std::function<void()> deed = [] {}) {
    return channel->submit([this, deed = std::move(deed)](Channel&, Worker&) {
      deed();
      ran.release();
    });
  }
  void expect_runs(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(ran.try_acquire_for(10s)) << "only " << i << " ran";
  }
  void expect_none() { EXPECT_FALSE(ran.try_acquire_for(50ms)); }
  std::string state() { return channel->status().state; }

  telemetry::ManualClock clock{telemetry::Time(std::chrono::hours(24 * 20000))};
  std::atomic<int> opened = 0, rooms = 0;
  std::counting_semaphore<> ran{0};
  ChannelPtr channel;
};

TEST_F(ChannelTest, OpensAtTheFirstJob) {
  make();
  EXPECT_EQ(state(), "closed");
  ASSERT_TRUE(submit());
  expect_runs(1);
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(state(), "open");
}

TEST_F(ChannelTest, WarnsOfCredentialsThatEndSoon) {
  make({}, clock.now() + 24h * 20);
  EXPECT_EQ(channel->status().warning, "");
  clock.advance(24h * 7);
  EXPECT_NE(channel->status().warning.find(", in 13 days"), std::string::npos) << channel->status().warning;
}

TEST_F(ChannelTest, APersonsPauseHoldsUntilAPersonResumes) {
  make();
  channel->hold("the vendor moves house");
  ASSERT_TRUE(submit());
  clock.advance(24h);
  expect_none();
  EXPECT_EQ(state(), "paused");
  EXPECT_EQ(channel->status().reason, "the vendor moves house");
  channel->pause("401");  // what was under way may still say so
  EXPECT_EQ(channel->status().reason, "the vendor moves house");
  channel->resume();
  expect_runs(1);
}

TEST_F(ChannelTest, AfterAFewFailuresInARowItRestsThenTriesOne) {
  make({.in_flight = 2, .breaker = {.after = 3, .wait = 10s}});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(submit([&] { channel->report(false); }));
    expect_runs(1);
  }
  EXPECT_EQ(state(), "breaker_open");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(submit([&] { channel->report(false); }));
  expect_none();
  clock.advance(10s);
  expect_runs(1);  // one tries, and fails: twice as long now
  expect_none();
  clock.advance(10s);
  expect_none();
  clock.advance(10s);
  expect_runs(1);
  ASSERT_TRUE(submit([&] { channel->report(true); }));
  clock.advance(40s);
  expect_runs(1);  // the last of the bad ones
  clock.advance(60s);
  expect_runs(1);
  EXPECT_EQ(state(), "open");
}

TEST_F(ChannelTest, TellsOfTroubleOnceAndOfItsEnd) {
  make({.breaker = {.after = 2, .wait = 10s}});
  std::vector<std::string> told;
  channel->on_change([&](std::string_view type, const std::string&) { told.emplace_back(type); });
  const auto report = [&](bool well) {
    ASSERT_TRUE(submit([&, well] { channel->report(well); }));
    expect_runs(1);
  };
  report(true);
  report(false);
  report(false);  // it trips
  clock.advance(10s);
  report(false);  // the try fails: no news
  clock.advance(20s);
  report(true);
  report(true);
  EXPECT_THAT(told, ::testing::ElementsAre("milepost.connection.failing", "milepost.connection.resumed"));

  // Whoever pauses it tells of that; it tells when it works again.
  EXPECT_TRUE(channel->pause("401"));
  EXPECT_FALSE(channel->pause("401"));
  clock.advance(30s);
  report(true);
  EXPECT_THAT(told, ::testing::ElementsAre("milepost.connection.failing", "milepost.connection.resumed",
                                         "milepost.connection.resumed"));
}

TEST_F(ChannelTest, ASuccessBetweenFailuresKeepsItGoing) {
  make({.breaker = {.after = 2, .wait = 10s}});
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(submit([&, i] { channel->report(i % 2 == 0); }));
    expect_runs(1);
  }
  EXPECT_EQ(state(), "open");
}

TEST_F(ChannelTest, IsCrowdedWhileItGetsMoreThanItGetsDone) {
  config::Limit limit;
  limit.in_flight = 1;
  make(limit);
  std::binary_semaphore begun{0}, go{0};
  ASSERT_TRUE(submit([&] {
    begun.release();
    go.acquire();
  }));
  begun.acquire();
  for (std::size_t i = 0; i < channel->room(); ++i) {
    EXPECT_EQ(channel->crowd(), 4 * i / channel->room());
    ASSERT_TRUE(submit());
  }
  EXPECT_EQ(channel->crowd(), 4u);
  channel->hold("a person's pause");
  EXPECT_EQ(channel->crowd(), 0u) << "nothing of it is under way";
  channel->resume();
  go.release();
  expect_runs(static_cast<int>(channel->room() + 1));
  EXPECT_EQ(channel->crowd(), 0u);
  ASSERT_TRUE(channel->park(true));
  EXPECT_EQ(channel->crowd(), 1u) << "deliveries wait in the journal";
}

TEST_F(ChannelTest, HoldsNoMoreThanItsRoomAndTellsWhenThereIsSomeAgain) {
  make();
  channel->hold("full");
  std::size_t taken = 0;
  while (submit()) ++taken;
  EXPECT_EQ(taken, channel->room());
  ASSERT_TRUE(channel->park());
  EXPECT_EQ(rooms, 0);
  channel->resume();
  expect_runs(static_cast<int>(taken));
  EXPECT_EQ(rooms, 1);
  EXPECT_FALSE(channel->park());  // there is room already: come at once
}

TEST_F(ChannelTest, ASuccessorTakesWhatWaitsAndWhatStillComes) {
  make();
  std::binary_semaphore under_way{0}, go_on{0};
  Channel* ended_on = nullptr;
  ASSERT_TRUE(channel->submit([&](Channel& at, Worker&) {
    under_way.release();
    go_on.acquire();
    ended_on = &at;
    ran.release();
  }));
  under_way.acquire();
  const auto before = std::move(channel);
  before->hold("the vendor moves house");
  std::vector<Channel*> ran_on;
  const auto note = [&](Channel& at, Worker&) {
    ran_on.push_back(&at);
    ran.release();
  };
  ASSERT_TRUE(before->submit(note));
  make({.in_flight = 1, .breaker = {}});
  channel->follow(*before);
  EXPECT_EQ(state(), "paused") << "a person's pause is of the connection";
  before->retire(channel);
  EXPECT_FALSE(before->drained());
  ASSERT_TRUE(before->submit(note));
  EXPECT_FALSE(before->pause("401")) << "of the old account: nobody is to hear of it";
  expect_none();
  channel->resume();
  expect_runs(2);
  EXPECT_THAT(ran_on, ::testing::ElementsAre(channel.get(), channel.get()));
  go_on.release();
  expect_runs(1);
  EXPECT_EQ(ended_on, before.get());
  while (!before->drained()) std::this_thread::yield();
  before->stop();
}

TEST_F(ChannelTest, ASuccessorDoesNotBeginTheRatesWindowAnew) {
  make({.rate_count = 2, .rate_per = 10s, .breaker = {}});
  ASSERT_TRUE(submit() && submit());
  expect_runs(2);
  const auto before = std::move(channel);
  make({.rate_count = 2, .rate_per = 10s, .breaker = {}});
  channel->follow(*before);
  before->retire(channel);
  ASSERT_TRUE(submit());
  expect_none();
  clock.advance(6s);
  expect_runs(1);
}

TEST_F(ChannelTest, ASuspendedJobHoldsNoThreadAndStaysInFlight) {
  make({.in_flight = 2, .breaker = {}});
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(channel->submit([this](Channel& at, Worker& worker) {
    at.suspend(worker);
    ran.release();
  }));
  expect_runs(2);
  EXPECT_EQ(channel->status().in_flight, 2u);
  EXPECT_FALSE(channel->start([](Channel&, Worker&) {}));
  ASSERT_TRUE(submit());
  expect_none();  // two are in flight, though nobody is at work
  std::string order;
  const auto note = [&](char what) {
    return [&, what](Channel&, Worker&) {
      order += what;
      ran.release();
    };
  };
  channel->go_on(note('a'));
  expect_runs(2);
  channel->go_on(note('b'));
  expect_runs(1);
  EXPECT_EQ(order, "ab");
  ASSERT_TRUE(submit() && submit());
  expect_runs(2);
}

TEST_F(ChannelTest, AJobStartsAheadOnlyWhereItMayAndNobodyWaits) {
  make({.rate_count = 2, .rate_per = 10s, .in_flight = 2, .breaker = {}});
  const auto count = [this](Channel&, Worker&) { ran.release(); };
  EXPECT_FALSE(channel->start(count)) << "it is not open yet";
  ASSERT_TRUE(submit());
  expect_runs(1);
  EXPECT_TRUE(channel->start(count));
  expect_runs(1);
  EXPECT_FALSE(channel->start(count)) << "the rate is used up";
  ASSERT_TRUE(submit());
  clock.advance(6s);
  expect_runs(1);
  clock.advance(10s);
  channel->hold("a person's pause");
  EXPECT_FALSE(channel->start(count));
}

TEST_F(ChannelTest, AJobHandsItsPlaceToTheNextOfTheSameEvent) {
  make({.in_flight = 1, .breaker = {}});
  std::binary_semaphore begun{0}, go{0};
  std::string order;
  const auto note = [&](char what) {
    return [&, what](Channel&, Worker&) {
      order += what;
      ran.release();
    };
  };
  ASSERT_TRUE(channel->submit([&](Channel& at, Worker& worker) {
    begun.release();
    go.acquire();
    EXPECT_FALSE(at.start(note('x'))) << "one is in flight, and another waits";
    EXPECT_TRUE(at.start(note('1'), &worker));
    EXPECT_FALSE(at.start(note('y'), &worker)) << "it has one place";
    EXPECT_EQ(at.status().in_flight, 1u);
  }));
  begun.acquire();
  ASSERT_TRUE(channel->submit(note('2')));
  go.release();
  expect_runs(2);
  EXPECT_EQ(order, "12");
  for (const auto end = std::chrono::steady_clock::now() + 5s; channel->status().in_flight > 0 && std::chrono::steady_clock::now() < end;) std::this_thread::yield();
  EXPECT_EQ(channel->status().in_flight, 0u);
}

TEST_F(ChannelTest, AJobKeepsItsPlaceToItselfWhereNoneMayStart) {
  make({.in_flight = 1, .breaker = {}});
  const auto none = [](Channel&, Worker&) { ADD_FAILURE() << "it ran"; };
  ASSERT_TRUE(channel->submit([&](Channel& at, Worker& worker) {
    at.hold_until(clock.now() + 1min);
    EXPECT_FALSE(at.start(none, &worker));
    ran.release();
  }));
  expect_runs(1);
  clock.advance(2min);
  ASSERT_TRUE(channel->submit([&](Channel& at, Worker& worker) {
    at.pause("401");
    EXPECT_FALSE(at.start(none, &worker));
    ran.release();
  }));
  expect_runs(1);
}

/// One worker, which is idle, and three that go on at once: none waits for another one's answer.
TEST_F(ChannelTest, ThoseThatGoOnTogetherRunTogether) {
  make({.in_flight = 3, .breaker = {}});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(channel->submit([this](Channel& at, Worker& worker) {
      at.suspend(worker);
      ran.release();
    }));
    expect_runs(1);
    std::this_thread::sleep_for(20ms);  // so that the one worker is idle, and no other is called
  }
  std::atomic<int> under_way = 0;
  for (int i = 0; i < 3; ++i) channel->go_on([&](Channel&, Worker&) {
    ++under_way;
    for (const auto end = std::chrono::steady_clock::now() + 5s; under_way < 3 && std::chrono::steady_clock::now() < end;) std::this_thread::yield();
    if (under_way == 3) ran.release();
  });
  expect_runs(3);
  channel->stop();
}

TEST_F(ChannelTest, WhoWaitsElsewhereIsCalledByWhoeverMakesRoom) {
  make();
  EXPECT_FALSE(channel->park());
  EXPECT_TRUE(channel->park(true));
  EXPECT_TRUE(channel->park()) << "it is to be called already";
  EXPECT_TRUE(channel->unpark());
  EXPECT_FALSE(channel->unpark());
}

TEST_F(ChannelTest, ItsEndWaitsForWhatIsSuspended) {
  for (const bool retires : {false, true}) {
    make({.in_flight = 1, .breaker = {}});
    ASSERT_TRUE(channel->submit([this](Channel& at, Worker& worker) {
      at.suspend(worker);
      ran.release();
    }));
    expect_runs(1);
    const auto ending = channel;
    if (retires) {
      make();
      ending->retire(channel);
      EXPECT_FALSE(ending->drained());
    }
    std::atomic<bool> stopped = false, went_on = false;
    std::jthread stop([&] {
      ending->stop();
      stopped = true;
    });
    std::this_thread::sleep_for(50ms);
    EXPECT_FALSE(stopped);
    ending->go_on([&](Channel& at, Worker&) { went_on = &at == ending.get(); });
    stop.join();
    EXPECT_TRUE(went_on);
    EXPECT_EQ(ending->status().in_flight, 0u);
  }
}

TEST_F(ChannelTest, AProbeAsksAndChangesNothing) {
  make();
  const auto answer = channel->probe();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "the key is revoked");
  EXPECT_EQ(state(), "closed");
}

}  // namespace TEST_FILE
}  // namespace milepost::engine
