// The parts of test cases that need no plugin: virtual time, comparing, rewriting, faults of vendors.
#include <gmock/gmock.h>

#include <thread>

#include "host/cases/compare.hpp"
#include "host/cases/coverage.hpp"
#include "host/cases/doubles.hpp"
#include "host/cases/update.hpp"
#include "host/telemetry/virtual_clock.hpp"

namespace milepost::cases {
namespace TEST_FILE {

using namespace std::chrono_literals;
using telemetry::Time;
using telemetry::VirtualClock;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// ---- virtual time ----

/// A thread that waits for one time after the other, and keeps what it saw.
class Sleeper {
 public:
  Sleeper(VirtualClock& clock, std::vector<Time> wanted)
      : clock_(clock), thread_([this, wanted, here = clock.attend()](const std::stop_token& stop) {
          for (const Time at : wanted) {
            std::unique_lock lock(mutex_);
            clock_.wait_until(lock, changed_, stop, at, [] { return false; });
            if (!stop.stop_requested()) seen.push_back(clock_.now());
          }
          std::unique_lock lock(mutex_);
          clock_.wait_until(lock, changed_, stop, Time::max(), [] { return false; });
        }) {}
  std::vector<Time> seen;

 private:
  VirtualClock& clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::jthread thread_;
};

TEST(VirtualClock, LeapsFromOneWaitedTimeToTheNextInOrder) {
  const Time start{};
  VirtualClock clock(start);
  Sleeper one(clock, {start + 1h, start + 72h}), other(clock, {start + 2h});
  std::vector<Time> stops;
  for (auto next = clock.rest(10s); next && *next != Time::max(); next = clock.rest(10s)) {
    stops.push_back(*next);
    clock.move_to(*next);
  }
  EXPECT_THAT(stops, ElementsAre(start + 1h, start + 2h, start + 72h));
  EXPECT_THAT(one.seen, ElementsAre(start + 1h, start + 72h));
  EXPECT_THAT(other.seen, ElementsAre(start + 2h));
}

TEST(VirtualClock, DoesNotMoveWhileSomebodyWorks) {
  VirtualClock clock{Time{}};
  const auto busy = clock.attend();
  EXPECT_FALSE(clock.rest(20ms));
}

TEST(VirtualClock, AReasonThatNobodyWasToldOfIsNoRest) {
  VirtualClock clock{Time{}};
  std::mutex mutex;
  std::condition_variable_any changed;
  bool reason = false, done = false;
  std::jthread worker([&, here = clock.attend()](const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    clock.wait_until(lock, changed, stop, Time::max(), [&] { return reason; });
    done = true;
    clock.wait_until(lock, changed, stop, Time::max(), [] { return false; });
  });
  ASSERT_TRUE(clock.rest(10s));
  {
    const std::lock_guard lock(mutex);
    reason = true;  // without a call
  }
  ASSERT_TRUE(clock.rest(10s));
  const std::lock_guard lock(mutex);
  EXPECT_TRUE(done);
}

TEST(VirtualClock, NeverGoesBack) {
  VirtualClock clock(Time{} + 5h);
  clock.move_to(Time{} + 1h);
  EXPECT_EQ(clock.now(), Time{} + 5h);
}

// ---- faults of vendors ----

TEST(VendorFault, IsWrittenInFullOrInShort) {
  const auto full = read_vendor_fault(*read_json(R"({"match":{"method":"POST","path":"*/orders"},"answer":{"status":429,"headers":{"Retry-After":"30"}}})"));
  const auto brief = read_vendor_fault(*read_json(R"({"match":"POST */orders","answer":429})"));
  ASSERT_TRUE(full && brief);
  EXPECT_EQ(full->method, brief->method);
  EXPECT_EQ(full->path, brief->path);
  EXPECT_EQ(full->answer->status, brief->answer->status);
}

TEST(VendorFault, ThatDoesNothingIsRefused) {
  EXPECT_THAT(read_vendor_fault(*read_json(R"({"match":"POST *"})")).error().message, HasSubstr("answer, delay or cut"));
  EXPECT_THAT(read_vendor_fault(*read_json(R"({"answer":99})")).error().message, HasSubstr("200 to 599"));
}

TEST(VendorFaults, StrikeAsOftenAsTheySayAndThenNoMore) {
  VendorFaults faults;
  faults.add(*read_vendor_fault(*read_json(R"({"match":"POST */orders","times":2,"every":2,"answer":503})")));
  std::vector<bool> struck;
  for (int i = 0; i < 6; ++i) struck.push_back(faults.strike("POST", "/v1/orders").has_value());
  EXPECT_THAT(struck, ElementsAre(false, true, false, true, false, false));
  EXPECT_FALSE(faults.strike("GET", "/v1/orders"));
}

/// Counts what it did.
class Counter : public Sandbox {
 public:
  HttpResponse handle(const HttpRequest& request) override {
    ++done;
    return {200, {}, request.target};
  }
  Json state() const override { return {{"done", done}}; }
  void reset() override { done = 0; }
  Result<std::vector<HttpRequest>> emit(const Json&) override { return std::vector<HttpRequest>(); }
  int done = 0;
};

struct Vendors {
  Vendors(const char* fault = nullptr) : clock(Time{}), doubles(clock) {
    std::vector<VendorFault> faults;
    if (fault != nullptr) faults.push_back(*read_vendor_fault(*read_json(fault)));
    doubles.add("acme", std::make_unique<Counter>(), std::move(faults));
  }
  std::expected<http::Response, http::Failure> ask(const std::string& url, const std::string& connector = "acme") {
    http::Options options;
    options.connector = connector;
    return doubles.exchange({.method = "POST", .url = url}, options);
  }
  VirtualClock clock;
  Doubles doubles;
};

TEST(Doubles, ARequestGoesToItsConnectorsDoubleWhateverTheAddress) {
  Vendors vendors;
  EXPECT_EQ(vendors.ask("https://api.acme.example/v1/orders?x=1")->body, "/v1/orders?x=1");
  EXPECT_EQ(vendors.ask("http://127.0.0.1:9090/acme/v1/orders")->body, "/v1/orders");
  EXPECT_EQ(vendors.doubles.reached("acme").size(), 2u);
}

TEST(Doubles, WhatHasNoDoubleIsNotReached) {
  Vendors vendors;
  const auto answer = vendors.ask("https://other.example/", "other");
  ASSERT_FALSE(answer);
  EXPECT_FALSE(answer.error().sent);
  EXPECT_THAT(answer.error().message, HasSubstr("no double of other"));
}

TEST(Doubles, CutAfterDoesItAndLosesTheAnswer) {
  Vendors before(R"({"cut":"before"})"), after(R"({"cut":"after"})");
  for (auto* vendors : {&before, &after}) {
    const auto answer = vendors->ask("https://acme.example/orders");
    ASSERT_FALSE(answer);
    EXPECT_TRUE(answer.error().sent);
  }
  EXPECT_EQ(before.doubles.state("acme")["done"], 0);
  EXPECT_EQ(after.doubles.state("acme")["done"], 1);
}

TEST(Doubles, AnAnswerThatIsLateTakesItsTime) {
  Vendors vendors(R"({"delay":"3s"})");
  std::optional<int> status;
  std::jthread caller([&, here = vendors.clock.attend()] { status = vendors.ask("https://acme.example/")->status; });
  const auto next = vendors.clock.rest(10s);
  ASSERT_TRUE(next);
  EXPECT_EQ(*next, Time{} + 3s);
  vendors.clock.move_to(*next);
  caller.join();
  EXPECT_EQ(status, 200);
}

TEST(Doubles, AnAnswerPastTheTimeoutIsNone) {
  Vendors vendors(R"({"delay":"1h"})");
  std::optional<http::Failure> failure;
  std::jthread caller([&, here = vendors.clock.attend()] { failure = vendors.ask("https://acme.example/").error(); });
  const auto next = vendors.clock.rest(10s);
  ASSERT_TRUE(next);
  EXPECT_EQ(*next, Time{} + 10s);
  vendors.clock.move_to(*next);
  caller.join();
  EXPECT_EQ(failure->kind, http::Failure::Kind::timeout);
  EXPECT_TRUE(failure->sent);
}

// ---- expectations ----

struct Expectation {
  explicit Expectation(std::string written) : text(std::move(written)) {
    config::Faults faults;
    document = config::yaml::parse(text, "tests/x.yaml", faults, {.expressions = false});
    EXPECT_THAT(faults, IsEmpty());
  }
  std::vector<Mismatch> against(const char* outcome) const {
    return compare(*document->root, *read_json(outcome), "tests/x.yaml");
  }
  std::string text;
  std::unique_ptr<config::yaml::Document> document;
};

constexpr const char* kCame = R"({
  "events": [{"state": "done", "subject": "L-1", "steps": {"crm": {"outcome": "created", "attempts": 2}, "card": {"outcome": "not_run", "values": {"a": 1}}}}],
  "sent": {"acme": 1, "acme.send": 1},
  "requests": {"acme": [{"method": "POST", "path": "/orders", "body": {"amount": 25000.00}}]},
  "audit": [{"action": "accepted"}, {"action": "acme.send", "outcome": "sent"}, {"action": "acme.send", "outcome": "created"}],
  "alerts": [{"type": "milepost.dead_letter"}],
  "loans": {"L-1": {"stage": "approval"}}
})";

