// A running host changes over to an edited folder, whole or not at all.
#include "tests/host/deploy/live_rig.hpp"

namespace milepost::deploy {
namespace TEST_FILE {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(LiveRig, WritesDownWhatAStartTakesUp) {
  write("pipelines/a.yaml", pipeline("a", "one"));
  start();
  EXPECT_THAT(deeds("a"), ElementsAre("pipeline.start added by system"));
  stop();
  start();
  EXPECT_THAT(deeds("a"), ElementsAre("pipeline.start added by system")) << "nothing changed";
  stop();
  write("pipelines/a.yaml", pipeline("a", "two"));
  write("pipelines/b.yaml", pipeline("b", "one"));
  start();
  EXPECT_THAT(deeds("a"), ElementsAre("pipeline.start changed by system", "pipeline.start added by system"));
  EXPECT_THAT(deeds("b"), ElementsAre("pipeline.start added by system"));
}

TEST_F(LiveRig, AReloadTakesWhatChangedAndNothingElse) {
  write("pipelines/a.yaml", pipeline("a", "one"));
  write("pipelines/b.yaml", pipeline("b", "one"));
  start();
  ASSERT_TRUE(done(accept("a", "1")));
  write("pipelines/a.yaml", pipeline("a", "two"));
  remove("pipelines/b.yaml");
  write("pipelines/c.yaml", pipeline("c", "one"));
  const auto plan = reload();
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(plan->pipelines.size(), 3u);
  ASSERT_TRUE(done(accept("a", "2")));
  EXPECT_THAT(said(), ElementsAre("one", "two"));
  EXPECT_TRUE(listens("/hooks/c"));
  EXPECT_FALSE(listens("/hooks/b"));
  EXPECT_THAT(deeds("b"), ElementsAre("pipeline.reload removed by system", "pipeline.start added by system"));
  const auto again = reload();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->empty());
}

TEST_F(LiveRig, AFolderWithAFaultLeavesAllAsItWas) {
  write("pipelines/a.yaml", pipeline("a", "one"));
  write("pipelines/b.yaml", pipeline("b", "one"));
  start();
  write("pipelines/a.yaml", pipeline("a", "two"));
  write("pipelines/b.yaml", "pipeline: b\nsteps: oh\n");
  const auto plan = reload();
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().message, HasSubstr("pipelines/b.yaml"));
  ASSERT_TRUE(live_->trouble());
  EXPECT_FALSE(live_->trouble()->faults.empty());
  ASSERT_TRUE(done(accept("a", "1")));
  EXPECT_THAT(said(), ElementsAre("one"));
  EXPECT_TRUE(listens("/hooks/b"));
  write("pipelines/b.yaml", pipeline("b", "one"));
  ASSERT_TRUE(reload());
  EXPECT_FALSE(live_->trouble());
  ASSERT_TRUE(done(accept("a", "2")));
  EXPECT_THAT(said(), ElementsAre("one", "two"));
}

TEST_F(LiveRig, AFileThatNobodyMayReadIsAFault) {
  write("pipelines/a.yaml", pipeline("a", "one"));
  start();
  std::filesystem::permissions(folder_ + "/pipelines/a.yaml", std::filesystem::perms::none);
  if (std::ifstream(folder_ + "/pipelines/a.yaml").good()) {  // root reads it all the same: a folder in its place is none
    remove("pipelines/a.yaml");
    std::filesystem::create_directory(folder_ + "/pipelines/a.yaml");
  }
  const auto plan = reload();
  ASSERT_FALSE(plan) << "not as if the pipeline had been taken away";
  EXPECT_THAT(plan.error().message, HasSubstr("cannot be read"));
  EXPECT_TRUE(listens("/hooks/a"));
}

