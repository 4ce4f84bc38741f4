// The writer's thread: group commit, and what happens when a work or the disk fails.
#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <thread>

#include "tests/host/journal/commit_fixture.hpp"
#include "tests/host/journal/raw.hpp"

namespace milepost::journal {
namespace TEST_FILE {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Fault = FaultyDisk::Fault;

TEST_F(Commit, SyncsOnceForAllThatWait) {
  constexpr int kThreads = 32, kEach = 25;
  disk.wal_syncs = 0;
  std::atomic<int> acknowledged = 0;
  {
    std::vector<std::jthread> senders;
    for (int t = 0; t < kThreads; ++t) {
      senders.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i)
          if (accept(std::to_string(t) + "/" + std::to_string(i))) ++acknowledged;
      });
    }
  }
  EXPECT_EQ(acknowledged, kThreads * kEach);
  EXPECT_LT(disk.wal_syncs, kThreads * kEach / 2);
  store.reset();
  open();
  EXPECT_EQ(stored(), static_cast<std::uint64_t>(kThreads * kEach));
}

TEST_F(Commit, OfALoneWorkIsOneSync) {
  ASSERT_TRUE(accept("warm-up"));
  disk.wal_syncs = 0;
  ASSERT_TRUE(accept("e-1"));
  EXPECT_EQ(disk.wal_syncs, 1);
}

TEST_F(Commit, OfManyPagesIsOneWrite) {
  ASSERT_TRUE(accept("warm-up"));
  disk.wal_writes = 0;
  ASSERT_TRUE(accept("e-1"));
  EXPECT_EQ(disk.wal_writes, 1);
}

TEST_F(Commit, LargerThanTheCacheReadsBackWhatItWrote) {
  constexpr int kEvents = 300;
  const std::string large(100 << 10, 'x');
  ASSERT_TRUE(store->run([&](Writer& writer) {
    for (int i = 0; i < kEvents; ++i) {
      auto event = milestone("e-" + std::to_string(i), "L-1");
      event.payload = large + std::to_string(i);
      writer.accept(event, telemetry::new_id(kStart), kStart);
      if (i % 50 == 0) {
        EXPECT_EQ(writer.event(1)->id, "e-0");
      }
    }
  }));
  store.reset();
  open();
  EXPECT_EQ(stored(), static_cast<std::uint64_t>(kEvents));
}

TEST_F(Commit, KeepsTheOrderOfSubmission) {
  Gate gate;
  gate.close(*store);
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) store->submit([](Writer&) {}, [&order, i](const Status&) { order.push_back(i); });
  gate.release.set_value();
  ASSERT_TRUE(store->run([](Writer&) {}));
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4));
}

