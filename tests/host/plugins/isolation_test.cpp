// A plugin in a child of this process: what crosses, what it costs when the child ends, and what the child cannot do.
#include <csignal>
#include <future>
#include <thread>

#include "tests/host/plugins/fixture.hpp"
#include "tests/host/plugins/loopback.hpp"

namespace milepost::plugins {
namespace TEST_FILE {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

class Isolation : public PluginTest {
 protected:
  void SetUp() override { install(bad("wild")); }

  std::unique_ptr<Account> isolated(const std::string& base_url, config::Isolation bounds = {},
                                    const std::string& at_open = "") {
    auto about = connection("wild", {{"base_url", base_url}, {"at_open", at_open}});
    about.isolation = bounds;
    auto made = registry_->account(about, config::Secrets(), services_);
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    if (!made) return nullptr;
    const HostCall call(10s);
    EXPECT_TRUE((*made)->open(call.call()));
    return std::move(*made);
  }
  static Result<Answer> run(Action& action, const std::string& deed, std::chrono::milliseconds timeout = 20s,
                            const std::string& text = "") {
    const HostCall call(timeout, {}, 3);
    const auto of = event("E-1");
    const Delivery delivery{&of, {{"deed", deed}, {"text", text}}, "0123456789abcdef"};
    return std::move(action.run({&delivery, 1}, call.call()).front());
  }
  static Loopback::Answer created() {
    return [](const Loopback::Seen&) { return Loopback::response("201 Created", "ok"); };
  }
  static std::string word(const Result<Answer>& answer, const std::string& key) {
    return answer ? get<std::string>(answer->body, "/" + key).value_or("?") : answer.error().message;
  }
  static int process(Action& action) {
    const auto said = run(action, "say");
    return said ? get<int>(said->body, "/process").value_or(0) : 0;
  }
};

TEST_F(Isolation, RunsInAnotherProcessWithTheHostsServices) {
  Loopback vendor(created());
  const auto account = isolated(vendor.url());
  const auto action = account->action("act");
  const auto said = run(*action, "say");
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_NE(get<int>(said->body, "/process").value_or(0), ::getpid());
  EXPECT_EQ(get<int>(said->body, "/attempt").value_or(0), 3);
  EXPECT_EQ(get<std::int64_t>(said->body, "/now_us").value_or(0), 1'700'000'000'000'000);
  EXPECT_NEAR(static_cast<double>(get<int>(said->body, "/left_ms").value_or(0)), 20'000, 2'000);

  const auto sent = run(*action, "", 20s, "flowers");
  EXPECT_EQ(word(sent, "answer"), "ok");
  ASSERT_EQ(vendor.seen().size(), 1u);
  EXPECT_EQ(vendor.seen()[0].target, "/orders");
  EXPECT_THAT(vendor.seen()[0].body, AllOf(HasSubstr("flowers"), HasSubstr("0123456789abcdef")));
}

struct Ending {
  const char* deed;
  const char* said;
};
class Ends : public Isolation, public ::testing::WithParamInterface<Ending> {};

TEST_P(Ends, CostTheDeliveryThatCausedThemAlone) {
  const auto account = isolated("http://127.0.0.1:1");
  const auto action = account->action("act");
  const int before = process(*action);
  const auto lost = run(*action, GetParam().deed, 1s);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::internal);
  EXPECT_THAT(lost.error().message, HasSubstr(GetParam().said));
  const auto after = run(*action, "say");  // in a new child, opened again
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_NE(get<int>(after->body, "/process").value_or(0), before);
  EXPECT_EQ(get<int>(after->body, "/opened").value_or(0), 1);
}

INSTANTIATE_TEST_SUITE_P(All, Ends,
                         ::testing::Values(Ending{"crash", "crashed: SIGSEGV"}, Ending{"overflow", "crashed: SIGSEGV"},
                                         Ending{"abort", R"(crashed: SIGABRT; it wrote "wild: this cannot be")"},
                                         Ending{"exit", "ended the process (exit status 7): a plugin must not exit"},
                                         Ending{"hang", "did not come back from run in its time and was killed"}));

TEST_F(Isolation, ACrashAfterTheRequestLeftIsInDoubt) {
  Loopback vendor(created());
  const auto account = isolated(vendor.url());
  const auto action = account->action("act");
  const auto lost = run(*action, "crash after");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::indeterminate);
}

TEST_F(Isolation, OthersInFlightMayRunAgain) {
  const auto account = isolated("http://127.0.0.1:1");
  const auto innocent = account->action("act"), guilty = account->action("act");
  std::promise<void> under_way;
  std::atomic<bool> asked = false;
  auto waiting = std::async(std::launch::async, [&] {
    const HostCall call(20s, [&] {
      if (!asked.exchange(true)) under_way.set_value();
      return false;
    });
    const auto of = event("E-2");
    const Delivery delivery{&of, {{"deed", "wait until stopped"}}, "k"};
    return std::move(innocent->run({&delivery, 1}, call.call()).front());
  });
  under_way.get_future().wait();
  const auto lost = run(*guilty, "crash");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::internal);
  const auto other = waiting.get();
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::cancelled);
  EXPECT_THAT(other.error().message, HasSubstr("by another call"));
}

