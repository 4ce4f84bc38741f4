#include "host/intake/poller.hpp"

#include <sqlite3.h>

#include <fstream>
#include <iterator>

#include "host/http/client.hpp"
#include "host/telemetry/log.hpp"
#include "tests/host/intake/source_rig.hpp"

namespace milepost::intake {
namespace TEST_FILE {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Json letter(const std::string& id, const std::string& loan = "L-1") {
  return {{"id", id}, {"payload", {{"loan", loan}, {"letter", id}}}};
}
Json page(Json letters, const std::string& next) { return {{"events", std::move(letters)}, {"next", next}}; }
Json error(const std::string& kind, int retry_after_ms = 0) {
  return {{"error", {{"kind", kind}, {"message", "the mailroom says " + kind}, {"retry_after_ms", retry_after_ms}}}};
}

/// An account whose credentials end.
class Ending : public plugins::Account {
 public:
  Ending(std::unique_ptr<plugins::Account> account, Time end) : account_(std::move(account)), end_(end) {}
  const config::Connection& definition() const override { return account_->definition(); }
  std::optional<Time> expires() const override { return end_; }
  Status open(const Call& call) override { return account_->open(call); }
  Status probe(const Call& call) override { return account_->probe(call); }
  void close() noexcept override { account_->close(); }
  std::unique_ptr<Action> action(const std::string& name) override { return account_->action(name); }
  std::unique_ptr<PollingSource> polling(const std::string& name, const Json& settings) override {
    return account_->polling(name, settings);
  }

 private:
  std::unique_ptr<plugins::Account> account_;
  Time end_;
};

/// A real library, whose source does what script() says.
class PollerTest : public SourceRig {
 protected:
  void SetUp() override {
    SourceRig::SetUp();
    registry_ = plugins::Registry::discover({MILEPOST_BINARY_DIR "/tests/plugins/intake"}, "", {}, {});
    ASSERT_THAT(registry_->refused(), IsEmpty());
  }
  void TearDown() override {
    poller_.reset();
    SourceRig::TearDown();
  }

  void script(const Json& pages) {
    std::ofstream(folder_ + "/script.new") << milepost::text(pages);
    std::filesystem::rename(folder_ + "/script.new", folder_ + "/script");
  }
  std::vector<std::string> log() const {
    std::ifstream file(folder_ + "/script.log");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }
  std::ptrdiff_t logged(const std::string& line) const { return std::ranges::count(log(), line); }

  void start() {
    config::Connection connection;
    connection.name = "mail-main";
    connection.use = "mailroom";
    connection.with.json = {{"script", folder_ + "/script"}};
    auto account = registry_->account(connection, config::Secrets(), {&client_, &clock_, nullptr});
    ASSERT_TRUE(account) << account.error().message;
    if (end_) *account = std::make_unique<Ending>(std::move(*account), *end_);
    poller_ = std::make_unique<Poller>(Polling{"letters", Json::object(), 30s, std::move(*account),
                                               feed("mailroom.letters", {.id = {},
                                                                         .revision = {},
                                                                         .type = {},
                                                                         .subject = "${payload.loan}",
                                                                         .actor = {},
                                                                         .reason = {},
                                                                         .time = {},
                                                                         .at = {}})},
                                       clock_);
    poller_->hold_while([this] { return full_ ? "the disk is nearly full" : ""; });
    poller_->start();
  }
  std::string place() const { return store_->cursor("reports/mailroom.letters").value_or("none"); }
  bool polls(std::ptrdiff_t times, const std::string& cursor) {
    return eventually([&] { return logged("poll " + cursor) >= times; });
  }
  std::string state() const { return poller_->status().state; }
  bool becomes(const std::string& state) {
    return eventually([&] { return this->state() == state; });
  }