TEST_F(LiveRig, AFileThatIsEditedMeanwhileIsTakenWholeOrNotAtAll) {
  const auto whole = [](int i) { return pipeline("a", "one", "# " + std::to_string(i) + "\n") + "# " + std::to_string(i) + "\n"; };
  write("pipelines/a.yaml", whole(0));
  start();
  std::atomic<bool> writing = true;
  std::thread editor([&] {
    for (int i = 1; writing; ++i) write("pipelines/a.yaml", whole(i));  // in place: there are moments when half of it is there
  });
  for (int i = 0; i < 6; ++i) {
    if (reload()) {
      const auto text = live_->current()->texts.at("pipelines/a.yaml");
      const auto number = text.substr(2, text.find('\n') - 2);
      EXPECT_TRUE(text.ends_with("\n# " + number + "\n")) << text;
    } else {
      EXPECT_THAT(live_->trouble()->reason, HasSubstr("pipelines/a.yaml"));
    }
    ASSERT_TRUE(listens("/hooks/a"));
  }
  writing = false;
  editor.join();
  ASSERT_TRUE(reload());
  EXPECT_EQ(live_->current()->texts.at("pipelines/a.yaml"), read("pipelines/a.yaml"));
}

TEST_F(LiveRig, StampsTellWhatMovedAndWhatMayMoveUnseen) {
  config::Folder folder;
  folder.root = folder_;
  write("pipelines/a.yaml", "x");
  const auto before = stamps_of(folder);
  const std::string path = folder_ + "/pipelines/a.yaml";
  const std::chrono::system_clock::time_point changed{std::chrono::nanoseconds(before.at(path).changed)};
  EXPECT_EQ(hot({*before.find(path)}, changed + 5ms), path) << "another edit in that moment would leave the same stamp";
  EXPECT_EQ(hot({*before.find(path)}, changed + 50ms), "");
  EXPECT_EQ(hot({*before.find(path)}, changed - 1h), "") << "a clock that is wrong holds up nothing";
  EXPECT_EQ(moved(before, stamps_of(folder)), "");
  write("pipelines/b.yaml", "x");
  EXPECT_EQ(moved(before, stamps_of(folder)), folder_ + "/pipelines/b.yaml");
}

TEST_F(LiveRig, WhatBeganEndsOnItsVersion) {
  const std::string waits = "pipeline: a\nsource: {use: webhook, with: {path: /hooks/a, verify: none}}\nevent: {id: \"${payload.id}\", subject: \"${payload.id}\"}\nsteps:\n";
  write("pipelines/a.yaml", waits + "  - use: wait\n    with: {for: 1h}\n  - id: say\n    use: audit\n    with: {action: one}\n");
  start();
  const auto old = accept("a", "1");
  ASSERT_TRUE(eventually([&] { return store_->event(old)->state == journal::EventState::waiting; }));
  write("pipelines/a.yaml", pipeline("a", "two"));
  ASSERT_TRUE(reload());
  ASSERT_TRUE(done(accept("a", "2")));
  clock_.advance(2h);
  ASSERT_TRUE(done(old));
  EXPECT_THAT(said(), ElementsAre("two", "one"));
  EXPECT_NE(store_->event(old)->definition, live_->current()->programs[0]->pipeline.version);
}

TEST_F(LiveRig, WhatAPipelineHadAcceptedEndsAfterItIsTakenAway) {
  write("pipelines/a.yaml", pipeline("a", "one"));
  start();
  remove("pipelines/a.yaml");
  ASSERT_TRUE(reload());
  const auto late = accept("a", "1");  // its sender was answered before
  ASSERT_TRUE(done(late));
  stop();
  {
    auto store = journal::Store::open({.path = folder_ + "/data/milepost.db", .clock = &clock_});
    store_ = std::move(*store);
    accept("a", "2");
    store_.reset();
  }
  start();
  EXPECT_TRUE(eventually([&] { return said().size() == 2; })) << "also after a restart";
}

