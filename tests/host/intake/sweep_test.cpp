// The `loans` source: each loan at each time, in pages, once.
#include "host/intake/sweep.hpp"

#include "host/intake/schedules.hpp"
#include "tests/host/intake/source_rig.hpp"

namespace milepost::intake {
namespace TEST_FILE {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SweepTest : public SourceRig {
 protected:
  void know(const std::string& loan, const std::string& stage, Time since) {
    ASSERT_TRUE(store_->run([&](journal::Writer& writer) {
      Json state{{"fields", {{"stage", stage}, {"branch", "duluth"}}}, {"since", {{"stage", telemetry::to_micros(since)}}}};
      writer.append({loan, 1, 0, since, text(state)});
    }));
  }
  Sweep sweep(const Json& with = Json::object()) const {
    return Sweep(with, *store_, clock_, [] { return loans::Model::standard(); });
  }
  std::vector<std::string> brings(const Json& with) const {
    std::vector<std::string> out;
    const auto page = sweep(with).page(clock_.now(), "");
    EXPECT_TRUE(page && page->last);
    for (const auto& event : page->events) out.push_back(event.subject);
    return out;
  }
  void run(const std::string& missed = "latest") {
    running_.reset();
    auto schedule = Schedule::make({{"cron", "0 7 * * *"}, {"zone", "UTC"}, {"missed", missed}}, feed("loans"));
    ASSERT_TRUE(schedule);
    schedule->sweep = std::make_shared<const Sweep>(sweep());
    std::vector<Schedule> schedules;
    schedules.push_back(std::move(*schedule));
    running_ = std::make_unique<Schedules>(std::move(schedules), clock_);
    running_->start();
    ASSERT_TRUE(eventually([&] { return store_->cursor("reports/loans").has_value(); }));
  }
  bool swept() {  // nothing of a sweep is left to do
    return eventually([&] { return store_->cursor("reports/loans").value_or("").find("sweep") == std::string::npos; });
  }
  void TearDown() override {
    running_.reset();
    SourceRig::TearDown();
  }
  std::unique_ptr<Schedules> running_;
};

TEST_F(SweepTest, BringsEachLoanWithItsState) {
  know("L-1", "docs", at("2026-11-18T09:00:00Z"));
  const auto page = sweep().page(at("2026-11-20T12:00:00Z"), "");
  ASSERT_TRUE(page);
  ASSERT_EQ(page->events.size(), 1u);
  EXPECT_TRUE(page->last);
  const auto& event = page->events[0];
  EXPECT_EQ(event.id, "2026-11-20T12:00:00.000000Z/L-1");
  EXPECT_EQ(event.type, "loan");
  EXPECT_EQ(event.subject, "L-1");
  const auto& payload = event.payload.json();
  EXPECT_EQ(get<std::string>(payload, "/state/stage").value_or(""), "docs");
  EXPECT_EQ(get<std::int64_t>(payload, "/state/days_in_stage").value_or(0), 2);
  EXPECT_EQ(get<std::string>(payload, "/changed_at").value_or(""), "2026-11-18T09:00:00.000000Z");
}

TEST_F(SweepTest, TakesWhatItIsAskedFor) {
  know("L-1", "docs", at("2026-11-01T09:00:00Z"));
  know("L-2", "underwriting", at("2026-11-19T09:00:00Z"));
  know("L-3", "funding", at("2026-11-18T09:00:00Z"));
  know("L-4", "funding", at("2026-11-01T09:00:00Z"));
  know("L-5", "denied", at("2026-11-01T09:00:00Z"));
  EXPECT_THAT(brings(Json::object()), ElementsAre("L-1", "L-2", "L-3")) << "what ended a week ago is left alone";
  EXPECT_THAT(brings({{"ended", "forever"}}), ElementsAre("L-1", "L-2", "L-3", "L-4", "L-5"));
  EXPECT_THAT(brings({{"stages", {"docs", "funding"}}}), ElementsAre("L-1", "L-3"));
  EXPECT_THAT(brings({{"changed", "2d"}}), ElementsAre("L-2"));
  EXPECT_THAT(brings({{"ended", "0s"}, {"stages", Json::array({"funding"})}}), IsEmpty());
}

TEST_F(SweepTest, ASweepIsOfManyPagesAndComesOnceATime) {
  for (int i = 0; i < 600; ++i) know("L-" + std::to_string(10'000 + i), "docs", at("2026-11-18T09:00:00Z"));
  run();
  clock_.set(at("2026-11-21T07:00:00Z"));
  ASSERT_TRUE(eventually([&] { return events().size() >= 600; }));
  ASSERT_TRUE(swept());
  run();
  clock_.set(at("2026-11-21T20:00:00Z"));
  EXPECT_EQ(events().size(), 600u);
  clock_.set(at("2026-11-22T07:00:00Z"));
  ASSERT_TRUE(eventually([&] { return events().size() >= 1200; }));
}

TEST_F(SweepTest, OneThatIsCutOffGoesOnWhereItStood) {
  for (int i = 0; i < 4; ++i) know("L-" + std::to_string(i), "docs", at("2026-11-18T09:00:00Z"));
  ASSERT_TRUE(store_->run([](journal::Writer& writer) {
    writer.put_cursor("reports/loans", R"({"cron":"0 7 * * *","zone":"UTC","at":"2026-11-20T07:00:00.000000Z","sweep":"2026-11-20T07:00:00.000000Z","after":"L-1"})");
  }));
  run();
  ASSERT_TRUE(eventually([&] { return events().size() >= 2; }));
  ASSERT_TRUE(swept());
  EXPECT_THAT(ids(), ElementsAre("2026-11-20T07:00:00.000000Z/L-2", "2026-11-20T07:00:00.000000Z/L-3"));
}

}  // namespace TEST_FILE
}  // namespace milepost::intake
