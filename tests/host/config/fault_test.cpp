#include "host/config/fault.hpp"

#include <gmock/gmock.h>

#include <set>

#include "host/config/fault_codes.hpp"
#include "host/config/fault_text.hpp"
#include "tests/host/config/folder.hpp"

namespace milepost::config {
namespace TEST_FILE {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Fault, ReadsAsOneLine) {
  EXPECT_EQ(to_string({"MP1042",
                       {"pipelines/a.yaml", 12, 5},
                       "steps[2].usee",
                       "unknown key; did you mean \"use\"?",
                       "rename it",
                       false}),
            "pipelines/a.yaml:12:5: MP1042 steps[2].usee: unknown key; did you mean \"use\"?");
  EXPECT_EQ(to_string({"MP1002", {"a.yaml", 0, 0}, "", "no", "", true}), "a.yaml: MP1002 warning: no");
}

TEST(Fault, SuggestsTheNearestName) {
  EXPECT_EQ(nearest("usee", {"id", "use", "when"}), "use");
  EXPECT_EQ(nearest("cnonection", {"connection", "use"}), "connection");
  EXPECT_EQ(nearest("xyz", {"id", "use", "when"}), "");
  EXPECT_EQ(nearest("", {"id"}), "");
  EXPECT_EQ(nearest(std::string(100'000, 'a'), {"a"}), "");
}

TEST(FaultCodes, AreOrderedUniqueAndExplained) {
  std::string_view before;
  for (const auto& entry : fault_codes()) {
    EXPECT_LT(before, entry.code);
    EXPECT_EQ(entry.code.size(), 6u);
    EXPECT_TRUE(entry.code.starts_with("MP"));
    EXPECT_FALSE(entry.title.empty() || entry.explanation.empty() || entry.remedy.empty()) << entry.code;
    before = entry.code;
  }
  EXPECT_EQ(find_fault_code("mp1042")->title, "an unknown key");
  EXPECT_EQ(find_fault_code("MP9999"), nullptr);
  EXPECT_EQ(find_fault_code(""), nullptr);
}

TEST(FaultText, ShowsTheLineWithACaret) {
  TestFolder folder;
  folder.write("a.yaml", "steps:\n  - usee: x\n");
  const Faults faults = {
      {"MP1042", {"a.yaml", 2, 5}, "steps[0].usee", "unknown key; did you mean \"use\"?", "rename it to use", false}};
  EXPECT_EQ(render(faults, folder.root(), false),
            "fault MP1042  a.yaml:2:5\n"
            "  steps[0].usee: unknown key; did you mean \"use\"?\n"
            "\n"
            "    2 │   - usee: x\n"
            "      │     ^^^^\n"
            "\n"
            "  → rename it to use\n"
            "\n"
            "1 fault in 1 file\n");
  EXPECT_EQ(render({}, folder.root(), false), "");
  EXPECT_THAT(render(faults, folder.root(), true), HasSubstr("\033["));
}

TEST(FaultText, KeepsSecretsAndControlCharactersOffTheTerminal) {
  TestFolder folder;
  folder.write("a.yaml", "token: hunter2\nx: \033[31m\xC2\x9B\n");
  const auto secret = render({{"MP1133", {"a.yaml", 1, 8}, "token", "in plain text", "", true}}, folder.root(), false);
  EXPECT_THAT(secret, Not(HasSubstr("hunter2")));
  const auto control =
      render({{"MP1004", {"a.yaml", 2, 4}, "", "a control character", "", false}}, folder.root(), false);
  EXPECT_THAT(control, Not(HasSubstr("\033")));
  EXPECT_THAT(control, HasSubstr("x: ?[31m?"));
}

TEST(FaultText, SurvivesPlacesThatAreNotThere) {
  TestFolder folder;
  folder.write("a.yaml", std::string(5000, 'x'));
  for (const Position& at :
       {Position{"a.yaml", 1, 4000}, {"a.yaml", 1, 99999}, {"a.yaml", 99, 1}, {"none.yaml", 1, 1}, {"", 0, 0}})
    EXPECT_THAT(render({{"MP1005", at, "", "m", "", false}}, folder.root(), false), HasSubstr("1 fault in 1 file"));
}

TEST(FaultText, IsJsonForPrograms) {
  EXPECT_EQ(
      text(to_json({"MP1042", {"a.yaml", 2, 5}, "x", "m", "r", false})),
      R"({"code":"MP1042","severity":"fault","file":"a.yaml","line":2,"column":5,"path":"x","message":"m","remedy":"r"})");
}

}  // namespace TEST_FILE
}  // namespace milepost::config
