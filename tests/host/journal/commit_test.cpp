// The writer's thread: group commit, and what happens when a work or the disk fails.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "host/journal/schema.hpp"
#include "host/journal/sqlite.hpp"
#include "tests/host/journal/faulty_disk.hpp"
#include "tests/host/journal/fixture.hpp"
#include "tests/host/journal/raw.hpp"

namespace milepost::journal {
namespace TEST_FILE {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Fault = FaultyDisk::Fault;

class Commit : public ::testing::Test {
 protected:
  Commit() : disk(FaultyDisk::install()) { open(); }
  ~Commit() override {
    disk.fault = Fault::none;
    store.reset();
    std::filesystem::remove_all(folder);
  }
  void open() {
    auto opened = Store::open({.path = path, .clock = &clock});
    ASSERT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
  }
  Status accept(const std::string& id) {
    return store->run([&](Writer& writer) { writer.accept(milestone(id, "L-1"), telemetry::new_id(kStart), kStart); });
  }
  std::uint64_t stored() { return store->count(EventState::open); }

  /// Holds the writer until released, so that works gather behind it.
  struct Gate {
    std::promise<void> entered, release;
    void close(Store& at) {
      at.submit(
          [this](Writer&) {
            entered.set_value();
            release.get_future().wait();
          },
          [](const Status&) {});
      entered.get_future().wait();
    }
  };

  FaultyDisk& disk;
  const std::string folder = unique_folder();
  const std::string path = folder + "/milepost.db";
  telemetry::ManualClock clock{kStart};
  std::unique_ptr<Store> store;
};

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

TEST_F(Commit, ThatIsNotSyncedIsCopiedIntoTheFileByNoConnection) {
  store.reset();
  const auto writer = connect(path, sqlite::Connection::Mode::write);
  const auto copier = connect(path, sqlite::Connection::Mode::write);
  writer->run("BEGIN IMMEDIATE");
  writer->run("INSERT INTO cursors (source, cursor) VALUES ('a', 'b')");
  writer->commit_unsynced();
  disk.fault = Fault::drop;
  EXPECT_THROW(writer->sync(), StoreError);
  disk.fault = Fault::none;
  EXPECT_THROW(writer->sync(), StoreError);  // the system calls it clean now
  EXPECT_THROW(copier->checkpoint(), StoreError);
  writer->write_again();
  EXPECT_EQ(copier->checkpoint(), 0);
  EXPECT_EQ(copier->number("SELECT count(*) FROM cursors"), 1);
  EXPECT_EQ(Raw(path).execute("PRAGMA integrity_check"), "");
}

TEST_F(Commit, IsCopiedIntoTheFileAgainWhereTheDiskMayHaveLostIt) {
  store.reset();
  const auto writer = connect(path, sqlite::Connection::Mode::write);
  const auto copier = connect(path, sqlite::Connection::Mode::write);
  writer->run("INSERT INTO cursors (source, cursor) VALUES ('a', 'b')");
  EXPECT_EQ(copier->checkpoint(), 0);
  writer->execute("VACUUM");  // every page is in the WAL now
  EXPECT_EQ(copier->checkpoint(), 0);
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);  // closed last: SQLite's locks go with any descriptor of the file
  const std::string nothing(std::filesystem::file_size(path), '\0');
  ASSERT_EQ(::pwrite(file, nothing.data(), nothing.size(), 0), static_cast<ssize_t>(nothing.size()));
  const auto begins_with = [&] {
    char first = 0;
    return ::pread(file, &first, 1, 0) == 1 ? first : '?';
  };
  EXPECT_EQ(copier->checkpoint(), 0);
  EXPECT_EQ(begins_with(), '\0');  // it was copied, SQLite says
  copier->copy_again();
  EXPECT_EQ(copier->checkpoint(), 0);
  EXPECT_EQ(begins_with(), 'S');
  EXPECT_EQ(Raw(path).execute("PRAGMA integrity_check"), "");
  EXPECT_EQ(Raw(path).number("SELECT count(*) FROM cursors"), 1);
  ::close(file);
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

TEST_F(Commit, KeepsTheWalBoundedUnderLoad) {
  const std::string payload(20'000, 'p');
  for (int i = 0; i < 400; ++i) {
    ASSERT_TRUE(store->run([&](Writer& writer) {
      for (int j = 0; j < 10; ++j)
        writer.accept(milestone(std::to_string(i * 10 + j), "L-1", payload), telemetry::new_id(kStart), kStart);
    }));
  }
  EXPECT_GT(std::filesystem::file_size(path), 20'000'000u);  // copied while the load went on
  EXPECT_LT(std::filesystem::file_size(path + "-wal"), 70'000'000u);
}

}  // namespace TEST_FILE
}  // namespace milepost::journal
