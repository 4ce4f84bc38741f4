#include "host/audit/trail.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "tests/host/audit/fixture.hpp"

namespace milepost::audit {
namespace TEST_FILE {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Trail : public TrailTest {
 protected:
  void tamper(const std::string& sql) {
    for (const char* name : {"is_append_only", "is_never_changed", "is_never_shortened"})
      ASSERT_EQ(raw().execute(std::string("DROP TRIGGER IF EXISTS audit_") + name), "");
    ASSERT_EQ(raw().execute(sql), "");
  }
};

TEST_F(Trail, ThatIsEmptyIsWhole) {
  const Verdict verdict = verify(*store);
  EXPECT_EQ(verdict.rows, 0u);
  EXPECT_EQ(verdict.fault, "");
  EXPECT_EQ(verdict.head, std::string(64, '0'));
  EXPECT_EQ(verified(exported()).head, verdict.head);
}

TEST_F(Trail, ChainsItsRowsAcrossAReopening) {
  append(entry("L-1"));
  append(entry("L-2"));
  reopen();
  append(entry("L-3"));
  const auto rows = store->audit({});
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].row.previous, telemetry::Sha256{});
  EXPECT_EQ(rows[1].row.previous, rows[0].row.hash);
  EXPECT_EQ(rows[2].row.previous, rows[1].row.hash);
  EXPECT_EQ(rows[2].row.sequence, 3u);
  EXPECT_EQ(rows[1].row.time, journal::kStart + std::chrono::milliseconds(250));
  EXPECT_EQ(verify(*store).fault, "");
  EXPECT_EQ(verify(*store).head, telemetry::hex(rows[2].row.hash));
}

TEST_F(Trail, ChainsSeveralRowsOfOneWork) {
  run([](journal::Writer& writer) {
    EXPECT_EQ(audit::append(writer, entry("L-1")), 1u);
    EXPECT_EQ(audit::append(writer, entry("L-1")), 2u);
  });
  EXPECT_EQ(verify(*store).rows, 2u);
  EXPECT_EQ(verify(*store).fault, "");
}

TEST_F(Trail, IsAsBeforeWhenAWorkFails) {
  append(entry("L-1"));
  EXPECT_FALSE(store->run([](journal::Writer& writer) {
    audit::append(writer, entry("L-2"));
    throw std::runtime_error("a defect");
  }));
  append(entry("L-3"));
  EXPECT_EQ(verify(*store).rows, 2u);
  EXPECT_EQ(verify(*store).fault, "");
}

TEST_F(Trail, LeavesOutWhatWasNotSaid) {
  append(
      entry("L-1", Json{{"reason", ""}, {"note", nullptr}, {"record", Json::object()}, {"count", 0}, {"text", "x"}}));
  const auto details = store->audit({})[0].details;
  ASSERT_TRUE(details);
  EXPECT_EQ(details->body, R"({"count":0,"text":"x"})");
  EXPECT_EQ(details->salt.size(), 16u);
}

TEST_F(Trail, TakesDetailsThatAreTextAlready) {
  EXPECT_EQ(body({{"reason", "a \"b\"\n"}, {"note", ""}, {"type", "lead"}}), R"({"reason":"a \"b\"\n","type":"lead"})");
  EXPECT_EQ(body({}), "{}");
  Entry made = entry("L-1", Json{{"reason", "not this"}});
  made.body = body({{"reason", "this"}});
  append(made);
  EXPECT_EQ(store->audit({})[0].details->body, R"({"reason":"this"})");
  EXPECT_EQ(verify(*store).fault, "");
}

TEST_F(Trail, SaltsEachRowByItself) {
  append(entry("L-1", Json{{"reason", "approved"}}));
  append(entry("L-1", Json{{"reason", "approved"}}));
  const auto rows = store->audit({});
  EXPECT_EQ(rows[0].details->body, rows[1].details->body);
  EXPECT_NE(rows[0].row.details, rows[1].row.details);
}