TEST_F(Commit, OfWhatNobodyWaitsForNeedsNoCompany) {
  std::promise<Status> done;
  store->submit([](Writer& writer) { writer.accept(milestone("e-1", "L-1"), telemetry::new_id(kStart), kStart); },
                [&](Status status) { done.set_value(std::move(status)); }, Store::Haste::soon);
  auto told = done.get_future();
  ASSERT_EQ(told.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_TRUE(told.get());
  EXPECT_EQ(stored(), 1u);
}

TEST_F(Commit, OfWhatNobodyWaitsForSharesTheNextSync) {
  ASSERT_TRUE(accept("warm-up"));
  Gate gate;
  gate.close(*store);
  disk.wal_syncs = 0;
  std::vector<std::string> order;
  for (const auto& [id, haste] : {std::pair("soon", Store::Haste::soon), {"now", Store::Haste::now}, {"after", Store::Haste::soon}})
    store->submit([id](Writer& writer) { writer.accept(milestone(id, "L-1"), telemetry::new_id(kStart), kStart); },
                  [&order, id](const Status&) { order.emplace_back(id); }, haste);
  gate.release.set_value();
  ASSERT_TRUE(accept("last"));
  EXPECT_THAT(order, ElementsAre("soon", "now", "after"));
  EXPECT_LE(disk.wal_syncs, 2);
}

TEST_F(Commit, IsMadeForOthersThoughWhatNobodyWaitsForFails) {
  for (int i = 0; i < 20; ++i) {
    std::promise<Status> done;
    store->submit([](Writer&) { throw std::runtime_error("on purpose"); }, [&](Status status) { done.set_value(std::move(status)); },
                  Store::Haste::soon);
    ASSERT_TRUE(accept("e-" + std::to_string(i)));
    EXPECT_FALSE(done.get_future().get());
  }
  EXPECT_EQ(stored(), 20u);
}

TEST_F(Commit, AnswersSendersFirst) {
  Gate gate;
  gate.close(*store);
  std::vector<std::string> order;
  for (const auto& [name, haste] : {std::pair("engine", Store::Haste::now), {"later", Store::Haste::soon}, {"sender", Store::Haste::reply}})
    store->submit([](Writer&) {}, [&order, name](const Status&) { order.emplace_back(name); }, haste);
  gate.release.set_value();
  ASSERT_TRUE(store->run([](Writer&) {}));
  EXPECT_THAT(order, ElementsAre("sender", "engine", "later"));
}

TEST_F(Commit, OfWhatNobodyWaitsForIsMadeBeforeTheStoreCloses) {
  store->submit([](Writer& writer) { writer.accept(milestone("e-1", "L-1"), telemetry::new_id(kStart), kStart); }, [](const Status&) {},
                Store::Haste::soon);
  store.reset();
  open();
  EXPECT_EQ(stored(), 1u);
}

TEST_F(Commit, TriesEachAloneWhenOneOfThemFails) {
  Gate gate;
  gate.close(*store);
  std::vector<std::string> outcomes(4);
  int runs_of_first = 0;
  const auto done = [&](std::size_t at) {
    return [&outcomes, at](Status status) { outcomes[at] = status ? "ok" : status.error().message; };
  };
  const auto accepts = [](const std::string& id) {
    return [id](Writer& writer) { writer.accept(milestone(id, "L-1"), telemetry::new_id(kStart), kStart); };
  };
  store->submit(
      [&](Writer& writer) {
        ++runs_of_first;
        accepts("a")(writer);
      },
      done(0));
  store->submit([](Writer& writer) { writer.append(LoanRevision{"L-1", 1, 1, kStart, "{}"}); }, done(1));
  store->submit([](Writer& writer) { writer.append(LoanRevision{"L-1", 1, 2, kStart, "{}"}); }, done(2));
  store->submit([](Writer&) { throw std::runtime_error("a defect"); }, done(3));
  gate.release.set_value();
  ASSERT_TRUE(store->run([](Writer&) {}));
  EXPECT_THAT(outcomes, ElementsAre("ok", "ok", HasSubstr("UNIQUE"), "a defect"));
  EXPECT_EQ(runs_of_first, 2);  // so a work assigns, and never accumulates
  EXPECT_EQ(stored(), 1u);
  EXPECT_TRUE(store->health().ok);
}

TEST_F(Commit, NeverKeepsHalfOfAWorkThatSwallowedItsFailure) {
  const Status status = store->run([](Writer& writer) {
    writer.put_cursor("blend", "page-2");
    try {
      writer.update(Event{});
      writer.append(LoanRevision{"L-1", 1, 1, kStart, "{}"});
    } catch (const StoreError&) {
    }
    writer.append(LoanRevision{"L-1", 1, 1, kStart, "{}"});
    try {
      writer.append(LoanRevision{"L-1", 1, 1, kStart, "{}"});
    } catch (const StoreError&) {
    }
  });
  EXPECT_FALSE(status);
  EXPECT_FALSE(store->cursor("blend"));
}

TEST_F(Commit, TellsTheListenerWhichLanesGrew) {
  std::vector<Lane> heard;
  std::thread::id thread;
  store->on_work([&](const std::vector<Lane>& lanes) {
    heard = lanes;
    thread = std::this_thread::get_id();
  });
  ASSERT_TRUE(store->run([](Writer& writer) {
    for (const auto& [id, subject] : {std::pair{"1", "L-2"}, {"2", "L-1"}, {"3", "L-2"}, {"1", "L-9"}})
      writer.accept(milestone(id, subject), telemetry::new_id(kStart), kStart);
    NewEvent bad = milestone("bad", "L-3");
    bad.quarantine = "not JSON";
    writer.accept(bad, telemetry::new_id(kStart), kStart);
  }));
  ASSERT_TRUE(store->run([](Writer&) {}));  // the listener comes after the acknowledgements
  EXPECT_THAT(heard, ElementsAre(Lane{"loan-milestones", "L-1"}, Lane{"loan-milestones", "L-2"}));
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST_F(Commit, RefusesToWaitForItself) {
  Status inner;
  ASSERT_TRUE(store->run([&](Writer&) { inner = store->run([](Writer&) {}); }));
  ASSERT_FALSE(inner);
  EXPECT_EQ(inner.error().kind, ErrorKind::internal);
}

TEST_F(Commit, IsMadeOfWhatWasSubmittedBeforeTheStoreCloses) {
  Gate gate;
  gate.close(*store);
  int acknowledged = 0;
  for (int i = 0; i < 10; ++i) {
    store->submit(
        [i](Writer& writer) { writer.accept(milestone(std::to_string(i), "L-1"), telemetry::new_id(kStart), kStart); },
        [&](const Status& status) { acknowledged += status ? 1 : 0; });
  }
  gate.release.set_value();
  store.reset();
  EXPECT_EQ(acknowledged, 10);
  open();
  EXPECT_EQ(stored(), 10u);
}

TEST_F(Commit, IsNotAcknowledgedOnAFullDiskAndGoesOnWhenThereIsRoom) {
  ASSERT_TRUE(accept("before"));
  disk.fault = Fault::full;
  const Status full = accept("during");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind, ErrorKind::retryable);
  EXPECT_EQ(full.error().message, "the disk is full");
  EXPECT_FALSE(store->health().ok);
  EXPECT_EQ(store->health().message, "the disk is full");
  EXPECT_EQ(stored(), 1u);  // reads go on

  disk.fault = Fault::none;
  ASSERT_TRUE(accept("after"));
  EXPECT_TRUE(store->health().ok);
  EXPECT_EQ(stored(), 2u);
  EXPECT_EQ(store->events({})[0].sequence, 2u);
}

TEST_F(Commit, RecoversByItselfWhenNobodyComes) {
  disk.fault = Fault::full;
  ASSERT_FALSE(accept("during"));
  disk.fault = Fault::none;
  for (int i = 0; i < 2000 && !store->health().ok; ++i) {
    clock.advance(std::chrono::seconds(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(store->health().ok);
}

TEST_F(Commit, IsNotAcknowledgedWhenFsyncFailsAndTheStoreIsReopenedFirst) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(accept("before-" + std::to_string(i)));
  const std::string receipt = store->events({.limit = 1})[0].receipt;
  disk.fault = Fault::sync;
  for (int i = 0; i < 3; ++i) {
    const Status failed = accept("during");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind, ErrorKind::retryable);
    EXPECT_THAT(failed.error().message, HasSubstr("fsync failed"));
    EXPECT_THAT(store->health().message, HasSubstr("fsync failed"));
  }
  EXPECT_EQ(stored(), 20u);

  disk.fault = Fault::none;
  ASSERT_TRUE(accept("after"));
  EXPECT_TRUE(store->health().ok);
  EXPECT_TRUE(store->event_by_receipt(receipt));
  EXPECT_TRUE(store->events({.id = "during"}).empty());
  store.reset();
  open();
  EXPECT_EQ(stored(), 21u);
  EXPECT_TRUE(store->events({.id = "during"}).empty());
}

TEST_F(Commit, IsNotAcknowledgedWhenAWriteFails) {
  disk.fault = Fault::write;
  const Status failed = accept("during");
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("the disk fails"));
  disk.fault = Fault::none;
  ASSERT_TRUE(accept("after"));
  EXPECT_EQ(stored(), 1u);
}

TEST_F(Commit, FailsForAllOfABatchWhenTheDiskFails) {
  ASSERT_TRUE(accept("before"));
  Gate gate;
  gate.close(*store);
  std::vector<std::string> outcomes;
  for (int i = 0; i < 5; ++i) {
    store->submit(
        [i](Writer& writer) { writer.accept(milestone(std::to_string(i), "L-1"), telemetry::new_id(kStart), kStart); },
        [&](const Status& status) { outcomes.push_back(status ? "ok" : status.error().message); });
  }
  disk.fault = Fault::sync;
  gate.release.set_value();
  ASSERT_FALSE(store->run([](Writer& writer) { writer.put_cursor("a", "b"); }));
  EXPECT_THAT(outcomes, ::testing::Each(HasSubstr("fsync failed")));
  EXPECT_EQ(outcomes.size(), 5u);
  disk.fault = Fault::none;
  ASSERT_TRUE(accept("after"));
  EXPECT_EQ(stored(), 2u);
}

TEST_F(Commit, WaitsForAnotherProgramThatHoldsTheFileAndThenSaysSo) {
  Raw other(path);
  other.execute("BEGIN IMMEDIATE");
  const Status busy = accept("e-1");
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().kind, ErrorKind::retryable);
  EXPECT_EQ(busy.error().message, "another program holds the store");
  other.execute("COMMIT");
  EXPECT_TRUE(accept("e-1"));
}

}  // namespace TEST_FILE
}  // namespace milepost::journal
