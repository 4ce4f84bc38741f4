#include "host/loans/mail_gate.hpp"

#include "tests/host/loans/loans_rig.hpp"

namespace milepost::loans {
namespace TEST_FILE {

using Kind = MailVerdict::Kind;

class MailGateTest : public ::testing::Test {
 protected:
  void rules(const config::MailRules& rules) {
    config::Faults faults;
    gate_ = MailGate::compile(rules, faults);
    ASSERT_TRUE(gate_) << (faults.empty() ? "" : faults.front().message);
  }
  MailVerdict ask(bool ended = false) {
    const expression::Scope scope{.payload = &payload_, .event = &event_, .loan = &loan_, .steps = nullptr, .params = nullptr, .link = {}, .now = kMonday};
    return gate_->ask({scope, ended, [this](const std::string& key) { return listed_ == key ? std::optional<std::string>("asked") : std::nullopt; }}, machine_);
  }
  MailVerdict with(const char* field, const Json& value) {
    const Json before = loan_;
    loan_[field] = value;
    auto verdict = ask();
    loan_ = before;
    return verdict;
  }

  std::shared_ptr<const MailGate> gate_ = [] {
    config::Faults faults;
    return MailGate::compile(config::MailRules(), faults);
  }();
  Json loan_{{"stage", "approval"}, {"do_not_mail", false}, {"fraud_score", 0.2}, {"address_status", "deliverable"}};
  Json payload_ = Json::object(), event_{{"subject", "L-1"}, {"time", "2026-11-16T14:00:00Z"}};
  std::string listed_;
  expression::Machine machine_;
};

TEST_F(MailGateTest, LetsGoWhereAllIsKnownToBeWell) {
  const auto verdict = ask();
  EXPECT_EQ(verdict.kind, Kind::go) << verdict.reason;
  EXPECT_EQ(text(verdict.seen),
            R"({"stage":"approval","do_not_mail":false,"fraud_score":0.2,"address":"deliverable","as_of":"2026-11-16T14:00:00Z"})");
}

TEST_F(MailGateTest, FailsClosedOnEachDatumThatIsMissing) {
  for (const char* field : {"stage", "do_not_mail", "fraud_score", "address_status"}) {
    const Json before = loan_;
    loan_.erase(field);
    EXPECT_EQ(ask().kind, Kind::hold) << field;
    loan_ = before;
  }
  event_.erase("time");
  EXPECT_EQ(ask().kind, Kind::hold);
  loan_ = nullptr;
  EXPECT_EQ(ask().kind, Kind::hold);
}

TEST_F(MailGateTest, FailsClosedOnEachDatumOfTheWrongKind) {
  for (const Json& odd : {Json(nullptr), Json("maybe"), Json("false"), Json(0), Json::array()}) EXPECT_EQ(with("do_not_mail", odd).kind, Kind::hold) << text(odd);
  for (const Json& odd : {Json(nullptr), Json("0.1"), Json(true), Json(-1), Json::object()}) EXPECT_EQ(with("fraud_score", odd).kind, Kind::hold) << text(odd);
  for (const Json& odd : {Json(nullptr), Json("unknown"), Json(""), Json(1)}) EXPECT_EQ(with("address_status", odd).kind, Kind::hold) << text(odd);
}

TEST_F(MailGateTest, RefusesWhatIsKnownToBeWrong) {
  EXPECT_EQ(with("do_not_mail", true).reason, "do not mail");
  EXPECT_EQ(with("address_status", "undeliverable").reason, "the address is undeliverable");
  EXPECT_EQ(with("address_status", false).kind, Kind::refuse);
  EXPECT_EQ(with("address_status", true).kind, Kind::go);
}

TEST_F(MailGateTest, RefusesFromTheFraudLimitOn) {
  EXPECT_EQ(with("fraud_score", read_json("0.849").value()).kind, Kind::go);
  EXPECT_EQ(with("fraud_score", read_json("0.85").value()).kind, Kind::refuse);
  EXPECT_EQ(with("fraud_score", read_json("0.850000").value()).kind, Kind::refuse) << "a number that keeps its text";
  EXPECT_EQ(with("fraud_score", 1).kind, Kind::refuse);
  EXPECT_EQ(with("fraud_score", read_json("1e400").value()).kind, Kind::hold) << "no score";
}

TEST_F(MailGateTest, RefusesALoanThatHasEnded) {
  loan_["stage"] = "denied";
  EXPECT_EQ(ask(true).reason, "the loan is denied");
}

TEST_F(MailGateTest, WhatIsKnownToBeWrongWinsOverWhatIsNotKnown) {
  loan_.erase("fraud_score");
  EXPECT_EQ(with("do_not_mail", true).kind, Kind::refuse);
}

TEST_F(MailGateTest, NamesAllThatIsNotKnown) {
  loan_.erase("fraud_score"), loan_.erase("address_status");
  EXPECT_EQ(ask().reason, "the fraud score is not known; the address is not verified");
}

TEST_F(MailGateTest, HoldsOldData) {
  event_["time"] = "2026-11-14T14:59:59Z";
  EXPECT_THAT(ask().reason, ::testing::HasSubstr("older than 2d"));
  event_["time"] = "2026-11-14T15:00:00Z";
  EXPECT_EQ(ask().kind, Kind::go);
  event_["time"] = "2026-11-17T15:00:00Z";
  EXPECT_THAT(ask().reason, ::testing::HasSubstr("of the future"));
}

TEST_F(MailGateTest, AsksTheSuppressionListForEachName) {
  config::MailRules given;
  given.suppress = {"${event.subject}", "${loan.borrower}"};
  rules(given);
  EXPECT_EQ(ask().kind, Kind::hold) << "a name that is not there cannot be looked up";
  loan_["borrower"] = 77;
  EXPECT_EQ(ask().kind, Kind::go);
  listed_ = "77";
  EXPECT_EQ(ask().reason, "77 is on the suppression list: asked");
  listed_ = "L-1";
  EXPECT_EQ(ask().kind, Kind::refuse);
}

TEST_F(MailGateTest, AsksForConsentWhereToldTo) {
  config::MailRules given;
  given.consent = "loan.consent";
  rules(given);
  EXPECT_EQ(ask().kind, Kind::hold);
  EXPECT_EQ(with("consent", false).kind, Kind::refuse);
  EXPECT_EQ(with("consent", true).kind, Kind::go);
}

TEST_F(MailGateTest, AnExpressionThatRaisesIsNotKnown) {
  config::MailRules given;
  given.fraud_score = "loan.stage + 1";
  rules(given);
  EXPECT_EQ(ask().kind, Kind::hold);
}

TEST_F(MailGateTest, WaivesWhatItIsToldTo) {
  config::MailRules given;
  given.fraud_score = given.address = given.do_not_mail = given.as_of = "";
  rules(given);
  loan_ = {{"stage", "docs"}};
  EXPECT_EQ(ask().kind, Kind::go);
}

TEST_F(MailGateTest, WithoutASectionItAsksOnlyWhatTheHostKnows) {
  config::Faults faults;
  gate_ = MailGate::compile({}, faults);
  loan_ = nullptr;
  EXPECT_EQ(ask().kind, Kind::go);
  listed_ = "L-1";
  EXPECT_EQ(ask().kind, Kind::refuse);
  listed_ = "";
  loan_ = {{"stage", "adverse"}};
  EXPECT_EQ(ask(true).kind, Kind::refuse);
}

TEST_F(MailGateTest, TellsWhatAnExpressionLacks) {
  config::MailRules given;
  given.fraud_score = "lona.score";
  given.at["fraud_score"] = {"loans.yaml", 4, 16};
  config::Faults faults;
  EXPECT_FALSE(MailGate::compile(given, faults));
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].code, "MP1151");
  EXPECT_EQ(faults[0].path, "mail.fraud_score");
  EXPECT_EQ(faults[0].at.line, 4);
}

}  // namespace TEST_FILE
}  // namespace milepost::loans
