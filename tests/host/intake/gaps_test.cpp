// What a poll brings that its webhook should have: late, missed, or neither.
#include "host/intake/gaps.hpp"

#include "host/config/host_events.hpp"
#include "tests/host/intake/source_rig.hpp"

namespace milepost::intake {
namespace TEST_FILE {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class GapsTest : public SourceRig {
 protected:
  void SetUp() override {
    SourceRig::SetUp();
    poll_ = feed("acme.list");
    poll_->complete({"acme.orders", 10min});
    webhook_ = feed("acme.orders");
    ASSERT_TRUE(poll_->store({happened("old")}, "0"));  // from here on both run
    clock_.advance(1min);
  }
  void TearDown() override {
    poll_.reset();
    webhook_.reset();
    SourceRig::TearDown();
  }
  Event happened(const std::string& id) const {
    Event event;
    event.id = id;
    event.subject = "L-" + id;
    event.time = clock_.now();
    event.payload = Document("{}");
    return event;
  }
  void poll(const Event& event) { ASSERT_TRUE(poll_->store({event}, event.id)); }
  void hook(const Event& event) { ASSERT_TRUE(webhook_->store({event}, "")); }
  std::vector<std::string> missed() {
    EXPECT_TRUE(poll_->look_for_gaps());
    std::vector<std::string> out;
    for (const auto& event : events(std::string(config::kHostPipeline)))
      if (event.type == config::host_event::kWebhookMissed) out.push_back(event.subject);
    return out;
  }

  std::unique_ptr<Feed> poll_, webhook_;
};

TEST_F(GapsTest, WhatTheWebhookBroughtIsNoGap) {
  const auto event = happened("a");
  hook(event);
  poll(event);
  clock_.advance(1h);
  EXPECT_THAT(missed(), IsEmpty());
}

TEST_F(GapsTest, WhatOnlyThePollBringsIsInAtOnceAndMissedAfterAWhile) {
  poll(happened("a"));
  EXPECT_EQ(events().size(), 2u);
  clock_.advance(9min);
  EXPECT_THAT(missed(), IsEmpty());
  clock_.advance(1min);
  EXPECT_THAT(missed(), ElementsAre("L-a"));
  EXPECT_THAT(missed(), ElementsAre("L-a")) << "once";
  const auto told = payload(events(std::string(config::kHostPipeline)).back());
  EXPECT_EQ(told["pipeline"], "reports");
  EXPECT_EQ(told["webhook"], "acme.orders");
  EXPECT_EQ(told["source"], "acme.list");
}

TEST_F(GapsTest, AWebhookThatIsBehindThePollIsLateAndNotMissed) {
  const auto event = happened("a");
  poll(event);
  clock_.advance(5min);
  hook(event);
  EXPECT_EQ(events().size(), 2u) << "a duplicate";
  clock_.advance(1h);
  EXPECT_THAT(missed(), IsEmpty());
}

TEST_F(GapsTest, APollThatBringsItsOwnAgainMakesNothingGood) {
  const auto event = happened("a");
  poll(event);
  poll(event);
  clock_.advance(1h);
  EXPECT_THAT(missed(), ElementsAre("L-a"));
}

TEST_F(GapsTest, WhatHappenedBeforeTheTwoWereTogetherDoesNotCount) {
  clock_.advance(1h);
  EXPECT_THAT(missed(), IsEmpty()) << "the first page's event";
  auto older = happened("b");
  older.time = at("2026-11-19T12:00:00Z");
  poll(older);
  clock_.advance(1h);
  EXPECT_THAT(missed(), IsEmpty());
}

TEST_F(GapsTest, ThePollThatFoundNothingIsABeginningToo) {
  auto quiet = feed("acme.quiet");
  quiet->complete({"acme.orders", 10min});
  ASSERT_TRUE(quiet->look_for_gaps());
  clock_.advance(1min);
  ASSERT_TRUE(quiet->store({happened("z")}, "1"));
  clock_.advance(1h);
  ASSERT_TRUE(quiet->look_for_gaps());
  EXPECT_THAT(missed(), ElementsAre("L-z"));
}

TEST_F(GapsTest, WhatIsOpenOutlivesARestart) {
  poll(happened("a"));
  poll_.reset();
  webhook_.reset();
  open();
  poll_ = feed("acme.list");
  poll_->complete({"acme.orders", 10min});
  clock_.advance(1h);
  EXPECT_THAT(missed(), ElementsAre("L-a"));
}

}  // namespace TEST_FILE
}  // namespace milepost::intake