  std::atomic<bool> full_ = false;
  std::optional<Time> end_;  ///< of the account's credentials
  http::Client client_;
  std::unique_ptr<plugins::Registry> registry_;
  std::unique_ptr<Poller> poller_;
};

TEST_F(PollerTest, JournalsPagesUntilNothingIsNewAndThenAsksNowAndThen) {
  script({{"", page({letter("a"), letter("b", "L-2")}, "2")}, {"2", page({letter("c")}, "3")}});
  start();
  ASSERT_TRUE(polls(1, "3"));
  EXPECT_THAT(ids(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(events()[1].subject, "L-2");
  EXPECT_EQ(events()[1].source, "mailroom.letters");
  EXPECT_EQ(place(), "3");
  EXPECT_EQ(store_->audit({.kind = "event"}).size(), 3u);
  EXPECT_TRUE(becomes("open"));

  script({{"3", page({letter("d")}, "4")}});
  clock_.advance(29s);
  EXPECT_EQ(logged("poll 3"), 1);
  clock_.advance(1s);
  ASSERT_TRUE(polls(1, "4"));
  EXPECT_THAT(ids(), ElementsAre("a", "b", "c", "d"));
}

TEST_F(PollerTest, WarnsOnceADayOfCredentialsThatEnd) {
  end_ = clock_.now() + 24h * 14 + 1h;
  telemetry::configure_log("json", telemetry::Level::info);
  ::testing::internal::CaptureStderr();
  start();
  ASSERT_TRUE(polls(1, ""));
  for (int hour = 1; hour <= 30; ++hour) {
    clock_.advance(1h);
    ASSERT_TRUE(polls(1 + hour, ""));
  }
  poller_.reset();
  const std::string log = ::testing::internal::GetCapturedStderr();
  std::size_t told = 0;
  for (auto at = log.find("connection.expires"); at != log.npos; at = log.find("connection.expires", at + 1)) ++told;
  EXPECT_EQ(told, 2u) << log;
  EXPECT_THAT(log, HasSubstr("in 14 days"));
  EXPECT_THAT(log, HasSubstr("mail-main"));
}

TEST_F(PollerTest, TakesAnEventOnceWhateverThePagesRepeat) {
  script({{"", page({letter("a"), letter("b")}, "2")},
          {"2", page({letter("b"), letter("c"), letter("c")}, "3")},
          {"3", page({letter("c")}, "3")}});
  start();
  ASSERT_TRUE(polls(1, "3"));
  ASSERT_TRUE(becomes("open"));
  EXPECT_THAT(ids(), ElementsAre("a", "b", "c"));
  // The last page repeats itself for ever: that is no reason to ask without a rest.
  clock_.advance(30s);
  ASSERT_TRUE(polls(2, "3"));
  EXPECT_EQ(logged("poll 3"), 2);
}

TEST_F(PollerTest, TellsTheSourceWhatIsOnDiskAndAgainAfterARestart) {
  script({{"", page({letter("a")}, "1")}});
  start();
  ASSERT_TRUE(polls(1, "1"));
  EXPECT_EQ(logged("settled 1"), 1);
  poller_.reset();
  start();
  ASSERT_TRUE(polls(2, "1"));
  EXPECT_EQ(logged("settled 1"), 2);
  EXPECT_EQ(logged("poll "), 1);
}

// Whatever is killed between the poll and the commit: the same page comes again, and nothing of it was kept.
TEST_F(PollerTest, LosesAndRepeatsNothingWhenAPageIsNotStored) {
  script({{"", page({letter("a"), letter("b")}, "2")}});
  {
    // A commit that cannot be: another program holds the file.
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open((folder_ + "/data/milepost.db").c_str(), &other), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    start();
    ASSERT_TRUE(becomes("failing"));
    EXPECT_THAT(events(), IsEmpty());
    EXPECT_EQ(place(), "none");
    EXPECT_EQ(logged("settled 2"), 0);
    sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
    sqlite3_close(other);
  }
  ASSERT_TRUE(eventually([&] {
    clock_.advance(1s);
    return place() == "2";
  }));
  EXPECT_THAT(ids(), ElementsAre("a", "b"));
}

TEST_F(PollerTest, KeepsWhatItCannotMap) {
  script({{"", page({letter("a"), {{"id", "b"}, {"payload", {{"letter", "without a loan"}}}}}, "2")}});
  start();
  ASSERT_TRUE(polls(1, "2"));
  ASSERT_EQ(events().size(), 2u);
  EXPECT_EQ(events()[1].state, journal::EventState::dead);
  EXPECT_THAT(events()[1].fault, HasSubstr("no subject"));
}

TEST_F(PollerTest, BacksOffAndWaitsAsLongAsTheVendorAsks) {
  script({{"", error("retryable")}});
  start();
  ASSERT_TRUE(becomes("failing"));
  EXPECT_EQ(poller_->status().reason, "the mailroom says retryable");
  script({{"", error("rate_limited", 3'600'000)}});
  ASSERT_TRUE(eventually([&] {
    clock_.advance(1s);
    return poller_->status().reason == "the mailroom says rate_limited";
  }));
  const auto before = logged("poll ");
  script({{"", page({letter("a")}, "1")}});
  clock_.advance(59min);
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(logged("poll "), before);
  clock_.advance(1min);
  ASSERT_TRUE(polls(1, "1"));
  EXPECT_TRUE(becomes("open"));
  EXPECT_THAT(ids(), ElementsAre("a"));
}

TEST_F(PollerTest, PausesOnARefusalAndOpensAgainLater) {
  script({{"", error("auth")}});
  start();
  ASSERT_TRUE(becomes("paused"));
  EXPECT_EQ(logged("open"), 1);
  script({{"", page({letter("a")}, "1")}});
  // It says that it is paused before it looks at the clock for how long.
  ASSERT_TRUE(eventually([&] {
    clock_.advance(5s);
    return logged("poll 1") >= 1;
  }));
  EXPECT_EQ(logged("open"), 2);
  EXPECT_TRUE(becomes("open"));
}

TEST_F(PollerTest, TriesAgainWhatCannotBeOpened) {
  script({{"open", error("retryable")}});
  start();
  ASSERT_TRUE(becomes("failing"));
  EXPECT_EQ(logged("poll "), 0);
  script({{"", page({letter("a")}, "1")}});
  ASSERT_TRUE(eventually([&] {
    clock_.advance(1s);
    return place() == "1";
  }));
}

TEST_F(PollerTest, AsksForNothingWhileNothingMayComeIn) {
  script({{"", page({letter("a")}, "1")}});
  full_ = true;
  start();
  ASSERT_TRUE(becomes("held"));
  EXPECT_EQ(poller_->status().reason, "the disk is nearly full");
  clock_.advance(1min);
  std::this_thread::sleep_for(50ms);
  EXPECT_THAT(log(), IsEmpty());
  full_ = false;
  clock_.advance(5s);
  ASSERT_TRUE(polls(1, "1"));
  EXPECT_THAT(ids(), ElementsAre("a"));
  EXPECT_TRUE(becomes("open"));
}

TEST_F(PollerTest, StopsAPollThatWaitsWithinASecond) {
  script({{"", {{"hang", true}}}});
  start();
  ASSERT_TRUE(polls(1, ""));
  const auto began = std::chrono::steady_clock::now();
  poller_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
}

}  // namespace TEST_FILE
}  // namespace milepost::intake