TEST_F(Isolation, WhatIsKilledFromOutsideIsNobodysFault) {
  const auto account = isolated("http://127.0.0.1:1");
  const auto action = account->action("act");
  std::thread killer;
  std::atomic<int> child = process(*action);
  {
    std::atomic<bool> asked = false;
    const HostCall call(20s, [&] {
      if (!asked.exchange(true)) killer = std::thread([&] { ::kill(child, SIGKILL); });
      return false;
    });
    const auto of = event("E-3");
    const Delivery delivery{&of, {{"deed", "wait until stopped"}}, "k"};
    const auto lost = std::move(action->run({&delivery, 1}, call.call()).front());
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().kind, ErrorKind::cancelled) << lost.error().message;
    EXPECT_THAT(lost.error().message, HasSubstr("was ended from outside: SIGKILL"));
  }
  killer.join();
  EXPECT_TRUE(run(*action, "say"));
}

TEST_F(Isolation, RestsLongerWithEachEnd) {
  const auto account = isolated("http://127.0.0.1:1");
  const auto action = account->action("act");
  EXPECT_EQ(run(*action, "crash").error().kind, ErrorKind::internal);
  EXPECT_EQ(run(*action, "crash").error().kind, ErrorKind::internal);
  const auto resting = run(*action, "say");
  ASSERT_FALSE(resting);
  EXPECT_EQ(resting.error().kind, ErrorKind::rate_limited);
  ASSERT_TRUE(resting.error().retry_after);
  EXPECT_LE(*resting.error().retry_after, 1s);
  EXPECT_THAT(resting.error().message, AllOf(HasSubstr("crashed: SIGSEGV"), HasSubstr("it is started again in")));
  const auto late = account->action("act");  // made while it rests
  std::this_thread::sleep_for(*resting.error().retry_after);
  EXPECT_TRUE(run(*action, "say"));
  EXPECT_TRUE(run(*late, "say"));
}

TEST_F(Isolation, TellsHowItsChildrenDo) {
  EXPECT_TRUE(registry_->children().empty());
  const auto account = isolated("http://127.0.0.1:1");
  const auto action = account->action("act");
  auto children = registry_->children();
  ASSERT_EQ(children.size(), 1u);
  EXPECT_EQ(children[0].plugin, "wild");
  EXPECT_EQ(children[0].connection, "wild-main");
  EXPECT_TRUE(children[0].running);
  EXPECT_EQ(children[0].ended, 0u);
  EXPECT_FALSE(children[0].ailing);
  EXPECT_FALSE(run(*action, "crash"));
  children = registry_->children();
  EXPECT_FALSE(children[0].running);
  EXPECT_EQ(children[0].ended, 1u);
  EXPECT_TRUE(children[0].ailing);
  EXPECT_THAT(children[0].reason, HasSubstr("crashed: SIGSEGV"));
}

