#include "host/http/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <ctime>
#include <fstream>
#include <mutex>
#include <optional>
#include <thread>

#include "tests/host/http/sockets.hpp"

namespace milepost::http {
namespace TEST_FILE {

using namespace std::chrono_literals;
using testing::fresh_folder;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawPeer;
using ::testing::StartsWith;

const std::string kGet = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

std::string post(std::string_view body, std::string_view more = "") {
  return "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(more) + "\r\n" + std::string(body);
}

/// Answers with what it received.
void echo(Incoming&& request, Responder respond) {
  respond({200, {{"X-Path", request.path}, {"X-Peer", request.peer}}, request.method + ":" + request.body});
}

class HttpServer : public ::testing::Test {
 protected:
  void start(Handler handler = echo, Admit admit = {}) {
    options.address = "127.0.0.1:0";
    const auto listening = server.listen(options, std::move(admit), std::move(handler));
    ASSERT_TRUE(listening) << listening.error().message;
    server.start();
  }
  RawPeer connect() { return RawPeer::connect(server.address(0)); }
  std::string answer_to(const std::string& bytes) {
    RawPeer peer = connect();
    peer.send(bytes);
    return peer.read_response();
  }
  /// The answer, after which the connection must end.
  std::string last_answer_to(const std::string& bytes) {
    RawPeer peer = connect();
    peer.send(bytes);
    bool ended = false;
    auto answer = peer.read_all(&ended);
    EXPECT_TRUE(ended) << bytes;
    return answer;
  }

