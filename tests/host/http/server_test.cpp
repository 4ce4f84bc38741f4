#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <ctime>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "tests/host/http/server_fixture.hpp"

namespace milepost::http {
namespace TEST_FILE {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using testing::echo;
using testing::HttpServer;
using testing::kGet;
using testing::post;
using testing::RawPeer;

TEST_F(HttpServer, AnswersRequestAfterRequestOnOneConnection) {
  start();
  RawPeer peer = connect();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(peer.send(post("body " + std::to_string(i))));
    const std::string answer = peer.read_response();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\nDate: "));
    EXPECT_THAT(answer, HasSubstr("\r\nServer: milepost\r\n"));
    EXPECT_THAT(answer, HasSubstr("X-Peer: 127.0.0.1\r\n"));
    EXPECT_THAT(answer, ::testing::EndsWith("\r\n\r\nPOST:body " + std::to_string(i)));
  }
}

TEST_F(HttpServer, AnswersPipelinedRequestsInOrder) {
  // The first is answered last: the second must wait for it.
  start([](Incoming&& request, Responder respond) {
    if (request.path != "/slow") return respond({200, {}, request.path});
    std::thread([respond] {
      std::this_thread::sleep_for(50ms);
      respond({200, {}, "slow"});
    }).detach();
  });
  RawPeer peer = connect();
  peer.send(
      "GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\nGET /c HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(peer.read_response(), HasSubstr("slow"));
  EXPECT_THAT(peer.read_response(), HasSubstr("/b"));
  EXPECT_THAT(peer.read_response(), HasSubstr("/c"));
}

TEST_F(HttpServer, TakesAnAnswerFromAnyThreadAndOnlyTheFirst) {
  std::vector<Responder> kept;
  std::mutex mutex;
  std::condition_variable asked;
  start([&](Incoming&&, Responder respond) {
    const std::lock_guard guard(mutex);
    kept.push_back(std::move(respond));
    asked.notify_all();
  });
  RawPeer peer = connect();
  const auto ask = [&](const std::string& request, std::size_t count) {
    peer.send(request);
    std::unique_lock lock(mutex);
    EXPECT_TRUE(asked.wait_for(lock, 3s, [&] { return kept.size() == count; }));
  };
  ask(kGet, 1);
  kept[0]({202, {}, "first"});
  kept[0]({200, {}, "second"});
  EXPECT_THAT(peer.read_response(), HasSubstr("202 Accepted"));
  ask("GET / HTTP/1.0\r\n\r\n", 2);
  kept[0]({200, {}, "of another request"});
  kept[1]({203, {}, "its own"});
  EXPECT_THAT(peer.read_all(), HasSubstr("its own"));
}

/// Of the process, while so many answers are owed to a peer for so long, one after the other.
std::clock_t processor_time(RawPeer& peer, std::atomic<Responder*>& asked, int answers, std::chrono::milliseconds owed) {
  std::clock_t taken = 0;
  for (int i = 0; i < answers; ++i) {
    const auto before = std::clock();
    peer.send(kGet);
    std::this_thread::sleep_for(owed);
    taken += std::clock() - before;
    Responder* respond = nullptr;
    while ((respond = asked.exchange(nullptr)) == nullptr) std::this_thread::sleep_for(1ms);
    (*std::unique_ptr<Responder>(respond))({200, {}, "late"});
    EXPECT_THAT(peer.read_response(), HasSubstr("late"));
  }
  return taken;
}

TEST_F(HttpServer, StaysAwakeForAnAnswerToALonePeerButNotForLong) {
  std::atomic<Responder*> asked = nullptr;
  start([&](Incoming&&, Responder respond) { asked = new Responder(std::move(respond)); });
  RawPeer peer = connect();
  EXPECT_LT(processor_time(peer, asked, 1, 300ms), CLOCKS_PER_SEC / 5);
  const auto alone = processor_time(peer, asked, 100, 2ms);
  RawPeer another = connect();
  another.send(kGet);
  while (asked == nullptr) std::this_thread::sleep_for(1ms);
  delete asked.exchange(nullptr);
  another.read_response();
  constexpr std::clock_t kAwake = CLOCKS_PER_SEC / 200;  // a tenth of what it may take in all
  EXPECT_LT(processor_time(peer, asked, 100, 2ms) + kAwake, alone) << "with two its thread sleeps at once";
}

TEST_F(HttpServer, ReadsASenderThatRestsOnlyAfterSoManyTimesTheTimeItsAnswerTook) {
  using Steady = std::chrono::steady_clock;
  std::array<std::atomic<Steady::time_point>, 3> asked{};
  std::atomic<std::size_t> count = 0;
  start([&](Incoming&&, Responder respond) {
    const std::size_t which = count++;
    asked.at(which) = Steady::now();
    if (which == 0) std::this_thread::sleep_for(100ms);
    respond({.status = 200, .headers = {}, .body = "", .rests = which == 0 ? 2U : 0U});
  });
  RawPeer peer = connect();
  peer.send(kGet + kGet + kGet);
  for (int i = 0; i < 3; ++i) EXPECT_THAT(peer.read_response(), StartsWith("HTTP/1.1 200"));
  EXPECT_GE(asked[1].load() - asked[0].load(), 300ms);
}

TEST_F(HttpServer, AnswersForAHandlerThatDoesNot) {
  start([](Incoming&& request, Responder) {
    if (request.path == "/throws") throw std::runtime_error("defect");
  });
  EXPECT_THAT(answer_to(kGet), StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(answer_to("GET /throws HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 500 "));
}

TEST_F(HttpServer, SendsNoBodyWhereThereIsNone) {
  start([](Incoming&& request, Responder respond) { respond({request.path == "/none" ? 204 : 200, {}, "body"}); });
  RawPeer peer = connect();
  peer.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(peer.read_until("\r\n\r\n"), HasSubstr("Content-Length: 4\r\n"));
  peer.send("GET /none HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string none = peer.read_until("\r\n\r\n");
  EXPECT_THAT(none, StartsWith("HTTP/1.1 204 No Content\r\n"));
  EXPECT_THAT(none, Not(HasSubstr("Content-Length")));
  peer.send(kGet);
  EXPECT_THAT(peer.read_response(), HasSubstr("body"));
}

TEST_F(HttpServer, LetsNoHeaderEndItsLine) {
  start([](Incoming&&, Responder respond) {
    respond({200, {{"X-Good", "1"}, {"X-Bad", "a\r\nX-Forged: 1"}, {"X Bad", "1"}, {"Content-Length", "99"}}, "body"});
  });
  const std::string answer = answer_to(kGet);
  EXPECT_THAT(answer, HasSubstr("X-Good: 1\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Forged")));
  EXPECT_THAT(answer, Not(HasSubstr("X Bad")));
  EXPECT_THAT(answer, Not(HasSubstr("99")));
}

TEST_F(HttpServer, SpeaksHttp10) {
  start();
  const std::string closed = last_answer_to("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(closed, HasSubstr("Connection: close\r\n"));
  RawPeer peer = connect();
  for (int i = 0; i < 2; ++i) {
    peer.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_THAT(peer.read_response(), HasSubstr("Connection: keep-alive\r\n"));
  }
}

TEST_F(HttpServer, ClosesWhenAsked) {
  start();
  EXPECT_THAT(last_answer_to("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              HasSubstr("Connection: close\r\n"));
}

TEST_F(HttpServer, AnswersAPeerThatHasEndedItsHalf) {
  start();
  RawPeer peer = connect();
  peer.send(post("body"));
  peer.end_sending();
  EXPECT_THAT(peer.read_all(), HasSubstr("POST:body"));
}

TEST_F(HttpServer, ClosesQuietlyOnAPeerThatLeavesInTheMiddle) {
  start();
  for (const std::string part : {"", "GET /", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"}) {
    RawPeer peer = connect();
    peer.send(part);
    peer.end_sending();
    bool ended = false;
    EXPECT_EQ(peer.read_all(&ended), "") << part;
    EXPECT_TRUE(ended);
  }
  EXPECT_THAT(answer_to(kGet), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServer, RefusesMalformedRequestsInWordsAndCloses) {
  start();
  for (const auto& [bytes, status] : std::vector<std::pair<std::string, std::string>>{
           {"nonsense\r\n\r\n", "400 Bad Request"},
           {"GET / HTTP/1.1\n\n", "400 Bad Request"},
           {"GET / HTTP/1.1\r\n\r\n", "400 Bad Request"},
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", "400 Bad Request"},
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "400 Bad Request"},
           {"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", "400 Bad Request"},
           {"GET / HTTP/3.0\r\n\r\n", "505 "},
           {"POST / HTTP/1.1\r\nHost: x\r\nExpect: magic\r\nContent-Length: 1\r\n\r\n", "417 "},
           {"GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(70000, 'a') + "\r\n\r\n", "431 "}}) {
    const std::string answer = last_answer_to(bytes);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + status)) << bytes.substr(0, 80);
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, HasSubstr("application/problem+json"));
  }
}

TEST_F(HttpServer, ServesAnExpectationOnlyAfterTheRequestWasAdmitted) {
  start(echo, [](const Incoming& head) {
    if (head.path == "/no")
      return Admission{.status = 404, .title = "Not Found", .detail = "no such hook", .headers = {{"X-A", "b"}}};
    return Admission{};
  });
  RawPeer peer = connect();
  peer.send("POST /yes HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("body");
  EXPECT_THAT(peer.read_response(), HasSubstr("POST:body"));

  const std::string refused =
      last_answer_to("POST /no HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_THAT(refused, HasSubstr("X-A: b\r\n"));
  EXPECT_THAT(refused, HasSubstr("no such hook"));
}

TEST_F(HttpServer, BoundsTheBodyAsTheTargetSays) {
  start(echo, [](const Incoming& head) { return Admission{.body_limit = head.path == "/small" ? 4u : 100'000u}; });
  EXPECT_THAT(last_answer_to("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(
      last_answer_to(
          "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
      StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(
      answer_to("POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"),
      HasSubstr("POST:abcd"));
  const std::string large(100'000, 'x');
  EXPECT_THAT(answer_to(post(large)), HasSubstr("POST:" + large));
}

TEST_F(HttpServer, GivesItsRefusalToAPeerThatIsStillSending) {
  start(echo, [](const Incoming&) { return Admission{.body_limit = 10}; });
  RawPeer peer = connect();
  peer.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n");
  for (int i = 0; i < 50; ++i) peer.send(std::string(1000, 'x'));
  EXPECT_THAT(peer.read_all(), StartsWith("HTTP/1.1 413 "));
}

TEST_F(HttpServer, WaitsForAHeadAndABodyOnlySoLong) {
  start();
  EXPECT_THAT(last_answer_to("GET / HTTP/1.1\r\nHos"), StartsWith("HTTP/1.1 408 "));
  EXPECT_THAT(last_answer_to("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"),
              StartsWith("HTTP/1.1 408 "));
  RawPeer silent = connect();
  EXPECT_TRUE(silent.sees_end());

  RawPeer trickle = connect();
  const auto begun = std::chrono::steady_clock::now();
  for (const char c : std::string("GET / HTTP/1.1\r\nHost: x\r\nA: bbbbbbbbbbbbbbbbbbbbbbbbbbb")) {
    if (!trickle.send({&c, 1})) break;
    std::this_thread::sleep_for(20ms);
    if (std::chrono::steady_clock::now() - begun > 500ms) break;
  }
  EXPECT_THAT(trickle.read_all(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpServer, ClosesAnIdleConnection) {
  options.idle_timeout = 100ms;
  start();
  RawPeer peer = connect();
  peer.send(kGet);
  EXPECT_THAT(peer.read_response(), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(peer.read_all(), "");
}

TEST_F(HttpServer, TakesNoMoreConnectionsThanItShould) {
  options.max_connections = 2;
  start();
  RawPeer first = connect(), second = connect();
  first.send(kGet);
  second.send(kGet);
  EXPECT_THAT(first.read_response(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(second.read_response(), StartsWith("HTTP/1.1 200"));
  RawPeer third = connect();
  EXPECT_TRUE(third.sees_end());
  first.reset();
  for (int i = 0; i < 100; ++i) {
    RawPeer again = connect();
    again.send(kGet);
    if (again.read_response().starts_with("HTTP/1.1 200")) return;
    std::this_thread::sleep_for(10ms);
  }
  FAIL() << "the place was not given to another";
}

TEST_F(HttpServer, OutlivesALackOfDescriptors) {
  start();
  EXPECT_THAT(answer_to(kGet), StartsWith("HTTP/1.1 200"));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit tight = before;
  tight.rlim_cur = 64;
  std::vector<int> fillers;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
  for (int filler; (filler = ::dup(0)) >= 0;) fillers.push_back(filler);
  ::close(fillers.back());
  fillers.pop_back();
  RawPeer refused = connect();  // takes the last descriptor: the server has none to accept it with
  refused.send(kGet);
  std::this_thread::sleep_for(150ms);
  for (const int filler : fillers) ::close(filler);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_THAT(refused.read_response(), StartsWith("HTTP/1.1 200"));
}

TEST(HttpServerThreads, ServesManyPeersOnSeveralThreads) {
  Server server(3);
  ASSERT_TRUE(server.listen({.address = "127.0.0.1:0"}, {}, echo));
  server.start();
  std::atomic<int> answered = 0;
  std::vector<std::thread> peers;
  for (int i = 0; i < 12; ++i)
    peers.emplace_back([&] {
      RawPeer peer = RawPeer::connect(server.address(0));
      for (int k = 0; k < 50; ++k) {
        peer.send(post("x"));
        if (peer.read_response().starts_with("HTTP/1.1 200")) ++answered;
      }
    });
  for (auto& peer : peers) peer.join();
  EXPECT_EQ(answered, 600);
}

TEST(HttpProblem, IsWhatRfc9457Says) {
  const Outgoing made = problem(404, "Not Found", "no such \"hook\"");
  EXPECT_EQ(made.status, 404);
  EXPECT_EQ(made.headers.front().second, "application/problem+json");
  EXPECT_EQ(made.body, R"({"type":"about:blank","title":"Not Found","status":404,"detail":"no such \"hook\""})");
}

}  // namespace TEST_FILE
}  // namespace milepost::http