TEST_F(Trail, CarriesWhatIsNoUtf8IntoAnExportThatVerifies) {
  append(entry("L-\xff\xfe", Json{{"note", "caf\xe9 \xf0\x9f\x98\x80"}}));
  append(entry(std::string("L-\0\n\"\\\xe2\x80\x8f", 9)));
  EXPECT_EQ(verify(*store).fault, "");
  EXPECT_EQ(verified(exported()).fault, "");
  EXPECT_EQ(verified(exported()).head, verify(*store).head);
  EXPECT_EQ(store->audit({})[0].row.subject, "L-\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_F(Trail, HoldsWhenDetailsAreErased) {
  for (int i = 0; i < 3; ++i) append(entry("L-1", Json{{"reason", "a borrower's name"}}));
  const std::string head = verify(*store).head;
  bool erased = false, again = true;
  run([&](journal::Writer& writer) { erased = writer.erase_audit_details(2); });
  run([&](journal::Writer& writer) { again = writer.erase_audit_details(2); });
  EXPECT_TRUE(erased);
  EXPECT_FALSE(again);
  for (const Verdict& verdict : {verify(*store), verified(exported())}) {
    EXPECT_EQ(verdict.fault, "");
    EXPECT_EQ(verdict.rows, 3u);
    EXPECT_EQ(verdict.erased, 1u);
    EXPECT_EQ(verdict.head, head);
  }
  EXPECT_FALSE(store->audit({})[1].details);
}

TEST_F(Trail, ShowsEachKindOfTamperingInTheStore) {
  for (int i = 1; i <= 5; ++i) append(entry("L-" + std::to_string(i), Json{{"reason", "approved"}}));
  const struct {
    const char* sql;
    const char* undo;
    const char* fault;
  } cases[] = {
      {"UPDATE audit SET subject = 'L-9' WHERE sequence = 3", "UPDATE audit SET subject = 'L-3' WHERE sequence = 3",
       "row 3: its hash does not match"},
      {"UPDATE audit SET time = time + 1 WHERE sequence = 1", "UPDATE audit SET time = time - 1 WHERE sequence = 1",
       "row 1: its hash does not match"},
      {"UPDATE audit SET body = '{}' WHERE sequence = 2",
       "UPDATE audit SET body = '{\"reason\":\"approved\"}' WHERE sequence = 2",
       "row 2: its details do not match"},
      {"DELETE FROM audit WHERE sequence = 4", "", "row 4: its sequence is 5"},
  };
  for (const auto& [sql, undo, fault] : cases) {
    ASSERT_EQ(verify(*store).fault, "");
    tamper(sql);
    EXPECT_THAT(verify(*store).fault, StartsWith(fault)) << sql;
    if (*undo != '\0') tamper(undo);
  }
}

/// So many rows that stretches of them are looked at side by side.
TEST_F(Trail, OfManyRowsIsVerifiedToTheFirstFault) {
  constexpr int kRows = 90'000;
  for (int first = 0; first < kRows; first += 10'000)
    run([&](journal::Writer& writer) {
      for (int i = 0; i < 10'000; ++i) audit::append(writer, entry("L-" + std::to_string((first + i) % 7)));
    });
  const Verdict whole = verify(*store);
  EXPECT_EQ(whole.fault, "");
  EXPECT_EQ(whole.rows, 90'000u);
  EXPECT_EQ(whole.head, telemetry::hex(store->audit({.limit = 1, .newest_first = true}).front().row.hash));
  tamper("UPDATE audit SET body = '{ }' WHERE sequence = 80000");
  EXPECT_THAT(verify(*store).fault, StartsWith("row 80000: its details do not match"));
  // A row that was written anew with all that hangs on it breaks the chain where it ends, wherever the stretches do.
  for (const std::uint64_t row : {22'500u, 45'000u, 45'001u, 60'000u}) {
    tamper("UPDATE audit SET hash = zeroblob(32) WHERE sequence = " + std::to_string(row));
    EXPECT_THAT(verify(*store).fault, StartsWith("row " + std::to_string(row) + ": its hash does not match"));
    tamper("UPDATE audit SET hash = (SELECT previous FROM audit WHERE sequence = " + std::to_string(row + 1) +
           ") WHERE sequence = " + std::to_string(row));
  }
  tamper("DELETE FROM audit WHERE sequence BETWEEN 40000 AND 50000");
  const Verdict broken = verify(*store);
  EXPECT_THAT(broken.fault, StartsWith("row 40000: its sequence is 50001"));
  EXPECT_EQ(broken.rows, 39'999u);
}

TEST_F(Trail, IsFoundBySubjectHoweverFarApartItsRowsAre) {
  std::map<std::string, std::vector<std::uint64_t>> expected;
  run([&](journal::Writer& writer) {
    for (int i = 0; i < 10'000; ++i) {
      const std::string subject = i == 0 || i == 9'999 ? "rare" : "L-" + std::to_string(i * 7919 % 2000);
      expected[subject].push_back(audit::append(writer, entry(subject)));
    }
  });
  const auto found = [&](const journal::AuditFilter& filter) {
    std::vector<std::uint64_t> rows;
    for (const auto& record : store->audit(filter)) rows.push_back(record.row.sequence);
    return rows;
  };
  for (const char* subject : {"rare", "L-0", "L-7", "L-1999"}) {
    auto rows = expected.at(subject);
    EXPECT_EQ(found({.subject = subject}), rows) << subject;
    EXPECT_EQ(found({.subject = subject, .after = rows.front()}), std::vector(rows.begin() + 1, rows.end())) << subject;
    std::ranges::reverse(rows);
    EXPECT_EQ(found({.subject = subject, .newest_first = true}), rows) << subject;
    EXPECT_EQ(found({.subject = subject, .limit = 1, .newest_first = true}), std::vector{rows.front()}) << subject;
  }
  EXPECT_TRUE(found({.subject = "nobody"}).empty());
}

TEST_F(Trail, IsFilteredInBothDirections) {
  for (int i = 1; i <= 6; ++i) {
    Entry made = entry(i % 2 ? "L-odd" : "L-even");
    made.event = i <= 3 ? "receipt-1" : "receipt-2";
    made.kind = i == 5 ? "admin" : "outcome";
    made.pipeline = i == 6 ? "crf-leads" : "loan-milestones";
    append(made);
  }
  const auto sequences = [&](const journal::AuditFilter& filter) {
    std::vector<std::uint64_t> found;
    for (const auto& record : store->audit(filter)) found.push_back(record.row.sequence);
    return found;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(sequences({}), ElementsAre(1u, 2u, 3u, 4u, 5u, 6u));
  EXPECT_THAT(sequences({.after = 2, .limit = 2}), ElementsAre(3u, 4u));
  EXPECT_THAT(sequences({.limit = 2, .newest_first = true}), ElementsAre(6u, 5u));
  EXPECT_THAT(sequences({.after = 5, .newest_first = true}), ElementsAre(6u));
  EXPECT_THAT(sequences({.subject = "L-odd"}), ElementsAre(1u, 3u, 5u));
  EXPECT_THAT(sequences({.subject = "L-odd", .newest_first = true}), ElementsAre(5u, 3u, 1u));
  EXPECT_THAT(sequences({.event = "receipt-2"}), ElementsAre(4u, 5u, 6u));
  EXPECT_THAT(sequences({.kind = "admin"}), ElementsAre(5u));
  EXPECT_THAT(sequences({.pipeline = "crf-leads"}), ElementsAre(6u));
}

TEST_F(Trail, IsWalkedInPagesAndEndsWhenTold) {
  run([](journal::Writer& writer) {
    for (int i = 0; i < 2500; ++i) audit::append(writer, entry("L-1"));
  });
  std::uint64_t seen = 0;
  store->each_audit_row([&](const journal::AuditRecord& record) {
    EXPECT_EQ(record.row.sequence, ++seen);
    return true;
  });
  EXPECT_EQ(seen, 2500u);
  seen = 0;
  store->each_audit_row([&](const journal::AuditRecord&) { return ++seen < 10; });
  EXPECT_EQ(seen, 10u);
  EXPECT_EQ(verify(*store).rows, 2500u);
}

}  // namespace TEST_FILE
}  // namespace milepost::audit
