#include "host/plugins/preflight.hpp"

#include <chrono>

#include "tests/host/plugins/fixture.hpp"

namespace milepost::plugins {
namespace TEST_FILE {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Preflight, GivesTheManifestOfASoundPlugin) {
  const auto report = preflight(good("acme"));
  ASSERT_TRUE(report.ok) << report.reason;
  EXPECT_EQ(report.reason, "");
  EXPECT_EQ(report.abi, "1.0");
  EXPECT_EQ(report.sdk, "0.1.0");
  EXPECT_EQ(report.manifest["name"], "acme");
}

TEST(Preflight, NeverStartsItselfWithoutEnd) {
  ::setenv("MILEPOST_PREFLIGHT", "1", 1);  // as in a child of it whose main does not know --preflight
  const auto report = preflight(good("acme"));
  ::unsetenv("MILEPOST_PREFLIGHT");
  EXPECT_FALSE(report.ok);
  EXPECT_THAT(report.reason, HasSubstr("was started with --preflight and does not know it"));
}

struct Row {
  const char* library;
  const char* words;
};

TEST(Preflight, RefusesWithBothSidesAndTheRemedy) {
  const Row rows[] = {
      {"other_major",
       "other_major.so speaks ABI 3, this host speaks 1: rebuild the plugin with SDK 0.1 or update the host"},
      {"lacks_symbol", "lacks_symbol.so exports no milepost_plugin_v1: "},
      {"extra_export", "extra_export.so exports deflate besides milepost_plugin_v1"},
      {"function_symbol", "function_symbol.so exports milepost_plugin_v1 as something other than data"},
      {"small_struct", "small_struct.so says that its mp_plugin has 8 bytes, ABI 1 needs 32"},
      {"no_call", "no_call.so has no function in its mp_plugin"},
      {"other_major_inside", "other_major_inside.so speaks ABI 3 behind a symbol of ABI 1"},
      {"no_manifest", "no_manifest.so gives no manifest: MANIFEST emitted nothing"},
      {"text_manifest", "text_manifest.so gives no manifest: it is not valid JSON at byte 1"},
      {"faulty_manifest", "faulty_manifest.so has a faulty manifest: /version: expected text, found number"},
      {"twice", "twice.so gives no manifest: threw: the setting base_url is declared twice (An account.)"},
      {"crashes", "crashes.so crashed while loading: SIGSEGV"},
      {"prints", "prints.so prints to stdout while loading (\"hello from the plugin\")"},
      {"exits", "exits.so ended the process while loading (exit status 0)"},
      {"floods_report", "floods_report.so writes without end"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.library);
    const auto report = preflight(bad(row.library));
    EXPECT_FALSE(report.ok);
    EXPECT_THAT(report.reason, StartsWith(row.words));
    EXPECT_THAT(report.reason, Not(HasSubstr("\n")));
    EXPECT_THAT(report.reason, Not(HasSubstr("/proc/self/fd")));
  }
}

TEST(Preflight, KillsALibraryThatHangsOrFloods) {
  for (const char* library : {"hangs", "floods"}) {
    SCOPED_TRACE(library);
    const auto begun = std::chrono::steady_clock::now();
    const auto report = preflight(bad(library));
    EXPECT_FALSE(report.ok);
    EXPECT_THAT(report.reason, HasSubstr("did not come back from loading within 5 s and was killed"));
    EXPECT_LT(report.reason.size(), 2000u);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(15));
  }
}

TEST(Preflight, DoesNotWaitForWhatTheLibraryLeftBehind) {
  const auto begun = std::chrono::steady_clock::now();
  const auto report = preflight(bad("leaves_a_child"));
  EXPECT_TRUE(report.ok) << report.reason;
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(4));
}

TEST(Preflight, LetsStderrPass) {
  const auto report = preflight(bad("complains"));
  EXPECT_TRUE(report.ok) << report.reason;
}

TEST(Preflight, RefusesWhatIsNoLibrary) {
  Folder folder;
  write_file(folder.path("notes.so"), "This is a text file.\n");
  EXPECT_THAT(preflight(folder.path("notes.so")).reason, StartsWith("notes.so is no shared library"));
  write_file(folder.path("empty.so"), "");
  EXPECT_THAT(preflight(folder.path("empty.so")).reason, StartsWith("empty.so is empty"));
  const auto whole = read_file(good("acme"));
  write_file(folder.path("half.so"), whole.substr(0, whole.size() / 2));
  EXPECT_THAT(preflight(folder.path("half.so")).reason, StartsWith("half.so is truncated or damaged"));
  EXPECT_THAT(preflight(folder.path("nowhere.so")).reason, StartsWith("nowhere.so cannot be read: No such file"));
  EXPECT_THAT(preflight(folder.path()).reason, HasSubstr("is no file"));
}

TEST(Preflight, RefusesAnotherMachine) {
  Folder folder;
  auto bytes = read_file(good("acme"));
  bytes[18] = static_cast<char>(0x16);  // e_machine: IBM Z
  bytes[19] = 0;
  write_file(folder.path("acme.so"), bytes);
  EXPECT_THAT(preflight(folder.path("acme.so")).reason,
              AllOf(HasSubstr("acme.so is built for IBM Z"), HasSubstr("build it for")));
}

TEST(Preflight, SaysWhenItsOwnChildCannotBeStarted) {
  EXPECT_THAT(preflight(good("acme"), "/nowhere/milepost").reason, HasSubstr("cannot be looked at"));
}

TEST(Preflight, DistrustsAChildThatReportsNothing) {
  const auto report = preflight(good("acme"), "/bin/true");
  EXPECT_FALSE(report.ok);
  EXPECT_THAT(report.reason, HasSubstr("ended the process"));
}

}  // namespace TEST_FILE
}  // namespace milepost::plugins
