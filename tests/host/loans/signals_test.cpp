#include "host/loans/signals.hpp"

#include <stdlib.h>

#include <filesystem>

#include "host/audit/trail.hpp"
#include "host/journal/host_event.hpp"
#include "host/loans/pieces.hpp"
#include "tests/host/loans/loans_rig.hpp"

namespace milepost::loans {
namespace TEST_FILE {

using namespace std::chrono_literals;

class LoanSignals : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "signals-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    auto store = journal::Store::open({.path = folder_ + "/milepost.db", .clock = &clock_, .read_only = false});
    ASSERT_TRUE(store) << store.error().message;
    store_ = std::move(*store);
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  /// An event that tracks this, at that time; done.
  journal::Event track(const std::string& loan, Time time, const Json& with, journal::EventState ends = journal::EventState::done) {
    journal::Event event;
    EXPECT_TRUE(store_->run([&](journal::Writer& writer) {
      journal::NewEvent given;
      given.pipeline = "los";
      given.id = "e-" + std::to_string(++count_);
      given.subject = given.lane = loan;
      given.time = time;
      given.payload = "{}";
      event = writer.accept(given, telemetry::new_id(clock_.now()), clock_.now()).event;
      event.state = ends;
      writer.update(event);
      const auto latest = writer.loan(loan);
      const auto merged = merge(latest ? read_json(latest->state).value() : Json(nullptr), with, event, *Model::standard());
      ASSERT_TRUE(merged);
      writer.append({loan, latest ? latest->revision + 1 : 1, event.sequence, time, text(merged->state)});
    }));
    return event;
  }
  void raise(const std::string& loan, std::string_view type, const Json& payload) {
    EXPECT_TRUE(store_->run([&](journal::Writer& writer) { journal::raise(writer, type, loan, payload); }));
  }
  Json ask(const std::string& by = "", const std::map<std::string, std::string>& only = {}) {
    const auto groups = signals(*store_, *Model::standard(), {.since = kMonday - 24h * 30, .until = kMonday + 24h * 30, .by = by, .only = only});
    Json out = Json::object();
    for (const auto& [group, figures] : groups) out[group] = to_json(figures, *Model::standard());
    return out;
  }

  telemetry::ManualClock clock_{kMonday + 24h * 20};
  std::string folder_;
  std::unique_ptr<journal::Store> store_;
  int count_ = 0;
};

TEST_F(LoanSignals, NothingIsNothing) { EXPECT_EQ(ask(), Json::object()); }

TEST_F(LoanSignals, CountStaysThatEndedInThePeriod) {
  track("L-1", kMonday, {{"stage", "docs"}});
  track("L-1", kMonday + 48h, {{"stage", "underwriting"}});
  track("L-2", kMonday, {{"stage", "docs"}});
  track("L-2", kMonday + 96h, {{"stage", "approval"}});
  track("L-3", kMonday - 24h * 60, {{"stage", "docs"}});
  track("L-3", kMonday - 24h * 40, {{"stage", "approval"}});  // before the period
  const auto docs = ask()[""]["days_in_stage"][0];
  EXPECT_EQ(text(docs), R"({"stage":"docs","there":0,"days":{"count":2,"mean":3.0,"median":3.0,"p90":4.0},"business_days":{"count":2,"mean":3.0,"median":3.0,"p90":4.0}})");
  EXPECT_EQ(ask()[""]["days_in_stage"][2]["there"], 2) << "L-2 and L-3 are in approval";
}

TEST_F(LoanSignals, GroupAndSelectByWhatIsKnownOfTheLoan) {
  track("L-1", kMonday, {{"stage", "docs"}, {"branch", "duluth"}});
  track("L-2", kMonday, {{"stage", "docs"}, {"branch", "fargo"}, {"broker", 7}});
  track("L-3", kMonday, {{"stage", "docs"}});
  const auto groups = ask("branch");
  EXPECT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups["duluth"]["loans"], 1);
  EXPECT_EQ(groups[""]["loans"], 1);
  EXPECT_EQ(ask("", {{"broker", "7"}})[""]["loans"], 1);
}

TEST_F(LoanSignals, ATaskIsOverdueWhenItWasNotClearedByItsDate) {
  track("L-1", kMonday, {{"tasks", {{{"id", "in-time"}, {"due", "2026-11-18"}}, {{"id", "late"}, {"due", "2026-11-18"}}, {{"id", "open"}, {"due", "2026-11-18"}}, {{"id", "far"}, {"due", "2099-01-01"}}}}});
  track("L-1", kMonday + 24h, {{"task", {{"id", "in-time"}, {"state", "cleared"}}}});
  track("L-1", kMonday + 240h, {{"task", {{"id", "late"}, {"state", "cleared"}}}});
  EXPECT_EQ(text(ask()[""]["overdue"]), R"({"due":3,"overdue":2,"rate":0.6667})");
}