TEST(Compare, WhatIsNotWrittenIsNotCompared) {
  EXPECT_THAT(Expectation("events: {state: done, steps: {crm: created}}").against(kCame), IsEmpty());
  EXPECT_THAT(Expectation("{}").against(kCame), IsEmpty());
}

TEST(Compare, ATextMayNameAWholeAndANumberHowMany) {
  EXPECT_THAT(Expectation("requests: {acme: 1}\nalerts: [milepost.dead_letter]").against(kCame), IsEmpty());
  EXPECT_THAT(Expectation("requests: {acme: [POST /ord*]}\nsent: {acme: 1, acme.note: 0}").against(kCame), IsEmpty());
}

TEST(Compare, SomeWordsStandForSeveral) {
  EXPECT_THAT(Expectation("events: {steps: {crm: done, card: skipped}}").against(kCame), IsEmpty());
  EXPECT_THAT(Expectation("events: {steps: {crm: {outcome: done, attempts: 2}}}").against(kCame), IsEmpty());
}

TEST(Compare, NumbersKeepTheirText) {
  EXPECT_THAT(Expectation("requests: {acme: [{body: {amount: 25000.00}}]}").against(kCame), IsEmpty());
  EXPECT_EQ(Expectation("requests: {acme: [{body: {amount: 25000.0}}]}").against(kCame).size(), 1u);
}

