// A crowd's commit is made ahead of its sync: what its senders are told when that sync fails.
#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "tests/host/journal/commit_fixture.hpp"

namespace milepost::journal {
namespace TEST_FILE {

using ::testing::HasSubstr;
using Fault = FaultyDisk::Fault;

/// Twenty works, of which the first makes the disk fail: the commit of so many is made ahead of its sync.
struct Crowd {
  Crowd(Store& store, FaultyDisk& disk, Fault fault) {
    for (int i = 0; i < 20; ++i) {
      store.submit(
          [&disk, fault, i](Writer& writer) {
            if (i == 0) disk.fault = fault;
            writer.accept(milestone("crowd-" + std::to_string(i), "L-1"), telemetry::new_id(kStart), kStart);
          },
          [this, i](const Status& status) {
            const std::lock_guard lock(mutex);
            told.push_back(status ? std::to_string(i) : status.error().message);
          });
    }
  }
  std::vector<std::string> so_far() {
    const std::lock_guard lock(mutex);
    return told;
  }
  std::mutex mutex;
  std::vector<std::string> told;
};

class CommitAhead : public Commit, public ::testing::WithParamInterface<Fault> {
 protected:
  std::unique_ptr<Crowd> crowd() {
    Gate gate;
    gate.close(*store);
    auto made = std::make_unique<Crowd>(*store, disk, GetParam());
    gate.release.set_value();
    for (int i = 0; i < 5000 && store->health().ok; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_THAT(store->health().message, HasSubstr("fsync failed"));
    return made;
  }
};
INSTANTIATE_TEST_SUITE_P(Disk, CommitAhead, ::testing::Values(Fault::sync, Fault::drop), [](const auto& of) { return of.param == Fault::sync ? "KeepsThePages" : "DropsThePages"; });

TEST_P(CommitAhead, IsToldOnceItsSyncComesThrough) {
  ASSERT_TRUE(accept("before"));
  const auto many = crowd();
  for (int i = 0; i < 3; ++i) ASSERT_FALSE(accept("during"));
  EXPECT_TRUE(many->so_far().empty());

  disk.fault = Fault::none;
  ASSERT_TRUE(accept("after"));
  EXPECT_TRUE(store->health().ok);
  std::vector<std::string> all;
  for (int i = 0; i < 20; ++i) all.push_back(std::to_string(i));
  EXPECT_EQ(many->so_far(), all);
  EXPECT_TRUE(store->events({.id = "during"}).empty());
  store.reset();
  open();
  EXPECT_EQ(stored(), 22u);
}

TEST_P(CommitAhead, IsToldByItselfWhenNobodyComes) {
  const auto many = crowd();
  disk.fault = Fault::none;
  for (int i = 0; i < 2000 && !store->health().ok; ++i) {
    clock.advance(std::chrono::seconds(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_TRUE(store->health().ok);
  EXPECT_EQ(many->so_far().size(), 20u);
  EXPECT_EQ(stored(), 20u);
}

TEST_P(CommitAhead, IsNotToldBecauseACommitOfNothingCameThrough) {
  Gate gate;
  gate.close(*store);
  std::promise<void> ran;
  Crowd many(*store, disk, GetParam());
  store->submit([&](Writer&) { disk.slow = true; }, [](const Status&) {});
  store->submit([&](Writer&) { ran.set_value(); }, [](const Status&) {});
  gate.release.set_value();
  ran.get_future().wait();
  std::atomic<bool> told = false;
  store->submit(
      [&](Writer&) {  // it is under way when the sync before it fails
        disk.slow = false;
        for (int i = 0; i < 5000 && store->health().ok; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      },
      [&](const Status&) { told = true; });
  for (int i = 0; i < 5000 && store->health().ok; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // what has been committed would be told by now
  EXPECT_TRUE(many.so_far().empty());
  EXPECT_FALSE(told);

  disk.fault = Fault::none;
  ASSERT_TRUE(accept("after"));
  EXPECT_EQ(many.so_far().size(), 20u);
  EXPECT_TRUE(told);
  store.reset();
  open();
  EXPECT_EQ(stored(), 21u);
}

TEST_P(CommitAhead, DoesNotOutliveADrain) {
  const auto many = crowd();
  store->drain();
  EXPECT_THAT(many->so_far(), ::testing::Each(HasSubstr("fsync failed")));
  EXPECT_EQ(many->so_far().size(), 20u);
  disk.fault = Fault::none;
  EXPECT_TRUE(accept("after"));
  store->drain();
}

TEST_P(CommitAhead, IsNotAcknowledgedWhenTheStoreClosesMeanwhile) {
  const auto many = crowd();
  store.reset();
  EXPECT_THAT(many->so_far(), ::testing::Each(HasSubstr("fsync failed")));
  EXPECT_EQ(many->so_far().size(), 20u);
  disk.fault = Fault::none;
  open();
  EXPECT_TRUE(accept("after"));
}

}  // namespace TEST_FILE
}  // namespace milepost::journal