TEST_F(LoanSignals, MailToCloseIsFromTheFirstPieceToTheLastStage) {
  const auto event = track("L-1", kMonday, {{"stage", "approval"}});
  ASSERT_TRUE(store_->run([&](journal::Writer& writer) {
    writer.put(journal::MailPiece{"L-1", event.sequence, "card", "acme.send", "c", kMonday + 24h});
    writer.put(journal::MailPiece{"L-1", event.sequence, "card2", "acme.send", "c", kMonday + 48h});
    writer.put(journal::MailPiece{"L-1", event.sequence, "gone", "acme.send", "c", kMonday, kMonday + 1h});
  }));
  track("L-1", kMonday + 24h * 11, {{"stage", "funding"}});
  track("L-2", kMonday, {{"stage", "funding"}});  // no mail
  EXPECT_EQ(text(ask()[""]["mail_to_close"]), R"({"count":1,"mean":10.0,"median":10.0,"p90":10.0})");
}

TEST_F(LoanSignals, MailedAndHeldOutStandBesideEachOther) {
  const auto mailed = track("L-1", kMonday, {{"stage", "approval"}});
  track("L-1", kMonday + 24h * 2, {{"piece", {{"id", "o-1"}, {"state", "scanned"}, {"by", "qr"}}}});
  track("L-1", kMonday + 24h * 6, {{"stage", "funding"}});
  track("L-2", kMonday, {{"stage", "approval"}});
  track("L-3", kMonday, {{"stage", "approval"}});
  track("L-3", kMonday + 24h * 9, {{"stage", "funding"}});
  track("L-4", kMonday, {{"stage", "funding"}});  // neither
  ASSERT_TRUE(store_->run([&](journal::Writer& writer) {
    writer.put(journal::MailPiece{"L-1", mailed.sequence, "card", "acme.send", "c", kMonday + 24h});
    for (const char* loan : {"L-2", "L-3"}) writer.put_state(kHeldOutScope, loan, std::to_string(telemetry::to_micros(kMonday + 24h)), 0);
  }));
  EXPECT_EQ(text(ask()[""]["mail_effect"]),
            R"({"mailed":{"loans":1,"responded":1,"closed":1,"rate":1.0,"days":{"count":1,"mean":5.0,"median":5.0,"p90":5.0}},)"
            R"("held_out":{"loans":2,"responded":0,"closed":1,"rate":0.5,"days":{"count":1,"mean":8.0,"median":8.0,"p90":8.0}}})");
}

TEST_F(LoanSignals, AutomationCoverageIsWhatNobodyHadToTouch) {
  track("L-1", kMonday, {{"stage", "inquiry"}});
  track("L-1", kMonday + 1h, {{"stage", "docs"}}, journal::EventState::dead);
  const auto retried = track("L-1", kMonday + 2h, {{"stage", "underwriting"}});
  track("L-1", kMonday + 3h, {{"stage", "approval"}});
  ASSERT_TRUE(store_->run([&](journal::Writer& writer) {
    audit::append(writer, {.kind = "admin", .user = "key:owner", .action = "retry", .subject = {}, .pipeline = {}, .version = {}, .event = retried.receipt, .step = {}, .outcome = {}, .plugin = {}, .details = {}});
  }));
  EXPECT_EQ(text(ask()[""]["automation"]), R"({"changes":4,"by_hand":2,"coverage":0.5})");
}

TEST_F(LoanSignals, MismatchesAreOfTheFieldsThatWereCompared) {
  track("L-1", kMonday, {{"branch", "duluth"}});
  for (int i = 0; i < 4; ++i) raise("L-1", config::host_event::kCompared, {{"system", "crm"}, {"compared", {"stage", "amount"}}, {"mismatched", Json::array()}});
  raise("L-1", config::host_event::kCompared, {{"system", "sheet"}, {"compared", {"stage", "amount"}}, {"mismatched", Json::array({"stage"})}});
  raise("L-9", config::host_event::kCompared, {{"system", "crm"}, {"compared", Json::array({"record"})}, {"mismatched", Json::array({"record"})}});
  EXPECT_EQ(text(ask("branch")["duluth"]["mismatch"]),
            R"({"compared":10,"mismatched":1,"rate":0.1,"fields":[{"system":"crm","field":"amount","compared":4,"mismatched":0,"rate":0.0},)"
            R"({"system":"crm","field":"stage","compared":4,"mismatched":0,"rate":0.0},{"system":"sheet","field":"amount","compared":1,"mismatched":0,"rate":0.0},)"
            R"({"system":"sheet","field":"stage","compared":1,"mismatched":1,"rate":1.0}]})");
}

TEST_F(LoanSignals, WhatWebhooksMissedIsCountedBySender) {
  track("L-1", kMonday, {{"branch", "duluth"}});
  raise("L-1", config::host_event::kWebhookMissed, {{"pipeline", "los"}, {"webhook", "acme.orders"}, {"source", "acme.list"}});
  raise("L-1", config::host_event::kWebhookMissed, {{"pipeline", "los"}, {"webhook", "acme.orders"}, {"source", "acme.list"}});
  EXPECT_EQ(text(ask("branch")["duluth"]["webhooks"]), R"([{"pipeline":"los","source":"acme.orders","missed":2}])");
}

}  // namespace TEST_FILE
}  // namespace milepost::loans