TEST_F(LiveRig, APlanIsAppliedByItsHashOrNotAtAll) {
  write("pipelines/a.yaml", pipeline("a", "one"));
  start();
  write("pipelines/a.yaml", pipeline("a", "two"));
  const auto planned = live_->planner().plan();
  ASSERT_TRUE(planned.sound());
  ASSERT_EQ(planned.plan.pipelines.size(), 1u);
  EXPECT_EQ(live_->current()->programs[0]->pipeline.version, planned.plan.pipelines[0].before) << "a plan changes nothing";

  write("pipelines/b.yaml", pipeline("b", "one"));
  const auto stale = live_->apply(planned.plan.hash, "key:owner", "why not");
  ASSERT_FALSE(stale);
  EXPECT_THAT(stale.error().message, HasSubstr("the folder was edited since (pipeline b)"));
  EXPECT_FALSE(listens("/hooks/b"));

  remove("pipelines/b.yaml");
  const auto applied = live_->apply(planned.plan.hash.substr(0, 12), "key:owner", "cards for all");
  ASSERT_TRUE(applied) << applied.error().message;
  const auto lived = history(*store_, "a", 1);
  EXPECT_EQ(lived[0].audit.user, "key:owner");
  EXPECT_EQ(lived[0].audit.action, "pipeline.apply");
  EXPECT_EQ(lived[0].reason, "cards for all");

  const auto twice = live_->apply(planned.plan.hash, "key:other", "me too");
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message, HasSubstr("what runs is not what it was planned against (pipeline a)"));
  EXPECT_THAT(live_->apply("0123456789abcdef", "key:owner", "guess").error().message, HasSubstr("there is no plan 0123456789abcdef"));
}

TEST_F(LiveRig, OfTwoAtOnceOneWins) {
  write("pipelines/a.yaml", pipeline("a", "one"));
  start();
  write("pipelines/a.yaml", pipeline("a", "two"));
  const auto hash = live_->planner().plan().plan.hash;
  std::atomic<int> won = 0, told = 0;
  std::vector<std::jthread> both;
  for (int i = 0; i < 2; ++i)
    both.emplace_back([&, i] { (live_->apply(hash, "key:" + std::to_string(i), "mine") ? won : told)++; });
  both.clear();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(history(*store_, "a", 10).size(), 2u);
}

TEST_F(LiveRig, WhatOnlyAStartTakesUpIsToldUntilThen) {
  write("pipelines/a.yaml", pipeline("a", "one"));
  start();
  write("milepost.yaml", "plugins: []\nlisten: {hooks: 127.0.0.1:9999}\n");
  for (const char* action : {"one", "two", "three"}) {  // first with nothing else that changes
    write("pipelines/a.yaml", pipeline("a", action));
    const auto plan = reload();
    ASSERT_TRUE(plan) << plan.error().message;
    ASSERT_EQ(plan->next_start.size(), 1u) << action << ": the process listens where it did";
    EXPECT_EQ(plan->next_start[0].path, "listen.hooks");
    EXPECT_EQ(plan->next_start[0].before, "127.0.0.1:8080");
  }
  write("milepost.yaml", "plugins: []\n");
  EXPECT_TRUE(reload()->next_start.empty());
}

TEST_F(LiveRig, WatchingIsTakenUpByAReloadThatChangesNothingElse) {
  write("pipelines/a.yaml", pipeline("a", "one"));
  start();
  EXPECT_TRUE(watched_folders(*live_->current()).empty());
  write("milepost.yaml", "plugins: []\nreload: watch\n");
  ASSERT_TRUE(reload());
  EXPECT_TRUE(watched_folders(*live_->current()).contains(folder_ + "/pipelines"));
  EXPECT_EQ(deeds("a").size(), 1u);
}

TEST_F(LiveRig, ReloadsLeaveAPersonsPlanWhereItIs) {
  write("pipelines/a.yaml", pipeline("a", "one"));
  start();
  write("pipelines/a.yaml", pipeline("a", "two"));
  const auto hash = live_->planner().plan().plan.hash;
  for (int i = 0; i < 12; ++i) {
    write("pipelines/b.yaml", pipeline("b", "try-" + std::to_string(i)));
    write("pipelines/a.yaml", pipeline("a", "one"));
    ASSERT_TRUE(reload());
  }
  const auto refused = live_->apply(hash.substr(0, 12), "key:owner", "late");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("the plan is out of date")) << "not as if it had never been made";
  remove("pipelines/b.yaml");
  ASSERT_TRUE(reload());
  write("pipelines/a.yaml", pipeline("a", "two"));
  EXPECT_TRUE(live_->apply(hash.substr(0, 12), "key:owner", "now it is so again"));
}

