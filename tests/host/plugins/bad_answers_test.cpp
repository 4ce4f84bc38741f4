// Plugins that break the rules of the boundary, one rule each.
#include <thread>

#include "host/plugins/overdue.hpp"
#include "host/telemetry/crash_mark.hpp"
#include "tests/host/plugins/fixture.hpp"
#include "tests/host/plugins/loopback.hpp"

namespace milepost::plugins {
namespace TEST_FILE {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class BadAnswers : public PluginTest {
 protected:
  void open(const std::string& plugin, const Json& with) {
    install(bad(plugin));
    account_ = account(plugin, with);
    ASSERT_NE(account_, nullptr);
  }
  void misbehave(const std::string& base_url = "http://127.0.0.1:1") {
    open("misbehaves", {{"base_url", base_url}, {"token", "s3cret-t0ken"}});
  }
  std::vector<Result<Answer>> run(const std::string& action, std::vector<std::string> ids, HostCall& call) {
    std::vector<Event> events;
    for (const auto& id : ids) events.push_back(event(id));
    std::vector<Delivery> batch;
    for (const auto& each : events) batch.push_back({&each, Json::object(), "key"});
    auto results = account_->action(action)->run(batch, call.call());
    EXPECT_EQ(results.size(), ids.size()) << action;
    return results;
  }
  Error error_of(const std::string& action) {
    HostCall call(5s);
    const auto results = run(action, {"e-1"}, call);
    EXPECT_FALSE(results[0]) << action;
    return results[0] ? Error{} : results[0].error();
  }
  std::unique_ptr<Account> account_;
};

TEST_F(BadAnswers, LeaveSoundOnesAlone) {
  misbehave();
  HostCall call(5s);
  const auto results = run("sound", {"a", "b", "c"}, call);
  for (const auto& result : results) EXPECT_TRUE(result);
}

struct Row {
  const char* action;
  const char* words;
};

TEST_F(BadAnswers, AreNamedByWhatWasExpectedAndWhatCame) {
  misbehave();
  const Row rows[] = {
      {"fewer", "run gave no result for delivery 1 of 1"},
      {"twice", "run emitted two results with index 0"},
      {"beyond", "run emitted a result with index 1 for 1 deliveries, expected 0 to 0"},
      {"no_json", "run emitted an answer that is not valid JSON at byte 1"},
      {"no_utf8", "run emitted an answer that is invalid UTF-8"},
      {"bad_effect", "effect is none of created, updated, unchanged and skipped"},
      {"bad_body", "body is array, expected an object"},
      {"bad_record", "record has /type: missing"},
      {"huge", "run emitted more than 16777216 bytes"},
      {"many", "run emitted more than 100000 items"},
      {"null_parts", "run emitted parts at a null pointer"},
      {"null_data", "run emitted 5 bytes at a null pointer"},
      {"bad_kind", "run emitted the kind 9, expected 1, 2 or 3"},
      {"bad_status", "run returned 42, expected 0 or 1"},
      {"unsupported", "run is not known to it, though its manifest names it"},
      {"bad_error", "run emitted an error that is not valid JSON"},
      {"deep", "run emitted an answer that is nested deeper than"},
      {"cursor", "run emitted a cursor, expected results"},
      {"create_null", "create gave a null pointer"},
      {"create_short", "create gave an instance of 3 bytes, expected a pointer"},
      {"create_nothing", "create emitted 0 items, expected one"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.action);
    const auto error = error_of(row.action);
    EXPECT_EQ(error.kind, ErrorKind::internal);
    EXPECT_THAT(error.message, HasSubstr(row.words));
    EXPECT_EQ(error.origin, "misbehaves");
  }
}

TEST_F(BadAnswers, CostOnlyTheDeliveriesThatLackAResult) {
  misbehave();
  HostCall call(5s);
  const auto results = run("fewer", {"a", "b", "c"}, call);
  EXPECT_TRUE(results[0]);
  EXPECT_TRUE(results[1]);
  ASSERT_FALSE(results[2]);
  EXPECT_THAT(results[2].error().message, HasSubstr("no result for delivery 3 of 3"));
}

TEST_F(BadAnswers, AreAttributedToNobodyWhenIndicesAreAstray) {
  misbehave();
  for (const char* action : {"twice", "beyond"}) {
    HostCall call(5s);
    for (const auto& result : run(action, {"a", "b", "c"}, call)) EXPECT_FALSE(result) << action;
  }
}

TEST_F(BadAnswers, AreIndeterminateOnceAWriteHasLeft) {
  Loopback vendor([](const Loopback::Seen&) { return Loopback::response("201 Created", "{}"); });
  misbehave(vendor.url());
  EXPECT_EQ(error_of("write_lost").kind, ErrorKind::indeterminate);
  EXPECT_EQ(error_of("cancels_late").kind, ErrorKind::indeterminate);
  EXPECT_EQ(vendor.seen().size(), 2u);
}

TEST_F(BadAnswers, KeepNoCredentialAndNoLineBreak) {
  misbehave();
  EXPECT_EQ(error_of("hidden_error").message, "the vendor said: Bearer *** is bad");
  const auto odd = error_of("odd_error");
  EXPECT_EQ(odd.kind, ErrorKind::internal);
  EXPECT_EQ(odd.message, "an error without a message");
}

TEST_F(BadAnswers, GetNoServiceForACallThatIsNotOurs) {
  Loopback vendor([](const Loopback::Seen&) { return Loopback::response("201 Created", "{}"); });
  misbehave(vendor.url());
  EXPECT_EQ(error_of("own_call").message, "refused");
  HostCall call(5s);
  {
    HostCall over(5s);
    EXPECT_EQ(run("late_call", {"a"}, over)[0].error().message, "kept");
  }
  EXPECT_EQ(run("late_call", {"a"}, call)[0].error().message, "refused");
  EXPECT_TRUE(run("null_service", {"a"}, call)[0]) << "nothing that a service is called with harms the host";
  EXPECT_TRUE(vendor.seen().empty());
}

TEST_F(BadAnswers, GetNoNetworkWhileTheyAreMade) {
  Loopback vendor([](const Loopback::Seen&) { return Loopback::response("201 Created", "{}"); });
  misbehave(vendor.url());
  HostCall call(5s);
  ::testing::internal::CaptureStderr();
  EXPECT_TRUE(run("asks_early", {"a"}, call)[0]);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("a request while an instance is made: the network begins with open"));
  EXPECT_TRUE(vendor.seen().empty());
}

TEST_F(BadAnswers, GetNoServiceForAStructThatIsTooSmall) {
  misbehave();
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(error_of("small_reply").message, "refused");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("a service was called with an mp_reply of 8 bytes, ABI 1 needs 24"));
}

