#include <gmock/gmock.h>

#include "host/loans/loan_state.hpp"
#include "tests/host/api/admin_rig.hpp"

namespace milepost::api {
namespace TEST_FILE {

class AdminLoans : public AdminRig {
 protected:
  void loan(const std::string& name, const Json& with) {
    journal::Event event;
    event.sequence = ++count_;
    event.time = event.accepted_at = kNow - std::chrono::hours(50);
    track(name, text(loans::merge(nullptr, with, event, *loans::Model::standard())->state));
  }
  std::vector<std::string> names(const std::string& query) {
    std::vector<std::string> out;
    const auto page = json("/api/v1/loans" + query);
    for (const auto& one : page["loans"]) out.push_back(one["subject"].get<std::string>());
    return out;
  }
  journal::Sequence count_ = 0;
};

TEST_F(AdminLoans, AreListedAndFiltered) {
  loan("L-1", {{"stage", "docs"}, {"branch", "duluth"}, {"loan_type", "fha"}});
  loan("L-2", {{"stage", "approval"}, {"branch", "duluth"}, {"task", {{"id", "c"}, {"due", "2027-01-01"}}}});
  loan("L-3", {{"stage", "docs"}, {"branch", "fargo"}, {"broker", 7}});
  EXPECT_THAT(names(""), ::testing::ElementsAre("L-1", "L-2", "L-3"));
  EXPECT_THAT(names("?branch=duluth"), ::testing::ElementsAre("L-1", "L-2"));
  EXPECT_THAT(names("?stage=docs&branch=fargo"), ::testing::ElementsAre("L-3"));
  EXPECT_THAT(names("?type=fha"), ::testing::ElementsAre("L-1"));
  EXPECT_THAT(names("?broker=7"), ::testing::ElementsAre("L-3")) << "a number is its text";
  EXPECT_THAT(names("?overdue=yes"), ::testing::ElementsAre("L-2"));
  EXPECT_THAT(names("?stuck=yes"), ::testing::IsEmpty());
  EXPECT_THAT(detail("/api/v1/loans?brnch=x"), ::testing::HasSubstr("did you mean \"branch\""));
}

TEST_F(AdminLoans, ComeInPages) {
  for (const char* name : {"L-1", "L-2", "L-3"}) loan(name, {{"stage", "docs"}});
  const auto first = json("/api/v1/loans?limit=2");
  EXPECT_EQ(first["loans"].size(), 2u);
  EXPECT_EQ(first["next"], "L-2");
  const auto second = json("/api/v1/loans?limit=2&after=L-2");
  EXPECT_EQ(second["loans"].size(), 1u);
  EXPECT_FALSE(second.contains("next"));
}

TEST_F(AdminLoans, OneIsShownWithItsStays) {
  loan("L-1", {{"stage", "docs"}});
  const auto shown = json("/api/v1/loans/L-1");
  EXPECT_EQ(shown["state"]["stage"], "docs");
  EXPECT_EQ(shown["state"]["days_in_stage"], 2);
  EXPECT_EQ(shown["path"][0]["stage"], "docs");
  EXPECT_EQ(shown["path"][0]["days"], 2);
  EXPECT_EQ(ask("/api/v1/loans/L-9").status, 404);
  EXPECT_EQ(ask("/api/v1/loans/L-9/history").status, 404);
  EXPECT_EQ(json("/api/v1/loans/L-1/history")["revisions"][0]["fields"]["stage"], "docs");
}

TEST_F(AdminLoans, ARecordIsFoundByItsLink) {
  ASSERT_TRUE(store_->run([](journal::Writer& writer) { writer.put(journal::Link{"acme", "order", "o-77", "L-1"}); }));
  const auto found = json("/api/v1/links?system=acme&type=order&id=o-77");
  ASSERT_EQ(found["links"].size(), 1u);
  EXPECT_EQ(found["links"][0]["subject"], "L-1");
  EXPECT_TRUE(json("/api/v1/links?system=acme&type=order&id=o-78")["links"].empty());
  EXPECT_TRUE(json("/api/v1/links?system=acme&type=order")["links"].empty());
}

TEST_F(AdminLoans, TheSuppressionListIsKept) {
  post("/api/v1/suppressions/add", {{"key", "B-1"}, {"reason", "asked"}});
  const auto list = json("/api/v1/suppressions")["suppressions"];
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0]["key"], "B-1");
  EXPECT_EQ(list[0]["user"], "key:owner");
  post("/api/v1/suppressions/add", {{"key", "B-1"}}, 400);
  post("/api/v1/suppressions/remove", {{"key", "B-2"}, {"reason", "r"}}, 404);
  post("/api/v1/suppressions/remove", {{"key", "B-1"}, {"reason", "asked again"}});
  EXPECT_TRUE(json("/api/v1/suppressions")["suppressions"].empty());
  const auto rows = store_->audit({.kind = "admin"});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].row.action, "mail.suppress");
  EXPECT_EQ(rows[1].row.action, "mail.unsuppress");
}

TEST_F(AdminLoans, SignalsAreOfAPeriod) {
  loan("L-1", {{"stage", "docs"}, {"branch", "duluth"}});
  const auto signals = json("/api/v1/signals?by=branch&since=7d");
  EXPECT_EQ(signals["groups"][0]["group"], "duluth");
  EXPECT_EQ(signals["groups"][0]["automation"]["changes"], 1);
  EXPECT_THAT(detail("/api/v1/signals?since=1d&until=2d"), ::testing::HasSubstr("the period is empty"));
  EXPECT_THAT(detail("/api/v1/signals?since=soon"), ::testing::HasSubstr("since: write a time"));
}

}  // namespace TEST_FILE
}  // namespace milepost::api
