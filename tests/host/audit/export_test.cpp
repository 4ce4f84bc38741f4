// Exports: what ours and the independent verifier (a page of Python, written from docs/audit.md) say of the same file.
#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>

#include "tests/host/audit/fixture.hpp"

namespace milepost::audit {
namespace TEST_FILE {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Lines = std::vector<std::string>;

class Export : public TrailTest {
 protected:
  Export() {
    for (int i = 1; i <= 6; ++i) append(entry("L-" + std::to_string(i), Json{{"reason", "approved by Jos\u00e9"}}));
    run([](journal::Writer& writer) { writer.erase_audit_details(4); });
  }

  struct Outcome {
    int status;
    std::string output;
  };
  Outcome independently(const std::string& text) {
    const std::string file = folder + "/export.jsonl";
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
    const std::string command = "python3 " MILEPOST_SOURCE_DIR "/tests/host/audit/verify_audit.py " + file + " 2>&1";
    FILE* pipe = ::popen(command.c_str(), "r");
    Outcome outcome{};
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) outcome.output += static_cast<char>(c);
    outcome.status = WEXITSTATUS(::pclose(pipe));
    return outcome;
  }
  Lines lines() {
    Lines split;
    std::istringstream text(exported());
    for (std::string line; std::getline(text, line);) split.push_back(line);
    return split;
  }
  static std::string joined(const Lines& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
  }
  static void replace(std::string& line, const std::string& from, const std::string& to) {
    const auto at = line.find(from);
    ASSERT_NE(at, line.npos) << from << " in " << line;
    line.replace(at, from.size(), to);
  }
};

TEST_F(Export, SatisfiesBothVerifiers) {
  const Verdict ours = verified(exported());
  EXPECT_EQ(ours.fault, "");
  EXPECT_EQ(ours.rows, 6u);
  EXPECT_EQ(ours.erased, 1u);
  EXPECT_EQ(ours.head, verify(*store).head);
  const Outcome theirs = independently(exported());
  EXPECT_EQ(theirs.status, 0);
  EXPECT_EQ(theirs.output, "rows 6, erased 1, head " + ours.head + "\n");
}

TEST_F(Export, OfAnEmptyTrailSatisfiesBothVerifiers) {
  EXPECT_EQ(verified("").fault, "");
  EXPECT_EQ(independently("").output, "rows 0, erased 0, head " + std::string(64, '0') + "\n");
}

TEST_F(Export, MayLackItsLastLineFeed) {
  std::string text = exported();
  text.pop_back();
  EXPECT_EQ(verified(text).fault, "");
  EXPECT_EQ(independently(text).status, 0);
}

TEST_F(Export, ThatWasTamperedWithFailsInBothVerifiersAtTheSameLine) {
  struct Case {
    const char* what;
    std::function<void(Lines&)> tamper;
    int line;
  };
  const auto edit = [](std::size_t at, std::string from, std::string to) {
    return [=](Lines& lines) { replace(lines[at - 1], from, to); };
  };
  const Case cases[] = {
      {"a changed field", edit(3, "\"L-3\"", "\"L-9\""), 3},
      {"a changed time", edit(2, ".250000Z", ".250001Z"), 2},
      {"a changed outcome in the last row", edit(6, "\"updated\"", "\"created\""), 6},
      {"a removed row", [](Lines& lines) { lines.erase(lines.begin() + 2); }, 3},
      {"the first row removed", [](Lines& lines) { lines.erase(lines.begin()); }, 1},
      {"swapped rows", [](Lines& lines) { std::swap(lines[1], lines[2]); }, 2},
      {"a line twice", [](Lines& lines) { lines.insert(lines.begin() + 3, lines[2]); }, 4},
      {"altered details", edit(5, "approved", "declined"), 5},
      {"an altered salt", [](Lines& lines) { replace(lines[4], "\"salt\":\"", "\"salt\":\"00"); }, 5},
      {"details for an erased row", edit(4, "\"details\":null", "\"details\":\"{}\""), 4},
      {"an altered hash", [](Lines& lines) { replace(lines[5], "\"hash\":\"", "\"hash\":\"00"); }, 6},
      {"upper-case hex", edit(2, "\"previous\":\"", "\"previous\":\"A"), 2},
      {"a renumbered row", edit(2, "\"sequence\":2", "\"sequence\":3"), 2},
      {"a sequence that is no integer", edit(2, "\"sequence\":2", "\"sequence\":2.0"), 2},
      {"a sequence that is text", edit(2, "\"sequence\":2", "\"sequence\":\"2\""), 2},
      {"a sequence past 64 bits", edit(1, "\"sequence\":1", "\"sequence\":18446744073709551617"), 1},
      {"a field missing", edit(2, "\"step\":\"crm\",", ""), 2},
      {"a field too many", edit(2, "{", "{\"note\":\"harmless\","), 2},
      {"a field twice", edit(2, "{", "{\"user\":\"u-18\","), 2},
      {"a field of another type", edit(2, "\"u-17\"", "17"), 2},
      {"a time in another form", edit(1, "00.000000Z", "00Z"), 1},
      {"a day that is none", edit(1, "2026-01-31T", "2026-02-31T"), 1},
      {"a blank line", [](Lines& lines) { lines.insert(lines.begin() + 1, ""); }, 2},
      {"a space before a line", edit(2, "{", " {"), 2},
      {"a byte order mark", edit(1, "{", "\xef\xbb\xbf{"), 1},
      {"text after a line", [](Lines& lines) { lines[1] += " {}"; }, 2},
      {"invalid UTF-8", edit(3, "\"L-3\"", "\"L-\xff\""), 3},
      {"a lone surrogate", edit(3, "\"L-3\"", "\"L-\\ud800\""), 3},
      {"not JSON", [](Lines& lines) { lines[0] = "rows: 6"; }, 1},
      {"an array", [](Lines& lines) { lines[0] = "[]"; }, 1},
      {"half a line", [](Lines& lines) { lines[5].resize(lines[5].size() / 2); }, 6},
  };
  for (const auto& [what, tamper, line] : cases) {
    Lines tampered = lines();
    tamper(tampered);
    const Verdict ours = verified(joined(tampered));
    EXPECT_THAT(ours.fault, StartsWith("line " + std::to_string(line) + ": ")) << what;
    const Outcome theirs = independently(joined(tampered));
    EXPECT_EQ(theirs.status, 1) << what << ": " << theirs.output;
    EXPECT_THAT(theirs.output, StartsWith("fault at line " + std::to_string(line) + ": ")) << what;
  }
}

TEST_F(Export, ThatLostItsEndIsWholeButHasAnotherHead) {
  Lines shorter = lines();
  shorter.pop_back();
  const Verdict verdict = verified(joined(shorter));
  EXPECT_EQ(verdict.fault, "");
  EXPECT_EQ(verdict.rows, 5u);
  EXPECT_NE(verdict.head, verify(*store).head);
}

}  // namespace TEST_FILE
}  // namespace milepost::audit
