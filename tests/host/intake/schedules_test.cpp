#include "host/intake/schedules.hpp"

#include "tests/host/intake/source_rig.hpp"

namespace milepost::intake {
namespace TEST_FILE {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SchedulesTest : public SourceRig {
 protected:
  /// Runs until the schedule has come to the clock's time; a restart of the host for each call.
  void start(const std::string& cron, const std::string& missed = "latest",
             const std::string& zone = "America/New_York") {
    running_.reset();
    std::vector<Schedule> schedules;
    auto schedule = Schedule::make({{"cron", cron}, {"zone", zone}, {"missed", missed}}, feed("schedule"));
    ASSERT_TRUE(schedule) << schedule.error().message;
    schedules.push_back(std::move(*schedule));
    running_ = std::make_unique<Schedules>(std::move(schedules), clock_);
    running_->start();
    ASSERT_TRUE(stands_at(cron));
  }
  /// The place that the store keeps says so.
  bool stands_at(const std::string& words) {
    return eventually([&] { return store_->cursor("reports/schedule").value_or("").find(words) != std::string::npos; });
  }
  void stop() { running_.reset(); }
  bool reaches(std::size_t count) {
    return eventually([&] { return events().size() >= count; });
  }
  void TearDown() override {
    running_.reset();
    SourceRig::TearDown();
  }

  std::unique_ptr<Schedules> running_;
};

TEST_F(SchedulesTest, JournalsAnEventAtItsTime) {
  start("0 7 * * mon-fri");
  EXPECT_THAT(events(), IsEmpty());
  clock_.set(at("2026-11-23T12:00:00Z"));  // Monday, seven o'clock in New York
  ASSERT_TRUE(reaches(1));
  stop();

  ASSERT_EQ(events().size(), 1u);
  const auto event = events()[0];
  EXPECT_EQ(event.id, "2026-11-23T12:00:00.000000Z");
  EXPECT_EQ(event.type, "schedule");
  EXPECT_EQ(event.subject, "milepost:schedule:reports");
  EXPECT_EQ(event.time, at("2026-11-23T12:00:00Z"));
  EXPECT_EQ(event.state, journal::EventState::open);
  EXPECT_EQ(payload(event), Json::parse(R"({"at": "2026-11-23T12:00:00.000000Z", "local_time": "2026-11-23T07:00:00-05:00",
    "date": "2026-11-23", "zone": "America/New_York", "cron": "0 7 * * mon-fri", "missed": 0})"));
  EXPECT_EQ(store_->audit({.kind = "event"}).size(), 1u);
}

TEST_F(SchedulesTest, GivesOneEventAnHourAndNeverWaitsForTheNext) {
  start("0 * * * *", "latest", "UTC");
  for (std::size_t hour = 1; hour <= 48; ++hour) {
    clock_.advance(1h);
    ASSERT_TRUE(reaches(hour)) << "hour " << hour;
    ASSERT_EQ(events().size(), hour);
  }
}

TEST_F(SchedulesTest, NeverRunsATimeTwiceOverRestarts) {
  start("0 7 * * *");
  clock_.set(at("2026-11-21T12:00:00Z"));
  ASSERT_TRUE(reaches(1));
  start("0 7 * * *");
  start("0 7 * * *", "all");
  clock_.set(at("2026-11-22T12:00:00Z"));
  ASSERT_TRUE(reaches(2));
  stop();
  EXPECT_THAT(ids(), ElementsAre("2026-11-21T12:00:00.000000Z", "2026-11-22T12:00:00.000000Z"));
}

TEST_F(SchedulesTest, RunsTheLatestOfWhatItMissed) {
  start("0 7 * * *");
  stop();
  clock_.set(at("2026-11-25T16:00:00Z"));
  start("0 7 * * *");
  ASSERT_TRUE(reaches(1));
  stop();
  EXPECT_THAT(ids(), ElementsAre("2026-11-25T12:00:00.000000Z"));
  EXPECT_EQ(payload(events()[0])["missed"], 4);
}

TEST_F(SchedulesTest, RunsAllThatItMissedInOrderOnDemand) {
  start("0 7 * * *", "all");
  stop();
  clock_.set(at("2026-11-23T16:00:00Z"));
  start("0 7 * * *", "all");
  ASSERT_TRUE(reaches(3));
  stop();
  EXPECT_THAT(ids(),
              ElementsAre("2026-11-21T12:00:00.000000Z", "2026-11-22T12:00:00.000000Z", "2026-11-23T12:00:00.000000Z"));
}

TEST_F(SchedulesTest, SkipsWhatItMissedOnDemand) {
  start("0 7 * * *", "skip");
  stop();
  clock_.set(at("2026-11-23T16:00:00Z"));
  start("0 7 * * *", "skip");
  clock_.set(at("2026-11-24T12:00:00Z"));
  ASSERT_TRUE(reaches(1));
  stop();
  EXPECT_THAT(ids(), ElementsAre("2026-11-24T12:00:00.000000Z"));
  EXPECT_EQ(payload(events()[0])["missed"], 3);
}

TEST_F(SchedulesTest, LivesThroughAYearAtOnce) {
  start("0 */6 * * *", "all", "UTC");
  clock_.advance(24h * 365);
  ASSERT_TRUE(reaches(4 * 365));
  stop();
  EXPECT_EQ(events().size(), 4u * 365);
}

TEST_F(SchedulesTest, MakesUpForNothingWhenItsTimesAreEdited) {
  start("0 7 * * *", "all");
  stop();
  clock_.set(at("2026-11-23T16:00:00Z"));
  start("30 8 * * *", "all");
  clock_.set(at("2026-11-24T13:30:00Z"));
  ASSERT_TRUE(reaches(1));
  stop();
  EXPECT_THAT(ids(), ElementsAre("2026-11-24T13:30:00.000000Z"));
}

TEST_F(SchedulesTest, RunsOnWhenTheClockIsSetBack) {
  start("0 7 * * *");
  clock_.set(at("2036-01-01T12:00:00Z"));  // a wrong setting
  ASSERT_TRUE(reaches(1));
  clock_.set(at("2026-11-23T11:00:00Z"));
  ASSERT_TRUE(stands_at("2026-11-23T11:00"));
  clock_.advance(1h);
  ASSERT_TRUE(reaches(2));
  stop();
  EXPECT_THAT(ids(), ElementsAre("2036-01-01T12:00:00.000000Z", "2026-11-23T12:00:00.000000Z"));
}

TEST_F(SchedulesTest, OthersGoOnWhileSomeAreReplaced) {
  start("0 * * * *", "latest", "UTC");
  const auto other = [&](const std::string& cron) {
    std::vector<Schedule> out;
    out.push_back(std::move(*Schedule::make({{"cron", cron}, {"zone", "UTC"}, {"missed", "latest"}}, feed("schedule", {}, "other"))));
    return out;
  };
  for (std::size_t hour = 1; hour <= 6; ++hour) {
    running_->replace({"other"}, hour % 3 == 0 ? std::vector<Schedule>() : other("0 * * * *"));
    clock_.advance(1h);
    ASSERT_TRUE(reaches(hour));
  }
  stop();
  EXPECT_EQ(events().size(), 6u) << "each of its times once";
}

}  // namespace TEST_FILE
}  // namespace milepost::intake
