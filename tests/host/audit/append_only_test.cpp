// The store's own triggers, against another program that opens the file without any of our settings.
#include <gmock/gmock.h>

#include "tests/host/audit/fixture.hpp"

namespace milepost::audit {
namespace TEST_FILE {

using ::testing::HasSubstr;

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
           "hash "
           "FROM audit WHERE sequence = 2";
  };
  const std::pair<std::string, const char*> cases[] = {
      {"UPDATE audit SET subject = 'forged' WHERE sequence = 2", "never changed"},
      {"UPDATE OR IGNORE audit SET subject = 'forged'", "never changed"},
      {"UPDATE OR REPLACE audit SET sequence = 3 WHERE sequence = 2", "never changed"},
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

TEST_F(AppendOnly, LetsDetailsBeErased) {
  EXPECT_EQ(raw().execute("DELETE FROM audit_details WHERE sequence = 2"), "");
  EXPECT_EQ(verify(*store).erased, 1u);
}

}  // namespace TEST_FILE
}  // namespace milepost::audit
