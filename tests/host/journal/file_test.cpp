// The file itself: its rights, and which files are refused.
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>

#include "host/journal/pruner.hpp"
#include "host/journal/rows.hpp"
#include "host/journal/schema.hpp"
#include "tests/host/journal/fixture.hpp"
#include "tests/host/journal/raw.hpp"

namespace milepost::journal {
namespace TEST_FILE {

using ::testing::HasSubstr;

class StoreFile : public StoreTest {
 protected:
  Error refusal(bool read_only = false) {
    auto opened = Store::open({.path = path, .clock = &clock, .read_only = read_only});
    EXPECT_FALSE(opened);
    return opened ? Error{} : opened.error();
  }
};

unsigned mode(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

TEST(StoreFolder, IsTheOwnersAloneWhateverTheUmask) {
  for (const mode_t mask : {0000, 0777}) {
    const std::string folder = unique_folder();
    const mode_t before = ::umask(mask);
    telemetry::ManualClock clock(kStart);
    auto store = Store::open({.path = folder + "/data/milepost.db", .clock = &clock});
    ::umask(before);
    ASSERT_TRUE(store) << store.error().message;
    EXPECT_EQ(mode(folder + "/data"), 0700u);
    for (const char* end : {"", "-wal", "-shm"}) EXPECT_EQ(mode(folder + "/data/milepost.db" + end), 0600u);
    store->reset();
    std::filesystem::remove_all(folder);
  }
}

TEST_F(StoreFile, LeavesNoWalBehindWhenItCloses) {
  accept(milestone("e-1", "L-1"));
  store.reset();
  EXPECT_FALSE(std::filesystem::exists(path + "-wal"));
}

TEST_F(StoreFile, OfANewerVersionIsRefusedWithBothVersionsAndTheRemedy) {
  store.reset();
  Raw(path).execute("PRAGMA user_version = 99");
  for (const bool read_only : {false, true}) {
    const Error error = refusal(read_only);
    EXPECT_EQ(error.kind, ErrorKind::permanent);
    EXPECT_THAT(error.message, HasSubstr("version 99"));
    EXPECT_THAT(error.message, HasSubstr("up to " + std::to_string(newest_schema())));
    EXPECT_THAT(error.message, HasSubstr("newer milepost"));
  }
  EXPECT_EQ(Raw(path).number("PRAGMA user_version"), 99);
}

TEST_F(StoreFile, OfAnotherProgramIsRefusedAndLeftAsItWas) {
  store.reset();
  std::filesystem::remove(path);
  Raw(path).execute("CREATE TABLE recipes (name TEXT)");
  const auto size = std::filesystem::file_size(path);
  EXPECT_EQ(refusal().kind, ErrorKind::permanent);
  EXPECT_THAT(refusal().message, HasSubstr("another program"));
  EXPECT_THAT(refusal(true).message, HasSubstr("another program"));
  EXPECT_EQ(std::filesystem::file_size(path), size);
  EXPECT_EQ(Raw(path).text("PRAGMA journal_mode"), "delete");
}

TEST_F(StoreFile, ThatIsNoDatabaseIsRefused) {
  store.reset();
  for (const std::string& content : {std::string("pipeline: no store\n"), std::string(100'000, 'x')}) {
    std::ofstream(path, std::ios::trunc) << content;
    EXPECT_EQ(refusal().kind, ErrorKind::permanent);
    EXPECT_THAT(refusal().message, HasSubstr("no milepost store"));
  }
}

TEST_F(StoreFile, ThatIsAFolderIsRefused) {
  store.reset();
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_THAT(refusal().message, HasSubstr("milepost.db"));
}

TEST_F(StoreFile, ThatWasTruncatedIsRefused) {
  for (int i = 0; i < 50; ++i) accept(milestone(std::to_string(i), "L-1", std::string(5000, 'p')));
  store.reset();
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  EXPECT_EQ(refusal().kind, ErrorKind::permanent);
  EXPECT_THAT(refusal().message, HasSubstr("damaged"));
  EXPECT_THAT(refusal(true).message, HasSubstr("damaged"));
}

TEST_F(StoreFile, ThatWasTruncatedBesideItsWalIsRefused) {
  for (int i = 0; i < 50; ++i) accept(milestone(std::to_string(i), "L-1", std::string(5000, 'p')));
  reopen();  // all in the file, the WAL empty
  accept(milestone("last", "L-2"));
  const std::string copy = folder + "/copy.db";
  std::filesystem::copy_file(path, copy);
  std::filesystem::copy_file(path + "-wal", copy + "-wal");
  std::filesystem::resize_file(copy, std::filesystem::file_size(copy) / 2);
  const auto opened = Store::open({.path = copy, .clock = &clock});
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("its end is missing"));
}

TEST_F(StoreFile, WhoseTableIsDamagedIsRefused) {
  store.reset();
  const auto whole = path + ".whole";
  std::filesystem::copy_file(path, whole);
  for (const char* table : {"audit", "events", "loans", "identities", "payloads"}) {  // also of those that an index would answer for
    std::filesystem::copy_file(whole, path, std::filesystem::copy_options::overwrite_existing);
    const auto page = Raw(path).number(std::string("SELECT rootpage FROM sqlite_schema WHERE name = '") + table + "'");
    const auto size = Raw(path).number("PRAGMA page_size");
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp((page - 1) * size);
    file << std::string(4096, '\x5a');
    file.close();
    EXPECT_THAT(refusal().message, HasSubstr("damaged")) << table;
  }
}

TEST_F(StoreFile, IsReadByToolsWithoutBeingChanged) {
  accept(milestone("e-1", "L-1"));
  auto reading = Store::open({.path = path, .read_only = true});
  ASSERT_TRUE(reading) << reading.error().message;
  EXPECT_EQ((*reading)->events({}).size(), 1u);
  const Status refused = (*reading)->run([](Writer&) {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::permanent);
}

TEST_F(StoreFile, ThatIsMissingIsNotMadeForReading) {
  store.reset();
  std::filesystem::remove(path);
  EXPECT_THAT(refusal(true).message, HasSubstr("no such store"));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(StoreFile, NeverGivesASequenceTwice) {
  accept(milestone("e-1", "L-1"));
  accept(milestone("e-2", "L-1"));
  Raw raw(path);
  EXPECT_EQ(raw.execute("DELETE FROM events WHERE sequence = 1"), "");
  EXPECT_THAT(raw.execute("DELETE FROM events WHERE sequence = 2"), HasSubstr("the newest event stays"));
}

TEST_F(StoreFile, IsNotWalkedForAReceipt) {
  const auto plan = [this](const std::string& query) { return Raw(path).text("EXPLAIN QUERY PLAN " + query, 3); };
  EXPECT_THAT(plan("SELECT * FROM events WHERE " MILEPOST_OF_RECEIPT("receipt")), HasSubstr("SEARCH events USING INDEX events_receipt"));
  EXPECT_THAT(plan("SELECT * FROM audit a WHERE " MILEPOST_OF_RECEIPT("a.event")), HasSubstr("SEARCH a USING INDEX audit_event"));
}

/// A state's index leads to few at once; of very many the first are found by walking.
TEST_F(StoreFile, ListsThoseOfAStateFewOrMany) {
  auto event = milestone("e-1", "L-1");
  event.quarantine = "no loan";
  accept(event);
  store.reset();
  EXPECT_EQ(Raw(path).execute("WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) "
                              "INSERT INTO events (sequence, receipt, pipeline, source, id, revision, type, subject, lane, actor, reason, time, "
                              "accepted_at, payload_digest, state, fault) SELECT i, printf('%036d', i), pipeline, source, 'e-' || i, revision, type, "
                              "subject, lane, actor, reason, time, accepted_at, payload_digest, CASE WHEN i < 30000 THEN 3 ELSE 0 END, fault FROM events, n "
                              "WHERE sequence = 1"),
            "");
  open();
  const auto dead = [this](bool oldest_first) {
    std::vector<Sequence> found;
    for (const auto& each : store->events({.state = EventState::dead, .limit = 2, .oldest_first = oldest_first})) found.push_back(each.sequence);
    return found;
  };
  EXPECT_EQ(dead(true), (std::vector<Sequence>{1, 2}));
  EXPECT_EQ(dead(false), (std::vector<Sequence>{29999, 29998}));
  EXPECT_EQ(store->events({.state = EventState::dead, .limit = 100'000}).size(), 29'999u);
  EXPECT_EQ(Raw(path).execute("UPDATE events SET state = 1 WHERE state = 3 AND sequence > 5"), "");
  EXPECT_EQ(dead(true), (std::vector<Sequence>{1, 2}));
  EXPECT_EQ(dead(false), (std::vector<Sequence>{5, 4}));
}

TEST_F(StoreFile, RemembersAnIdWhoseEventWasPruned) {
  const auto first = accept(milestone("e-1", "L-1", "{}"));
  accept(milestone("e-2", "L-1"));
  store->run([](Writer& writer) {
    auto event = *writer.event(1);
    event.state = EventState::done;
    writer.update(event);
  }).value();
  clock.advance(std::chrono::hours(2));
  ASSERT_TRUE(Pruner(*store, clock, {.events = std::chrono::hours(1), .ids = {}}).pass());
  const auto again = accept(milestone("e-1", "L-1", "{}"));
  EXPECT_EQ(again.verdict, Writer::Verdict::duplicate);
  EXPECT_EQ(again.event.receipt, first.event.receipt);
  EXPECT_EQ(again.event.sequence, 1u);
  EXPECT_FALSE(again.content_differs);
  EXPECT_FALSE(store->payload(1));
}

}  // namespace TEST_FILE
}  // namespace milepost::journal