TEST_F(Isolation, AWebhookSourceDecodesInAChildOfItsOwn) {
  const auto hook = registry_->webhook("wild.hook", Json::object(), services_, config::Isolation{});
  ASSERT_TRUE(hook) << hook.error().message;
  const auto receive = [&](const std::string& body) { return (*hook)->receive({"POST", "/hooks/wild", {}, body, Intent::once}); };
  const auto decoded = receive("flowers");
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->front().type, "deed");
  EXPECT_NE(decoded->front().actor, std::to_string(::getpid()));
  ASSERT_EQ(registry_->children().size(), 1u);
  EXPECT_EQ(registry_->children()[0].source, "wild.hook");

  EXPECT_EQ(receive("busy").error().kind, ErrorKind::permanent) << "what a decoder says is about the delivery";
  const auto crashed = receive("crash the decoder");
  ASSERT_FALSE(crashed);
  EXPECT_EQ(crashed.error().kind, ErrorKind::internal);
  EXPECT_THAT(crashed.error().message, HasSubstr("crashed: SIGABRT"));
  EXPECT_TRUE(receive("flowers")) << "the next child starts at once";
  EXPECT_FALSE(receive("crash the decoder"));
  const auto resting = receive("flowers");
  ASSERT_FALSE(resting);
  EXPECT_EQ(resting.error().kind, ErrorKind::rate_limited) << "the delivery is not to blame";
}

TEST_F(Isolation, ProcessorTimeIsBounded) {
  const auto account = isolated("http://127.0.0.1:1", {.cpu = 1s});
  const auto action = account->action("act");
  const auto lost = run(*action, "spin", 60s);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::internal);
  EXPECT_THAT(lost.error().message, HasSubstr("more than 1000 ms of processor time in a call"));
}

TEST_F(Isolation, MemoryIsBounded) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer's own memory is not counted";
#endif
  const auto account = isolated("http://127.0.0.1:1", {.memory = 96u << 20});
  const auto action = account->action("act");
  const auto full = run(*action, "eat");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().kind, ErrorKind::permanent);
  EXPECT_THAT(full.error().message, ::testing::MatchesRegex("no more memory after [1-9][0-9]? MiB"));
  EXPECT_TRUE(run(*action, "say"));
}

TEST_F(Isolation, OpenFilesAreBounded) {
  const auto account = isolated("http://127.0.0.1:1", {.files = 20});
  const auto action = account->action("act");
  const auto opened = run(*action, "files");
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_LT(get<int>(opened->body, "/opened").value_or(999), 40);
}

TEST_F(Isolation, TheMachineIsOutOfReach) {
  ::setenv("WILD_SECRET", "s3cret", 1);
  const auto account = isolated("http://127.0.0.1:1");
  const auto action = account->action("act");
  write_file(folder_.path("secrets.yaml"), "token: s3cret");
  const auto seen = run(*action, "look around", 20s, folder_.path());
  ASSERT_TRUE(seen) << seen.error().message;
  for (const char* out_of_reach : {"internet", "unix", "fork", "wrote", "read", "environment"})
    EXPECT_EQ(word(seen, out_of_reach), "no") << out_of_reach;
  EXPECT_EQ(word(seen, "system"), "yes");
  EXPECT_EQ(word(run(*action, "kill the host"), "killed"), "no");
}

TEST_F(Isolation, ACallIsStoppedInTheChildToo) {
  const auto account = isolated("http://127.0.0.1:1");
  const auto action = account->action("act");
  std::atomic<bool> stop = false;
  const HostCall call(20s, [&] { return stop.load(); });
  std::jthread later([&] {
    std::this_thread::sleep_for(100ms);
    stop = true;
  });
  const auto of = event("E-4");
  const Delivery delivery{&of, {{"deed", "wait until stopped"}}, "k"};
  const auto began = std::chrono::steady_clock::now();
  const auto stopped = std::move(action->run({&delivery, 1}, call.call()).front());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::cancelled);
  EXPECT_EQ(stopped.error().message, "stopped");
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
}

TEST_F(Isolation, NoChildOutlivesItsAccount) {
  auto account = isolated("http://127.0.0.1:1");
  auto action = account->action("act");
  const int child = process(*action);
  action.reset();
  account.reset();
  EXPECT_EQ(::kill(child, 0), -1);
}

TEST_F(Isolation, ManyCallsAtOnceAreKeptApart) {
  const auto account = isolated("http://127.0.0.1:1");
  std::vector<std::future<int>> threads;
  for (int i = 0; i < 4; ++i)
    threads.push_back(std::async(std::launch::async, [&] {
      const auto action = account->action("act");
      int sound = 0;
      for (int n = 0; n < 200; ++n) sound += run(*action, "say").has_value() ? 1 : 0;
      return sound;
    }));
  for (auto& each : threads) EXPECT_EQ(each.get(), 200);
}

}  // namespace TEST_FILE
}  // namespace milepost::plugins