  ListenOptions options{.address = "", .header_timeout = 300ms, .body_timeout = 300ms, .idle_timeout = 5s};
  Server server;
};

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

TEST_F(HttpServer, StaysAwakeForTheAnswerToALonePeerButNotForLong) {
  std::atomic<bool> asked = false;
  std::optional<Responder> kept;
  start([&](Incoming&&, Responder respond) {
    kept = std::move(respond);
    asked = true;
  });
  RawPeer peer = connect();
  for (const auto wait : {0ms, 300ms}) {
    asked = false;
    ASSERT_TRUE(peer.send(kGet));
    while (!asked) std::this_thread::yield();
    const auto before = std::clock();
    std::this_thread::sleep_for(wait);
    EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 5) << "of processor time: it is looking for its answer all the time";
    (*kept)({200, {}, "late"});
    EXPECT_THAT(peer.read_response(), HasSubstr("late"));
  }
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

TEST_F(HttpServer, StopsWhileASenderRests) {
  start([&](Incoming&&, Responder respond) {
    std::this_thread::sleep_for(100ms);
    respond({.status = 200, .headers = {}, .body = "", .rests = 1});
  });
  RawPeer peer = connect();
  peer.send(kGet);
  EXPECT_THAT(peer.read_response(), StartsWith("HTTP/1.1 200"));
  server.stop(10s);
  EXPECT_TRUE(peer.sees_end(0ms));
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

TEST_F(HttpServer, StreamsUntilItsHandlerEnds) {
  std::optional<Responder::Stream> stream;
  std::mutex mutex;
  start([&](Incoming&&, Responder respond) {
    const std::lock_guard guard(mutex);
    stream = respond.stream({200, {{"Content-Type", "text/event-stream"}}, ""});
    stream->write("data: 1\n\n");
  });
  RawPeer peer = connect();
  peer.send(kGet);
  const std::string head = peer.read_until("data: 1\n\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  const std::lock_guard guard(mutex);
  EXPECT_TRUE(stream->write("data: 2\n\n"));
  EXPECT_EQ(peer.read_until("data: 2\n\n"), "data: 2\n\n");
  EXPECT_TRUE(stream->write("data: 3\n\n"));
  stream->close();
  EXPECT_FALSE(stream->write("data: 4\n\n"));
  EXPECT_EQ(peer.read_all(), "data: 3\n\n");
}

TEST_F(HttpServer, TellsAStreamThatItsPeerHasGone) {
  std::optional<Responder::Stream> stream;
  std::mutex mutex;
  start([&](Incoming&&, Responder respond) {
    const std::lock_guard guard(mutex);
    stream = respond.stream({200, {}, ""});
  });
  {
    RawPeer peer = connect();
    peer.send(kGet);
    peer.read_until("\r\n\r\n");
  }
  for (int i = 0; i < 300; ++i) {
    std::this_thread::sleep_for(10ms);
    const std::lock_guard guard(mutex);
    if (i > 20 && !stream->write("data\n\n")) return;  // the first 200 ms are left to the sweep, without a write
  }
  FAIL() << "writes go on into nothing";
}

TEST_F(HttpServer, GivesUpOnAStreamWhoseReaderIsTooSlow) {
  std::optional<Responder::Stream> stream;
  std::mutex mutex;
  start([&](Incoming&&, Responder respond) {
    const std::lock_guard guard(mutex);
    stream = respond.stream({200, {}, ""});
  });
  RawPeer peer = connect();
  peer.send(kGet);
  peer.read_until("\r\n\r\n");
  const std::string chunk(100'000, 'x');
  for (int i = 0; i < 1000; ++i) {
    const std::lock_guard guard(mutex);
    if (!stream->write(chunk)) return;
    std::this_thread::sleep_for(1ms);
  }
  FAIL() << "a hundred megabytes were taken";
}

TEST_F(HttpServer, DrainsOnStop) {
  std::optional<Responder> kept;
  std::mutex mutex;
  std::condition_variable asked;
  start([&](Incoming&&, Responder respond) {
    const std::lock_guard guard(mutex);
    kept.emplace(std::move(respond));
    asked.notify_all();
  });
  RawPeer idle = connect(), busy = connect();
  busy.send(kGet);
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(asked.wait_for(lock, 3s, [&] { return kept.has_value(); }));
  }
  const std::string address = server.address(0);
  std::thread stopping([&] { server.stop(5s); });
  EXPECT_TRUE(idle.sees_end());
  EXPECT_THROW(RawPeer::connect(address), std::runtime_error);
  (*kept)({200, {}, "just in time"});
  const std::string answer = busy.read_all();
  EXPECT_THAT(answer, HasSubstr("just in time"));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  stopping.join();
  server.stop(0ms);
}

TEST_F(HttpServer, StopsInTimeThoughAHandlerNeverAnswers) {
  std::optional<Responder> kept;
  std::mutex mutex;
  std::condition_variable asked;
  start([&](Incoming&&, Responder respond) {
    const std::lock_guard guard(mutex);
    kept.emplace(std::move(respond));
    asked.notify_all();
  });
  RawPeer peer = connect();
  peer.send(kGet);
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(asked.wait_for(lock, 3s, [&] { return kept.has_value(); }));
  }
  const auto begun = std::chrono::steady_clock::now();
  server.stop(100ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
  EXPECT_EQ(peer.read_all(), "");
  (*kept)({200, {}, "too late"});  // into nothing, and harmless
}

TEST_F(HttpServer, EndsItsStreamsOnStop) {
  std::optional<Responder::Stream> stream;
  std::mutex mutex;
  start([&](Incoming&&, Responder respond) {
    const std::lock_guard guard(mutex);
    stream = respond.stream({200, {}, "hello"});
  });
  RawPeer peer = connect();
  peer.send(kGet);
  peer.read_until("hello");
  server.stop(5s);
  EXPECT_TRUE(peer.sees_end());
  EXPECT_FALSE(stream->write("more"));
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

TEST(HttpServerListen, SaysInWordsWhyItCannot) {
  Server first;
  ASSERT_TRUE(first.listen({.address = "127.0.0.1:0"}, {}, echo));
  const std::string taken = first.address(0);
  const std::string folder = fresh_folder();
  std::ofstream(folder + "/file") << "data";
  std::ofstream(folder + "/broken.pem") << "nonsense";
  for (const auto& [options, words] : std::vector<std::pair<ListenOptions, std::string>>{
           {{.address = taken}, "cannot listen on " + taken + ": already in use"},
           {{.address = "8080"}, "write it as host:port"},
           {{.address = "127.0.0.1:99999"}, "the port must be a number"},
           {{.address = "::1:80"}, "in brackets"},
           {{.address = "192.0.2.1:0"}, "this machine has no such address"},
           {{.address = "unix:"}, "1 to 107 bytes"},
           {{.address = "unix:" + folder + "/" + std::string(120, 'x')}, "1 to 107 bytes"},
           {{.address = "unix:" + folder + "/none/socket"}, "folder does not exist"},
           {{.address = "unix:" + folder + "/file"}, "another kind"},
           {{.address = "127.0.0.1:0", .tls_certificate = folder + "/none.pem", .tls_key = folder + "/none.pem"},
            "cannot read certificate " + folder + "/none.pem: No such file"},
           {{.address = "127.0.0.1:0", .tls_certificate = folder + "/broken.pem", .tls_key = folder + "/broken.pem"},
            folder + "/broken.pem holds no usable certificate"},
           {{.address = "127.0.0.1:0", .tls_certificate = folder + "/broken.pem"},
            "both a certificate file and a key file"}}) {
    Server server;
    const auto result = server.listen(options, {}, echo);
    ASSERT_FALSE(result) << options.address;
    EXPECT_EQ(result.error().kind, ErrorKind::permanent);
    EXPECT_THAT(result.error().message, HasSubstr(words));
  }
}

TEST(HttpServerUnix, IsForItsOwnerAlone) {
  const std::string path = fresh_folder() + "/admin.sock";
  {
    Server server;
    ASSERT_TRUE(server.listen({.address = "unix:" + path}, {}, echo));
    struct stat found {};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600u);
    EXPECT_EQ(server.address(0), "unix:" + path);
    server.start();
    RawPeer peer = RawPeer::connect("unix:" + path);
    peer.send(kGet);
    EXPECT_THAT(peer.read_response(), HasSubstr("X-Peer: unix\r\n"));

    Server second;
    const auto refused = second.listen({.address = "unix:" + path}, {}, echo);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("already in use"));
  }
  EXPECT_NE(::access(path.c_str(), F_OK), 0) << "the socket's file was left behind";
}

TEST(HttpServerUnix, ReplacesASocketThatNobodyAnswersAt) {
  const std::string path = fresh_folder() + "/admin.sock";
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  path.copy(local.sun_path, sizeof local.sun_path - 1);
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(dead, reinterpret_cast<sockaddr*>(&local), sizeof local), 0);
  ::close(dead);
  Server server;
  const auto listening = server.listen({.address = "unix:" + path}, {}, echo);
  EXPECT_TRUE(listening) << listening.error().message;
}

TEST(HttpProblem, IsWhatRfc9457Says) {
  const Outgoing made = problem(404, "Not Found", "no such \"hook\"");
  EXPECT_EQ(made.status, 404);
  EXPECT_EQ(made.headers.front().second, "application/problem+json");
  EXPECT_EQ(made.body, R"({"type":"about:blank","title":"Not Found","status":404,"detail":"no such \"hook\""})");
}

}  // namespace TEST_FILE
}  // namespace milepost::http