TEST_F(LiveRig, AFileWhoseNameCannotBeReadTakesNoPipelineAway) {
  write("pipelines/another-name.yaml", pipeline("a", "one"));
  start();
  remove("pipelines/another-name.yaml");
  ASSERT_TRUE(reload());
  write("pipelines/another-name.yaml", pipeline("a", "one"));
  ASSERT_TRUE(reload());
  const auto before = deeds("a");
  stop();
  {
    auto store = journal::Store::open({.path = folder_ + "/data/milepost.db", .clock = &clock_});
    store_ = std::move(*store);
    accept("a", "1");
    store_.reset();
  }
  write("pipelines/another-name.yaml", "pipeline: a\n  steps: [\n");
  start();
  EXPECT_EQ(deeds("a"), before) << "it is broken, and not gone";
  EXPECT_TRUE(said().empty()) << "its events wait until it is mended";
  write("pipelines/another-name.yaml", pipeline("a", "two"));
  ASSERT_TRUE(reload());
  EXPECT_TRUE(eventually([&] { return said().size() == 1; }));
  EXPECT_THAT(said(), ElementsAre("two"));
}

TEST_F(LiveRig, ASchemaElsewhereIsWatchedWhileItIsRead) {
  std::filesystem::create_directories(folder_ + "/shared/deep");
  const std::string schema = R"({"type": "object"})";
  write("shared/deep/event.json", schema);
  write("pipelines/a.yaml", "pipeline: a\nsource: {use: webhook, with: {path: /hooks/a, verify: none}}\nevent: {subject: none}\nsteps:\n  - use: validate\n    with: {schema: shared/deep/event.json}\n");
  const auto deployment = load(folder_, false, &built_ins());
  ASSERT_TRUE(deployment.ok()) << config::render(deployment.faults, folder_, false);
  std::atomic<bool> writing = true;
  std::thread editor([&] {
    while (writing) write("shared/deep/event.json", schema);
  });
  // It knows of the file only once it has read the pipeline. On a busy machine the editor may rest for long enough that it is read.
  std::string told;
  for (int reading = 0; reading < 20 && !told.contains("is being changed while it is read"); ++reading)
    told = config::render(load(folder_, false, &built_ins()).faults, folder_, false);
  writing = false;
  editor.join();
  EXPECT_THAT(told, HasSubstr("is being changed while it is read"));
}

TEST_F(LiveRig, SchedulesAndFollowersOfOthersGoOn) {
  write("pipelines/a.yaml", pipeline("a", "one"));
  write("pipelines/f.yaml", "pipeline: f\nsource: {use: events, with: {pipelines: [a]}}\nevent: {subject: \"${payload.id}\"}\nsteps:\n  - id: say\n    use: audit\n    with: {action: followed}\n");
  start();
  for (int i = 0; i < 20; ++i) {
    accept("a", "e-" + std::to_string(i));
    write("pipelines/b.yaml", pipeline("b", "v" + std::to_string(i)));
    if (i == 10) write("pipelines/f.yaml", read("pipelines/f.yaml") + "owner: lending-ops\n");
    ASSERT_TRUE(reload());
  }
  EXPECT_TRUE(eventually([&] { return std::ranges::count(said(), "followed") == 20; })) << std::ranges::count(said(), "followed");
  EXPECT_EQ(std::ranges::count(said(), "one"), 20);
  EXPECT_EQ(store_->events({.pipeline = "f", .limit = 100}).size(), 20u);
}

TEST_F(LiveRig, LoansGoByTheFileAsItIsNow) {
  write("pipelines/a.yaml", pipeline("a", "one"));
  start();
  write("loans.yaml", "stages: [inquiry, appraisal, funding]\n");
  const auto plan = reload();
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_TRUE(plan->pipelines.empty());
  ASSERT_EQ(plan->loans.size(), 1u);
  EXPECT_EQ(plan->loans[0].path, "stages");
  EXPECT_THAT(engine_->loans()->definition().stages, ElementsAre("inquiry", "appraisal", "funding"));
  const auto rows = store_->audit({.kind = "admin"});
  EXPECT_EQ(rows.back().row.action, "loans.reload");
  EXPECT_TRUE(reload()->empty());
  stop();
  start();
  EXPECT_EQ(store_->audit({.kind = "admin"}).size(), rows.size()) << "nothing changed since";
}

}  // namespace TEST_FILE
}  // namespace milepost::deploy