TEST(Compare, SaysWhereWhatAndWhy) {
  const auto found = Expectation("events:\n  - steps:\n      card: created").against(kCame);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].at.line, 3);
  EXPECT_EQ(found[0].at.column, 13);
  EXPECT_EQ(found[0].path, "events[0].steps.card");
  EXPECT_EQ(found[0].expected, "created");
  EXPECT_THAT(found[0].actual, HasSubstr("not_run, since {\"a\":1}"));
}

TEST(Compare, AuditRowsMayHaveOthersBetweenButKeepTheirOrder) {
  EXPECT_THAT(Expectation("audit: [{action: accepted}, {outcome: created}]").against(kCame), IsEmpty());
  const auto found = Expectation("audit: [{outcome: created}, {action: accepted}]").against(kCame);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].path, "audit[1]");
}

TEST(Compare, AListOfAnotherLengthTellsWhatCame) {
  const auto found = Expectation("alerts: []").against(kCame);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].actual, "1: [milepost.dead_letter]");
}

TEST(Compare, NothingIsNothing) {
  EXPECT_THAT(Expectation("loans: {L-2: null}").against(kCame), IsEmpty());
  EXPECT_EQ(Expectation("loans: {L-1: null}").against(kCame).size(), 1u);
}

// ---- rewriting ----

struct Rewriting {
  explicit Rewriting(std::string written) {
    file.name = "tests/x.yaml";
    file.text = std::move(written);
    config::Faults faults;
    file.document = config::yaml::parse(file.text, file.name, faults, {.expressions = false});
    EXPECT_THAT(faults, IsEmpty());
    const auto* cases = file.document->root->find("cases");
    for (const auto* node : cases->items) {
      Case one;
      one.node = node;
      one.expect = node->find("expect");
      file.cases.push_back(std::move(one));
    }
  }
  Updated with(const char* outcome) const {
    std::vector<Verdict> results;
    for (const auto& one : file.cases) {
      Verdict result;
      result.file = &file;
      result.what = &one;
      result.played.outcome = *read_json(outcome);
      if (one.expect != nullptr) result.mismatches = compare(*one.expect, result.played.outcome, file.name);
      results.push_back(std::move(result));
    }
    std::vector<const Verdict*> own;
    for (const auto& result : results) own.push_back(&result);
    return update(file, own);
  }
  CaseFile file;
};

