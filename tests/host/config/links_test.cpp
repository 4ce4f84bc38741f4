#include "host/config/links.hpp"

#include <gmock/gmock.h>

#include "host/config/fault_text.hpp"
#include "host/config/load.hpp"
#include "tests/host/config/fake_catalog.hpp"
#include "tests/host/config/folder.hpp"

namespace milepost::config {
namespace TEST_FILE {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LinksTest : public ::testing::Test {
 protected:
  LinksTest() {
    hook("leads");
    folder.write("pipelines/plain.yaml", "pipeline: plain\nsource: {use: schedule}\nsteps: [{use: set}]\n");
  }
  void hook(const std::string& name, const std::string& more = "", const std::string& steps = "[{use: set}]") {
    folder.write("pipelines/" + name + ".yaml", "pipeline: " + name + "\nsource: {use: webhook, with: {path: /hooks/" +
                                                    name + ", verify: none}}\n" + more + "steps: " + steps + "\n");
  }
  /// The source stands in line 2, its settings from column 29 on.
  void follow(const std::string& name, const std::string& with, const std::string& steps = "[{use: set}]") {
    folder.write("pipelines/" + name + ".yaml",
                 "pipeline: " + name + "\nsource: {use: events, with: {" + with + "}}\nsteps: " + steps + "\n");
  }
  Loaded load() { return load_folder(folder.root(), catalog); }
  void expect(std::string_view code, int line, int column, const std::string& words) {
    const auto loaded = load();
    ASSERT_THAT(loaded.faults, SizeIs(1)) << render(loaded.faults, folder.root(), false);
    const auto& fault = loaded.faults[0];
    EXPECT_EQ(fault.code, code);
    EXPECT_EQ(fault.at.line, line);
    EXPECT_EQ(fault.at.column, column);
    EXPECT_THAT(fault.message + " | " + fault.remedy, HasSubstr(words));
  }
  void expect_no_fault() {
    const auto loaded = load();
    EXPECT_THAT(loaded.faults, IsEmpty()) << render(loaded.faults, folder.root(), false);
  }

  FakeCatalog catalog;
  TestFolder folder;
};

TEST_F(LinksTest, TakesAChainOfPipelines) {
  follow("audit", "pipelines: [leads, plain]");
  follow("archive", "pipelines: [audit]");
  follow("alerts", "types: [milepost.dead_letter, milepost.connection.*]");
  expect_no_fault();
}

TEST_F(LinksTest, NamesTheNearestPipeline) {
  follow("audit", "pipelines: [milepost, lead]");
  expect("MP1096", 2, 52, "there is no pipeline \"lead\"; did you mean \"leads\"?");
}

TEST_F(LinksTest, KnowsAPipelineThatHasAFaultOfItsOwn) {
  follow("audit", "pipelines: [broken]");
  folder.write("pipelines/broken.yaml", "pipeline: broken\nsource: {use: schedule}\nsteps: [{use: sett}]\n");
  expect("MP1085", 3, 15, "\"set\"");
}

TEST_F(LinksTest, NamesTheNearestEventOfTheHost) {
  follow("alerts", "types: [lead.*, milepost.dead_leter]");
  expect("MP1097", 2, 46, "did you mean \"milepost.dead_letter\"?");
}

TEST_F(LinksTest, WantsToKnowWhatToFollow) {
  follow("audit", "");
  expect("MP1041", 2, 9, "neither whose events it follows nor which");
}

TEST_F(LinksTest, KeepsTheHostsNamesForTheHost) {
  folder.write("pipelines/own.yaml", "pipeline: milepost\nsource: {use: schedule}\nsteps: [{use: set}]\n");
  expect("MP1052", 1, 11, "names the host's own events");
}

TEST_F(LinksTest, KeepsTheHostsTypesForTheHost) {
  hook("forger", "", "[{use: emit, with: {type: milepost.dead_letter}}]");
  expect("MP1098", 3, 34, "is the host's own");
}

TEST_F(LinksTest, RefusesAPipelineThatFollowsItself) {
  follow("audit", "pipelines: [audit]");
  expect("MP1153", 2, 9, "audit -> audit");
}

TEST_F(LinksTest, RefusesALoopOfSeveralAtEachOfThem) {
  follow("a", "pipelines: [leads, c]");
  follow("b", "pipelines: [a]");
  follow("c", "pipelines: [b]");
  const auto loaded = load();
  ASSERT_THAT(loaded.faults, SizeIs(3)) << render(loaded.faults, folder.root(), false);
  EXPECT_THAT(loaded.faults[0].message, HasSubstr("a -> b -> c -> a"));
  for (const auto& fault : loaded.faults) EXPECT_EQ(fault.code, "MP1153");
  EXPECT_FALSE(loaded.folder.pipelines.contains("a"));
  EXPECT_TRUE(loaded.folder.pipelines.contains("leads"));
}

TEST_F(LinksTest, SeesThatTwoWhoTakeOneTypeFromEveryoneTakeItFromEachOther) {
  follow("a", "types: [lead.created]");
  follow("b", "types: [lead.*]");
  EXPECT_THAT(load().faults, SizeIs(2));
}

TEST_F(LinksTest, SeesALoopThatGoesThroughEmit) {
  follow("a", "types: [report.ready]", "[{use: emit, with: {type: mail.due}}]");
  follow("b", "types: [mail.due]", "[{use: emit, with: {type: \"report.${payload.kind}\"}}]");
  EXPECT_THAT(load().faults, SizeIs(2));
  follow("b", "types: [mail.due]", "[{use: emit, with: {type: mail.sent}}]");
  expect_no_fault();
}

TEST_F(LinksTest, TakesTypesThatKeepPipelinesApartForNoLoop) {
  hook("letters", "event: {type: letter.came, subject: none}\n", "[{use: emit, with: {type: letter.read}}]");
  follow("readers", "pipelines: [letters], types: [letter.read]", "[{use: emit, with: {type: reading.done}}]");
  follow("statistics", "pipelines: [letters, readers], types: [letter.*, reading.*]");
  expect_no_fault();
}

TEST_F(LinksTest, TakesAlertsForNoLoop) {
  follow("mail", "types: [milepost.*]");
  follow("chat", "types: [milepost.*]");
  expect_no_fault();
}

TEST(TypeFits, WholeOrByItsBeginning) {
  EXPECT_TRUE(type_fits("lead.created", "lead.created"));
  EXPECT_FALSE(type_fits("lead", "lead.created"));
  EXPECT_TRUE(type_fits("lead.*", "lead.created"));
  EXPECT_FALSE(type_fits("lead.*", "lead"));
  EXPECT_TRUE(type_fits("*", ""));
}

}  // namespace TEST_FILE
}  // namespace milepost::config
