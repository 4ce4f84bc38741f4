#include "host/intake/followers.hpp"

#include "host/journal/host_event.hpp"
#include "tests/host/intake/source_rig.hpp"

namespace milepost::intake {
namespace TEST_FILE {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FollowersTest : public SourceRig {
 protected:
  void TearDown() override {
    running_.reset();
    SourceRig::TearDown();
  }

  /// A restart of the host for each call.
  void start(const Json& with, const std::string& name = "reports") {
    running_.reset();
    std::vector<Following> followings;
    followings.push_back(Following::make(with, feed("events", {}, name)));
    running_ = std::make_unique<Followers>(std::move(followings), *store_, clock_);
    const auto started = running_->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  void stop() { running_.reset(); }

  journal::NewEvent event(const std::string& id, const std::string& type = "lead.created",
                          const std::string& pipeline = "leads") {
    journal::NewEvent out;
    out.pipeline = pipeline;
    out.source = "webhook";
    out.id = id;
    out.type = type;
    out.subject = out.lane = "L-1";
    out.actor = "u-7";
    out.payload = R"({"id": ")" + id + R"(", "amount": 25000.00})";
    return out;
  }
  std::string accept(const journal::NewEvent& event) {
    const auto receipt = telemetry::new_id(clock_.now());
    EXPECT_TRUE(store_->run([&](journal::Writer& writer) { writer.accept(event, receipt, clock_.now()); }));
    return receipt;
  }
  void raise(std::string_view type, const Json& payload) {
    EXPECT_TRUE(store_->run([&](journal::Writer& writer) { journal::raise(writer, type, "L-1", payload); }));
  }
  bool reaches(std::size_t count, const std::string& pipeline = "reports") {
    return eventually([&] { return events(pipeline).size() >= count; });
  }
  /// Whatever was accepted so far has been looked at: an event that is taken lies behind it.
  void expect_nothing_more(std::size_t count, const journal::NewEvent& taken) {
    accept(taken);
    ASSERT_TRUE(reaches(count + 1));
    EXPECT_EQ(events().size(), count + 1);
  }
  std::vector<std::string> types() const {
    std::vector<std::string> out;
    for (const auto& event : events()) out.push_back(event.type);
    return out;
  }

  std::unique_ptr<Followers> running_;
};

TEST_F(FollowersTest, JournalsAnothersEventAsItsOwn) {
  start({{"pipelines", {"leads"}}});
  const auto receipt = accept(event("a"));
  ASSERT_TRUE(reaches(1));
  const auto followed = events()[0];
  EXPECT_EQ(followed.id, receipt);
  EXPECT_EQ(followed.pipeline, "reports");
  EXPECT_EQ(followed.source, "events");
  EXPECT_EQ(followed.type, "lead.created");
  EXPECT_EQ(followed.subject, "L-1");
  EXPECT_EQ(followed.actor, "u-7");
  EXPECT_EQ(followed.state, journal::EventState::open);
  EXPECT_EQ(store_->payload(followed.sequence), R"({"id": "a", "amount": 25000.00})");
}

TEST_F(FollowersTest, TakesWhatItNamesAlone) {
  start({{"pipelines", {"leads", "loans"}}, {"types", {"lead.*", "closed"}}});
  accept(event("a"));
  accept(event("b", "leads"));
  accept(event("c", "closed", "loans"));
  accept(event("d", "closed", "others"));
  accept(event("e", "lead.lost", "loans"));
  ASSERT_TRUE(reaches(3));
  EXPECT_THAT(types(), ElementsAre("lead.created", "closed", "lead.lost"));
  expect_nothing_more(3, event("f"));
}

TEST_F(FollowersTest, LeavesOutWhatIsQuarantinedAndItsOwn) {
  start({{"types", {"lead.*"}}});
  auto bad = event("a");
  bad.quarantine = "no good";
  accept(bad);
  accept(event("b", "lead.created", "reports"));
  accept(event("c"));
  ASSERT_TRUE(reaches(2));
  EXPECT_EQ(events().size(), 2u);
  EXPECT_EQ(events()[0].id, "b");
}

TEST_F(FollowersTest, BeginsWithWhatIsAcceptedFromNowOn) {
  accept(event("a"));
  start({{"pipelines", {"leads"}}});
  const auto receipt = accept(event("b"));
  ASSERT_TRUE(reaches(1));
  EXPECT_THAT(ids(), ElementsAre(receipt));
}

TEST_F(FollowersTest, GoesOnWhereItStoodAfterARestart) {
  start({{"pipelines", {"leads"}}});
  std::vector<std::string> receipts = {accept(event("a"))};
  ASSERT_TRUE(reaches(1));
  stop();
  for (const char* id : {"b", "c"}) receipts.push_back(accept(event(id)));
  start({{"pipelines", {"leads"}}});
  receipts.push_back(accept(event("d")));
  ASSERT_TRUE(reaches(4));
  start({{"pipelines", {"leads"}}});
  stop();
  EXPECT_EQ(ids(), receipts);
}

TEST_F(FollowersTest, TakesThousandsInOrderOnce) {
  start({{"pipelines", {"leads"}}});
  ASSERT_TRUE(store_->run([&](journal::Writer& writer) {
    for (int i = 0; i < 3000; ++i)
      writer.accept(event(std::to_string(i)), telemetry::new_id(clock_.now()), clock_.now());
  }));
  ASSERT_TRUE(reaches(3000));
  stop();
  auto theirs = store_->events({.pipeline = "leads", .limit = 10'000});
  std::ranges::reverse(theirs);
  std::vector<std::string> receipts;
  for (const auto& one : theirs) receipts.push_back(one.receipt);
  EXPECT_EQ(ids(), receipts);
}

TEST_F(FollowersTest, TakesTheHostsEventsFromTheHostAlone) {
  start({{"types", {"milepost.*"}}});
  accept(event("forged", "milepost.dead_letter"));
  raise(config::host_event::kDeadLetter, {{"pipeline", "leads"}, {"reason", "no address"}});
  ASSERT_TRUE(reaches(1));
  EXPECT_EQ(payload(events()[0]), Json({{"pipeline", "leads"}, {"reason", "no address"}}));
  EXPECT_EQ(events()[0].source, journal::kOfAlert);
  EXPECT_EQ(events("milepost")[0].state, journal::EventState::done);
}

TEST_F(FollowersTest, TakesWhatIsEmitted) {
  start({{"types", {"report.ready"}}});
  auto emitted = event("a", "report.ready");
  emitted.followed_only = true;
  accept(emitted);
  ASSERT_TRUE(reaches(1));
  EXPECT_EQ(events("leads")[0].state, journal::EventState::done);
  EXPECT_EQ(events()[0].state, journal::EventState::open);
}

// An alert that cannot be told is a dead letter; were that an alert again, it would go on for ever.
TEST_F(FollowersTest, AnAlertsOwnDeadLetterRaisesNothing) {
  start({{"types", {"milepost.*"}}});
  raise(config::host_event::kDeadLetter, {{"pipeline", "leads"}});
  ASSERT_TRUE(reaches(1));
  const auto alert = events()[0];
  ASSERT_TRUE(store_->run([&](journal::Writer& writer) {
    journal::raise_about(writer, config::host_event::kDeadLetter, alert, {{"reason", "nobody answers"}});
  }));
  EXPECT_EQ(events("milepost").size(), 1u);

  // Nor does what follows the alert, through however many pipelines.
  start({{"pipelines", {"reports"}}}, "archive");
  auto derived = event("x", "milepost.dead_letter", "reports");
  derived.source = journal::kOfAlert;
  accept(derived);
  ASSERT_TRUE(reaches(1, "archive"));
  EXPECT_TRUE(journal::is_alert(events("archive")[0]));
}

TEST_F(FollowersTest, OthersGoOnAndAReplacedOneGoesOnAtItsPlace) {
  start({{"pipelines", {"leads"}}});
  std::vector<Following> more;
  more.push_back(Following::make({{"pipelines", {"leads"}}}, feed("events", {}, "later")));
  accept(event("e-1"));
  ASSERT_TRUE(more[0].begin(store_->newest()));
  running_->replace({}, std::move(more));
  for (int i = 2; i <= 20; ++i) {
    accept(event("e-" + std::to_string(i)));
    std::vector<Following> again;
    again.push_back(Following::make({{"pipelines", {"leads"}}}, feed("events", {}, "later")));
    ASSERT_TRUE(again[0].begin(store_->newest()));
    running_->replace({"later"}, std::move(again));
  }
  ASSERT_TRUE(reaches(20) && reaches(19, "later"));
  stop();
  EXPECT_EQ(events().size(), 20u);
  EXPECT_EQ(events("later").size(), 19u) << "what came before it is not its";
}

}  // namespace TEST_FILE
}  // namespace milepost::intake