TEST_F(BadAnswers, OfALookUpAreNamed) {
  misbehave();
  const Event about = event("e-1");
  const HostCall call(5s);
  const auto ask = [&](const std::string& name) {
    const auto action = account_->action(name);
    return dynamic_cast<Lookup&>(*action).find({&about, Json::object(), "k"}, call.call());
  };
  const auto word = ask("sound");
  ASSERT_FALSE(word);
  EXPECT_THAT(word.error().message, HasSubstr("`found` is missing or no boolean"));
  const auto list = ask("find_list");
  ASSERT_FALSE(list);
  EXPECT_THAT(list.error().message, HasSubstr("array as its head"));
}

TEST_F(BadAnswers, OfAPollAreNamed) {
  misbehave();
  const Row rows[] = {
      {"no_cursor", "poll emitted no cursor after its events"},
      {"too_many", "poll emitted 50 events, expected at most 10"},
      {"wrong_index", "poll emitted event 1 with index 3, expected 0"},
      {"no_payload", "poll emitted event 1 without a payload"},
      {"bad_head", "poll emitted event 1 with /id: expected text"},
      {"bad_cursor", "poll emitted a cursor that is not valid UTF-8"},
  };
  const HostCall call(5s);
  for (const auto& row : rows) {
    SCOPED_TRACE(row.action);
    const auto page = account_->polling(row.action, Json::object())->poll("", 10, call.call());
    ASSERT_FALSE(page);
    EXPECT_THAT(page.error().message, HasSubstr(row.words));
  }
}

TEST_F(BadAnswers, OfADecoderAreNamed) {
  misbehave();
  const auto receive = [&](const std::string& name) {
    const auto hook = registry_->webhook("misbehaves." + name, Json::object(), services_);
    EXPECT_TRUE(hook);
    return (*hook)->receive({});
  };
  EXPECT_TRUE(receive("hook_sound"));
  EXPECT_THAT(receive("hook_no_json").error().message, HasSubstr("event 1 with a head that is not valid JSON"));
  EXPECT_THAT(receive("hook_list").error().message, HasSubstr("event 1 with a head that is no object"));
}

TEST_F(BadAnswers, ThatNeverComeNameTheFunction) {
  misbehave();
  const auto path = folder_.path("crash");
  const auto note = [&](const std::string& action) {
    static_cast<void>(telemetry::watch_for_crashes(path).has_value());
    telemetry::heeded_crash();
    static_cast<void>(error_of(action));
  };
  EXPECT_EXIT(note("exits"), ::testing::ExitedWithCode(70),
              "exit was called in misbehaves: run, which must return instead");
  EXPECT_EQ(read_file(path), "exit in misbehaves: run");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  EXPECT_EXIT(note("crashes"), [](int status) { return status != 0; }, "");  // the sanitizer's own end, once ours has written
#else
  EXPECT_EXIT(note("crashes"), ::testing::KilledBySignal(SIGSEGV), "");
#endif
  EXPECT_EQ(read_file(path), "SIGSEGV in misbehaves: run");
}