TEST(Update, WritesValuesAndKeepsAllElse) {
  const Rewriting rewriting(R"(# a file
cases:
  - case: one   # why
    expect:
      events: {state: dead, steps: {crm: updated, card: "created"}}   # states
      sent: {acme: 7}
      loans:
        L-1: {stage: 'closing'}  # the last

  - case: two
    expect: {alerts: 0}
)");
  EXPECT_EQ(rewriting.with(kCame).text, R"(# a file
cases:
  - case: one   # why
    expect:
      events: {state: done, steps: {crm: created, card: not_run}}   # states
      sent: {acme: 1}
      loans:
        L-1: {stage: approval}  # the last

  - case: two
    expect: {alerts: 1}
)");
}

TEST(Update, ACaseWithoutAnExpectationGetsOne) {
  const Rewriting rewriting("cases:\n  - case: one\n    events: {}\n  - case: two\n    expect:\n");
  const auto updated = rewriting.with(kCame).text;
  EXPECT_THAT(updated, HasSubstr("  - case: one\n    events: {}\n    expect:\n      events: {state: done, steps: {crm: created, card: not_run}}\n"));
  EXPECT_THAT(updated, HasSubstr("      alerts: [milepost.dead_letter]\n"));
  EXPECT_THAT(Rewriting(updated).with(kCame).changes, 0u) << updated;
}

TEST(Update, ListsOfAnotherLengthAreWrittenAnewInTheirShape) {
  const Rewriting rewriting("cases:\n  - case: one\n    expect:\n      alerts:\n        - a\n        - b\n      requests: {acme: [{path: /x}, {path: /y}]}\n");
  const auto updated = rewriting.with(kCame).text;
  EXPECT_THAT(updated, HasSubstr("requests: {acme: [{path: /orders}]}"));
  EXPECT_THAT(Rewriting(updated).with(kCame).changes, 0u) << updated;
}

TEST(Update, NothingBecomesSomethingAndSomethingNothing) {
  const Rewriting rewriting("cases:\n  - case: one\n    expect:\n      loans: {L-1: null, L-2: {stage: x}}\n      alerts:   # none\n");
  const auto updated = rewriting.with(kCame).text;
  EXPECT_THAT(updated, HasSubstr("      loans: {L-1: {stage: approval}, L-2: null}\n"));
  EXPECT_THAT(updated, HasSubstr("      alerts: [milepost.dead_letter]   # none\n"));
  EXPECT_THAT(Rewriting(updated).with(kCame).changes, 0u) << updated;
}

TEST(Update, OneWordForSeveralBecomesAListOfWords) {
  const Rewriting rewriting("cases:\n  - case: one\n    expect:\n      requests: {acme: POST /x}\n");
  const auto updated = rewriting.with(R"({"requests": {"acme": [{"method": "POST", "path": "/x", "body": {"a": 1}}, {"method": "GET", "path": "/y"}]}})").text;
  EXPECT_THAT(updated, HasSubstr("requests: {acme: [POST /x, GET /y]}\n"));
}

TEST(Update, AnAuditRowIsLeftToAPerson) {
  const Rewriting rewriting("cases:\n  - case: one\n    expect: {audit: [{action: never}]}\n");
  const auto updated = rewriting.with(kCame);
  EXPECT_EQ(updated.changes, 0u);
  ASSERT_EQ(updated.kept.size(), 1u);
  EXPECT_EQ(updated.text, rewriting.file.text);
}

TEST(Flow, ReadsBackAsTheSame) {
  for (const char* text : {R"({"a":"x: y","b":[1,2.50,"no","true",""],"c":{"d e":null},"e":"line\nbreak","f":"- x","g":"#x"})"}) {
    config::Faults faults;
    const auto document = config::yaml::parse(flow(*read_json(text)), "x", faults, {.expressions = false});
    ASSERT_THAT(faults, IsEmpty());
    EXPECT_EQ(flow(*read_json(text)).find('\n'), std::string::npos);
    EXPECT_EQ(document->root->find("a")->text, "x: y");
    EXPECT_EQ(document->root->find("e")->text, "line\nbreak");
  }
}

}  // namespace TEST_FILE
}  // namespace milepost::cases
