// docs/audit.md is the specification: its worked example is checked here, byte for byte.
#include "host/audit/row.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "host/audit/trail.hpp"

namespace milepost::audit {
namespace TEST_FILE {

std::string document() {
  std::ifstream file(MILEPOST_SOURCE_DIR "/docs/audit.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The content of the fenced block that holds `words`.
std::string block(const std::string& text, const std::string& words) {
  const auto at = text.find(words);
  EXPECT_NE(at, text.npos) << words;
  const auto begin = text.find('\n', text.rfind("```", at)) + 1;
  return text.substr(begin, text.find("```", at) - begin);
}

Row example() {
  Row row;
  row.sequence = 1;
  EXPECT_TRUE(telemetry::from_text("2026-01-31T09:00:00.000000Z", row.time));
  row.kind = "event";
  row.user = "u-17";
  row.action = "accepted";
  row.subject = "L-1001";
  row.pipeline = "loan-milestones";
  row.event = "019c1347-d280-7000-8000-00000000002a";
  std::string salt(16, '\0');
  for (std::size_t i = 0; i < salt.size(); ++i) salt[i] = static_cast<char>(i);
  row.details = digest(Details{salt, "{\"reason\":\"approved by José\"}"});
  return row;
}

TEST(AuditRow, HasTheBytesThatTheDocumentShows) {
  const std::string bytes = encode(example());
  EXPECT_EQ(bytes, block(document(), "milepost-audit-1\n1:1\n"));
  EXPECT_EQ(bytes.size(), 294u);
}

TEST(AuditRow, HasTheHashThatTheDocumentShows) {
  EXPECT_THAT(document(), ::testing::HasSubstr("SHA-256 of them is `" + telemetry::hex(hash(example())) + "`"));
  EXPECT_THAT(document(), ::testing::HasSubstr("Their digest is `" + telemetry::hex(example().details) + "`"));
}

TEST(AuditRow, OfTheDocumentsExportVerifies) {
  std::istringstream lines(block(document(), "{\"sequence\":1,"));
  const Verdict verdict = verify_export(lines);
  EXPECT_EQ(verdict.fault, "");
  EXPECT_EQ(verdict.rows, 2u);
  EXPECT_THAT(document(), ::testing::HasSubstr("The head of this trail is `" + verdict.head + "`"));
}

TEST(AuditRow, CannotBeReadInTwoWays) {
  Row one, other;
  one.action = "a\n1:b";
  other.action = "a";
  other.subject = "b";
  EXPECT_NE(encode(one), encode(other));
}

}  // namespace TEST_FILE
}  // namespace milepost::audit
