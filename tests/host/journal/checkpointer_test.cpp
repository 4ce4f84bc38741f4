// The WAL is copied into the file: what is not synced by nobody, what may be lost again, and so that it stays bounded.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "host/journal/schema.hpp"
#include "host/journal/sqlite.hpp"
#include "tests/host/journal/commit_fixture.hpp"
#include "tests/host/journal/raw.hpp"

namespace milepost::journal {
namespace TEST_FILE {

using Fault = FaultyDisk::Fault;

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

/// What a full disk kept from being copied is copied after the first commit that goes through: a second later the WAL may have taken all the room.
TEST_F(Commit, IsCopiedIntoTheFileAsSoonAsThereIsRoomAgain) {
  disk.fault = Fault::file_full;
  const std::string payload(20'000, 'p');
  for (int i = 0; disk.refused == 0; ++i) {
    ASSERT_LT(i, 10'000);
    ASSERT_TRUE(store->run([&](Writer& writer) { writer.accept(milestone(std::to_string(i), "L-1", payload), telemetry::new_id(kStart), kStart); }));
  }
  disk.fault = Fault::full;
  for (int i = 0; i < 100; ++i) {
    ASSERT_FALSE(accept("during"));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // the copying that failed has ended by the last
  }
  disk.fault = Fault::none;
  const auto before = std::filesystem::file_size(path);
  ASSERT_TRUE(accept("after"));
  for (int i = 0; i < 10'000 && std::filesystem::file_size(path) == before; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_GT(std::filesystem::file_size(path), before);
}

}  // namespace TEST_FILE
}  // namespace milepost::journal