TEST_F(BadAnswers, ThatComeAfterTheDeadlineAreTold) {
  misbehave();
  HostCall call(100ms);
  ::testing::internal::CaptureStderr();
  EXPECT_TRUE(run("overdue", {"e-1"}, call)[0]);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr(R"("event":"plugin.overdue","plugin":"misbehaves","function":"run","late_ms":"12)"));
}

TEST_F(BadAnswers, ThatHangAreToldWhileTheyDo) {
  misbehave();
  ::testing::internal::CaptureStderr();
  std::vector<Overdue> seen;
  {
    const OverdueWatch watch(50ms, 10ms);
    std::jthread hanging([&] {
      HostCall call(1ms);
      run("overdue", {"e-1"}, call);
    });
    for (int looks = 0; looks < 500 && (seen = overdue_calls(50ms)).empty(); ++looks) std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(overdue_calls(1h).empty());
  }
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].plugin, "misbehaves");
  EXPECT_EQ(seen[0].connection, "misbehaves-main");
  EXPECT_EQ(seen[0].function, "run");
  EXPECT_TRUE(overdue_calls(0ms).empty()) << "it is back";
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr(R"("event":"plugin.hangs","plugin":"misbehaves","connection":"misbehaves-main","function":"run")"));
}

class Throwing : public BadAnswers {};

TEST_F(Throwing, PastTheSdksLayerIsCaughtByTheHost) {
  open("throws_raw", {{"base_url", "http://127.0.0.1:1"}});
  const HostCall call(5s);
  EXPECT_EQ(account_->open(call.call()).error().message, "the plugin's open threw across the boundary: boom");
  EXPECT_EQ(error_of("run").message, "the plugin's run threw across the boundary something that is no std::exception");
  account_.reset();  // close and destroy throw too
}

TEST_F(Throwing, KeepsTheTextOfWhatEscaped) {
  open("throws", {{"at", "open"}});
  const HostCall call(5s);
  EXPECT_EQ(account_->open(call.call()).error().message, "threw: boom in open");
  EXPECT_EQ(account_->probe(call.call()).error().message, "threw: boom in probe");
  EXPECT_EQ(error_of("run").message, "threw: boom in run");
  EXPECT_EQ(error_of("run").kind, ErrorKind::internal);
  EXPECT_EQ(error_of("at_birth").message, "threw: boom in an action's constructor");
  const auto poll = account_->polling("poll", Json::object());
  EXPECT_EQ(poll->poll("", 1, call.call()).error().message, "threw: boom in poll");
  EXPECT_EQ(dynamic_cast<Settle&>(*poll).committed("", call.call()).error().message, "threw: boom in committed");
  const auto hook = registry_->webhook("throws.hook", Json::object(), services_);
  ASSERT_TRUE(hook);
  EXPECT_EQ((*hook)->receive({}).error().message, "threw: boom in receive");
  const Event about = event("e-1");
  const auto action = account_->action("run");
  EXPECT_EQ(dynamic_cast<Lookup&>(*action).find({&about, Json::object(), "k"}, call.call()).error().message,
            "threw: boom in find");
}

TEST_F(Throwing, CostsOnlyTheDeliveryThatThrew) {
  open("throws", Json::object());
  HostCall call(5s);
  const auto results = run("run", {"fine", "odd", "x", "fine"}, call);
  EXPECT_TRUE(results[0]);
  EXPECT_EQ(results[1].error().message, "threw something that is no std::exception");
  EXPECT_EQ(results[2].error().message, "threw: boom in run");
  EXPECT_TRUE(results[3]);
}

TEST_F(Throwing, FailsEachDeliveryOfABatch) {
  open("throws", Json::object());
  HostCall call(5s);
  for (const auto& result : run("batch", {"a", "b", "c"}, call))
    EXPECT_EQ(result.error().message, "threw: boom in batch");
}

TEST_F(Throwing, IsIndeterminateAfterARequestHasLeft) {
  Loopback vendor([](const Loopback::Seen&) { return Loopback::response("201 Created", "{}"); });
  open("throws", {{"base_url", vendor.url()}});
  const auto error = error_of("after_write");
  EXPECT_EQ(error.kind, ErrorKind::indeterminate);
  EXPECT_EQ(error.message, "threw: boom in the middle");
  EXPECT_EQ(vendor.seen().size(), 1u);
}

TEST_F(Throwing, IsInternalWhenNothingHasLeft) {
  open("throws", {{"base_url", "http://127.0.0.1:1"}});
  const auto error = error_of("after_write");
  EXPECT_EQ(error.kind, ErrorKind::internal);
  EXPECT_THAT(error.message, HasSubstr("boom in the middle: "));
}

TEST_F(Throwing, RefusesTheAccountWhenItsConstructorDoes) {
  install(bad("throws"));
  const auto refused = registry_->account(connection("throws", {{"at", "constructor"}}), config::Secrets(), services_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "connection throws-main: threw: boom in the constructor");
}

}  // namespace TEST_FILE
}  // namespace milepost::plugins
