#include "host/journal/known_ids.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "host/journal/schema.hpp"
#include "tests/host/journal/fixture.hpp"
#include "tests/host/journal/older_store.hpp"

namespace milepost::journal {
namespace TEST_FILE {

using ::testing::IsEmpty;
using ::testing::Contains;
using Verdict = Writer::Verdict;

void wait_until_read(const KnownIds& ids) {
  while (!ids.all_read()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

std::string id(int number) { return "id-" + std::to_string(number); }

class KnownIdsTest : public StoreTest {
 protected:
  std::vector<Verdict> accept_all(int from, int to) {
    std::vector<Verdict> verdicts;
    run([&](Writer& writer) {
      verdicts.clear();
      for (int i = from; i < to; ++i)
        verdicts.push_back(writer.accept(milestone(id(i), "L-" + std::to_string(i % 50)), telemetry::new_id(kStart), kStart).verdict);
    });
    return verdicts;
  }
};

TEST_F(KnownIdsTest, FindsTheStretchOfEachAndNearlyNoOther) {
  store.reset();
  KnownIds ids(path, 0);
  for (int i = 1; i < 300'000; ++i) ids.add(static_cast<Sequence>(i), KnownIds::hash(id(i)));
  std::size_t named = 0;
  for (int i = 1; i < 300'000; i += 7) {
    const auto found = ids.stretches(KnownIds::hash(id(i)));
    EXPECT_THAT(found, Contains(static_cast<Sequence>(i) >> KnownIds::kStretchBits)) << i;
    EXPECT_TRUE(std::ranges::is_sorted(found, std::greater()));
    named += found.size() - 1;
  }
  for (int i = 300'000; i < 400'000; ++i) named += ids.stretches(KnownIds::hash(id(i))).size();
  EXPECT_LT(named, 500u);  // of 143,000 lookups in 147 stretches
}

TEST_F(KnownIdsTest, KnowsWhatWasThereBeforeItWasOpened) {
  accept_all(0, 5000);
  reopen();
  EXPECT_THAT(accept_all(0, 5000), ::testing::Each(Verdict::duplicate));  // perhaps while it still reads
  EXPECT_THAT(accept_all(5000, 5100), ::testing::Each(Verdict::accepted));
  store.reset();
  KnownIds ids(path, 5100);
  wait_until_read(ids);
  for (int i = 0; i < 5100; ++i) EXPECT_THAT(ids.stretches(KnownIds::hash(id(i))), Contains(static_cast<Sequence>(i + 1) >> KnownIds::kStretchBits)) << i;
  EXPECT_THAT(ids.stretches(KnownIds::hash("another")), IsEmpty());
}

TEST_F(KnownIdsTest, DoNotKnowAnIdWhoseWorkWasRolledBack) {
  EXPECT_FALSE(store->run([](Writer& writer) {
    writer.accept(milestone("e-1", "L-1"), telemetry::new_id(kStart), kStart);
    throw std::runtime_error("not this one");
  }));
  EXPECT_EQ(accept(milestone("e-1", "L-1")).verdict, Verdict::accepted);
}

TEST_F(KnownIdsTest, TakesTheLatestRevisionOfAnIdFromAnyStretch) {
  NewEvent event = milestone("e-1", "L-1");
  event.revision = "1";
  accept(event);
  accept_all(0, 3000);
  event.revision = "2";
  EXPECT_EQ(accept(event).verdict, Verdict::accepted);
  EXPECT_EQ(accept(event).verdict, Verdict::duplicate);
  event.revision = "1";
  EXPECT_EQ(accept(event).verdict, Verdict::accepted);  // it went back
  EXPECT_EQ(store->events({.id = "e-1"}).size(), 3u);
}

TEST_F(KnownIdsTest, ReadAPartThatTheStoreKeepsInsteadOfItsIds) {
  store.reset();
  constexpr int kPart = 1 << KnownIds::kPartBits;
  {
    KnownIds ids(path, 0);
    for (int i = 1; i < kPart; ++i) ids.add(static_cast<Sequence>(i), KnownIds::hash(id(i)));
    EXPECT_FALSE(ids.unkept(kPart - 1));  // one may come to it after these
    const auto part = ids.unkept(kPart);
    ASSERT_TRUE(part);
    EXPECT_EQ(part->number, 0u);
    connect(path, sqlite::Connection::Mode::write)->run("INSERT INTO known_ids (part, filter) VALUES (?, ?)", part->number, sqlite::Blob{part->filter});
    ids.kept(0);
    EXPECT_FALSE(ids.unkept(kPart));
  }
  KnownIds ids(path, kPart);  // the store has not one event
  wait_until_read(ids);
  for (int i = 1; i < kPart; i += 97) EXPECT_THAT(ids.stretches(KnownIds::hash(id(i))), Contains(static_cast<Sequence>(i) >> KnownIds::kStretchBits)) << i;
  EXPECT_THAT(ids.stretches(KnownIds::hash("another")), IsEmpty());
}

TEST_F(KnownIdsTest, PartsAreKeptWhenTheyAreCompleteUntilAnIdComesToThemAfterAll) {
  accept(milestone("e-1", "L-1"));
  NewEvent unread = milestone("e-2", "L-2");
  unread.quarantine = "it cannot be read";
  const auto quarantined = accept(unread);
  accept(milestone("e-3", "L-3"));
  store.reset();
  ASSERT_EQ(Raw(path).execute("UPDATE events SET sequence = (1 << 17) - 50 WHERE id = 'e-3'; UPDATE payloads SET event = (1 << 17) - 50 WHERE event = 3"), "");
  open();
  const auto parts = [this] { return Raw(path).number("SELECT count(*) FROM known_ids"); };
  for (int i = 0; i < 20 && parts() == 0; ++i) accept_all(i * 256, (i + 1) * 256);  // its ids may still be read
  EXPECT_EQ(parts(), 1);
  reopen();
  for (const char* known : {"e-1", "e-3", "id-5"}) EXPECT_EQ(accept(milestone(known, "L-1")).verdict, Verdict::duplicate) << known;

  run([&](Writer& writer) { EXPECT_EQ(writer.admit(quarantined.event.sequence, milestone("e-2", "L-2")).verdict, Verdict::accepted); });
  EXPECT_EQ(parts(), 0);
  reopen();
  EXPECT_EQ(accept(milestone("e-2", "L-2")).verdict, Verdict::duplicate);
}

TEST_F(KnownIdsTest, AStoreOfVersionFourKeepsItsIdentities) {
  store.reset();
  make_older_store(path, 4);
  ASSERT_EQ(Raw(path).execute("INSERT INTO events (sequence, receipt, pipeline, source, id, revision, type, subject, lane, actor, reason, time, accepted_at, "
                              "payload_digest, state) VALUES (7, 'r-7', 'loan-milestones', 'los', 'e-7', '', 't', 'L-7', 'L-7', '', '', 1, 1, x'00', 4);"
                              "INSERT INTO identities VALUES ('e-7', 'loan-milestones', 7, '', 'r-7', x'00', 1), ('e-2', 'loan-milestones', 2, '', 'r-2', x'00', 1)"),
            "");
  open();
  EXPECT_EQ(accept(milestone("e-7", "L-7")).event.receipt, "r-7");
  EXPECT_EQ(accept(milestone("e-2", "L-2")).event.receipt, "r-2");  // whose event is gone
  EXPECT_EQ(accept(milestone("e-8", "L-7")).verdict, Verdict::accepted);
  EXPECT_EQ(store->events({.subject = "L-7"}).size(), 2u);
  EXPECT_EQ(store->events({.id = "e-7"}).size(), 1u);
}

}  // namespace TEST_FILE
}  // namespace milepost::journal
