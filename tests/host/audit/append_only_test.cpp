// The store's own triggers, against another program that opens the file without any of our settings.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/host/audit/fixture.hpp"
#include "tests/host/journal/older_store.hpp"

namespace milepost::audit {
namespace TEST_FILE {

using ::testing::HasSubstr;
using ::testing::Not;

class AppendOnly : public TrailTest {
 protected:
  AppendOnly() {
    for (int i = 1; i <= 3; ++i) append(entry("L-" + std::to_string(i)));
    head = verify(*store).head;
  }
  std::string head;
};

TEST_F(AppendOnly, RefusesToChangeRemoveReplaceOrInsertRows) {
  const auto insert = [](const std::string& how, const std::string& sequence) {
    return how + " INTO audit SELECT " + sequence +
           ", time, kind, user, action, 'forged', pipeline, version, event, step, outcome, plugin, details, previous, "
           "hash, salt, body "
           "FROM audit WHERE sequence = 2";
  };
  const std::pair<std::string, const char*> cases[] = {
      {"UPDATE audit SET subject = 'forged' WHERE sequence = 2", "never changed"},
      {"UPDATE OR IGNORE audit SET subject = 'forged'", "never changed"},
      {"UPDATE OR REPLACE audit SET sequence = 3 WHERE sequence = 2", "never changed"},
      {"UPDATE audit SET rowid = 9 WHERE sequence = 2", "never changed"},
      {"UPDATE audit SET body = '{}' WHERE sequence = 2", "never changed"},
      {"UPDATE audit SET salt = NULL WHERE sequence = 2", "never changed"},
      {"UPDATE audit SET salt = NULL, body = NULL, user = 'forged' WHERE sequence = 2", "never changed"},
      {"DELETE FROM audit WHERE sequence = 3", "never removed"},
      {"DELETE FROM audit", "never removed"},
      {insert("INSERT OR REPLACE", "2"), "appended"},
      {insert("INSERT OR REPLACE", "3"), "appended"},
      {insert("REPLACE", "1"), "appended"},
      {insert("INSERT OR IGNORE", "2"), "appended"},
      {insert("INSERT", "5"), "appended"},
      {insert("INSERT", "0"), "appended"},
      {insert("INSERT", "-1"), "appended"},
      {insert("INSERT", "NULL"), "appended"},
      {"INSERT INTO audit SELECT * FROM audit WHERE sequence = 2 ON CONFLICT (sequence) DO UPDATE SET subject = "
       "'forged'",
       ""},
  };
  for (const auto& [sql, why] : cases) {
    const std::string refusal = raw().execute(sql);
    EXPECT_NE(refusal, "") << sql;
    EXPECT_THAT(refusal, HasSubstr(why)) << sql;
  }
  const Verdict verdict = verify(*store);
  EXPECT_EQ(verdict.fault, "");
  EXPECT_EQ(verdict.rows, 3u);
  EXPECT_EQ(verdict.head, head);
}

TEST_F(AppendOnly, RefusesAWorkThatAppendsOutOfOrder) {
  const Status refused = store->run([](journal::Writer& writer) {
    Row row = writer.last_audit_row();
    writer.append_audit_row(row, Details{});
  });
  EXPECT_FALSE(refused);
  append(entry("L-4"));
  EXPECT_EQ(verify(*store).fault, "");
}

TEST_F(AppendOnly, AStoreOfVersionTenKeepsItsDetails) {
  run([](journal::Writer& writer) {  // many pages of them
    for (int i = 0; i < 400; ++i) audit::append(writer, entry("L-4", Json{{"reason", "asked by Ann Borrower" + std::string(200, '.')}}));
  });
  head = verify(*store).head;
  store.reset();
  const std::string old = path + ".10";
  {
    journal::make_older_store(old, 10);
    journal::Raw before(old);
    const std::string columns = "sequence, time, kind, user, action, subject, pipeline, version, event, step, outcome, plugin, details, previous, hash";
    ASSERT_EQ(before.execute("ATTACH '" + path + "' AS now; INSERT INTO audit (" + columns + ") SELECT " + columns +
                             " FROM now.audit ORDER BY sequence; INSERT INTO audit_details SELECT sequence, salt, body FROM now.audit WHERE sequence <> 2"),
              "");
  }
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
  std::filesystem::rename(old, path);
  open();
  const Verdict verdict = verify(*store);
  EXPECT_EQ(verdict.fault, "");
  EXPECT_EQ(verdict.head, head);
  EXPECT_EQ(verdict.erased, 1u);
  append(entry("L-5"));
  EXPECT_EQ(verify(*store).rows, 404u);
  EXPECT_THAT(raw().execute("UPDATE audit SET user = 'forged' WHERE sequence = 1"), HasSubstr("never changed"));
  // What is erased now leaves no copy where it stood before.
  run([](journal::Writer& writer) {
    for (std::uint64_t row = 4; row <= 403; ++row) EXPECT_TRUE(writer.erase_audit_details(row));
  });
  store.reset();
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  EXPECT_GT(bytes.size(), 8192u);
  EXPECT_THAT(bytes, Not(HasSubstr("Ann Borrower")));
}

TEST_F(AppendOnly, LetsDetailsBeErased) {
  EXPECT_EQ(raw().execute("UPDATE audit SET salt = NULL, body = NULL WHERE sequence = 2"), "");
  EXPECT_EQ(verify(*store).erased, 1u);
}

}  // namespace TEST_FILE
}  // namespace milepost::audit
