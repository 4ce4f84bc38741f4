#include "host/http/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "host/http/server.hpp"
#include "tests/host/http/sockets.hpp"

namespace milepost::http {
namespace TEST_FILE {

using namespace std::chrono_literals;
using testing::fresh_folder;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ok;
using testing::RawPeer;
using testing::RawServer;
using Kind = Failure::Kind;

Options local() {
  Options options;
  options.timeout = 3s;
  options.allow_private = true;
  return options;
}

Request get(const std::string& url) {
  return {.method = "GET", .url = url, .headers = {}, .body = "", .intent = Intent::read};
}
Request post(const std::string& url, Intent intent = Intent::once) {
  return {.method = "POST", .url = url, .headers = {{"Content-Type", "text/plain"}}, .body = "body", .intent = intent};
}

TEST(HttpClient, SendsARequestAndReadsItsAnswer) {
  std::string seen;
  RawServer server([&](RawPeer& peer, int) {
    seen = peer.read_request();
    peer.send(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nX-Id: 7\r\nTransfer-Encoding: "
        "chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
  });
  Client client;
  const auto response = client.exchange(post(server.url("/a?b=c")), local());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(*response->header("x-id"), "7");
  EXPECT_EQ(response->body, "ok");
  EXPECT_EQ(seen, "POST /a?b=c HTTP/1.1\r\nHost: " + server.address() +
                      "\r\nUser-Agent: milepost\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody");
}

TEST(HttpClient, TakesARedirectAsAnAnswer) {
  RawServer server([](RawPeer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n");
  });
  Client client;
  const auto response = client.exchange(get(server.url()), local());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, ReachesNoPrivateAddressUnlessAllowed) {
  RawServer server([](RawPeer&, int) {});
  Client client;
  Options strict;
  strict.timeout = 3s;
  const std::string port = ":" + std::to_string(server.port()) + "/";
  for (const std::string host : {"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254",
                                 "127.1", "2130706433", "0x7f000001", "0"}) {
    const auto response = client.exchange(get("http://" + host + port), strict);
    ASSERT_FALSE(response) << host;
    EXPECT_EQ(response.error().kind, Kind::refused) << host << ": " << response.error().message;
    EXPECT_FALSE(response.error().sent);
    EXPECT_EQ(to_error(response.error(), Intent::read, "").kind, ErrorKind::permanent);
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpClient, ResolvesNamesWhereAllowed) {
  RawServer server([](RawPeer& peer, int) {
    peer.read_request();
    peer.send(ok("hello"));
  });
  Client client;
  const auto response = client.exchange(get("http://localhost:" + std::to_string(server.port()) + "/"), local());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "hello");
}

TEST(HttpClient, DoesNotShareConnectionsBetweenPolicies) {
  RawServer server([](RawPeer& peer, int) {
    while (!peer.read_request().empty()) peer.send(ok("x"));
  });
  Client client;
  ASSERT_TRUE(client.exchange(get(server.url()), local()));
  Options strict = local();
  strict.allow_private = false;
  const auto response = client.exchange(get(server.url()), strict);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Kind::refused);
}

TEST(HttpClient, RefusesARequestThatCouldSmuggleAnother) {
  RawServer server([](RawPeer&, int) {});
  Client client;
  std::vector<Request> bad(9, get(server.url()));
  bad[0].headers = {{"X-A", "1\r\nX-B: 2"}};
  bad[1].headers = {{"X-A\r\nX-B", "1"}};
  bad[2].headers = {{"", "1"}};
  bad[3].headers = {{"X-A", std::string("1\0", 2)}};
  bad[4].headers = {{"Content-Length", "0"}};
  bad[5].headers = {{"transfer-encoding", "chunked"}};
  bad[6].headers = {{"Host", "other"}};
  bad[7].method = "GET / HTTP/1.1\r\nX: ";
  bad[8].url += "\r\nX: y";
  for (const auto& request : bad) {
    const auto response = client.exchange(request, local());
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, Kind::malformed);
    EXPECT_FALSE(response.error().sent);
    EXPECT_EQ(to_error(response.error(), Intent::once, "").kind, ErrorKind::permanent);
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpClient, SaysNothingOfPathQueryOrHeadersWhenItFails) {
  Client client;
  Request request = post("http://127.0.0.1:1/secret-path?key=hunter2");
  request.headers = {{"Authorization", "Bearer hunter2"}};
  auto response = client.exchange(request, local());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Kind::connect);
  EXPECT_FALSE(response.error().sent);
  EXPECT_THAT(response.error().message, HasSubstr("127.0.0.1:1: cannot connect: Connection refused"));
  EXPECT_THAT(response.error().message, Not(HasSubstr("secret-path")));
  request.headers.front().second += "\n";
  response = client.exchange(request, local());
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, Not(HasSubstr("hunter2")));
}

TEST(HttpClient, ReportsANameThatDoesNotExist) {
  Client client;
  const auto response = client.exchange(get("http://no-such-host.invalid/"), local());
  ASSERT_FALSE(response);
  EXPECT_TRUE(response.error().kind == Kind::resolve || response.error().kind == Kind::timeout)
      << response.error().message;
  EXPECT_FALSE(response.error().sent);
}

TEST(HttpClient, BoundsAnAnswerThatTrickles) {
  RawServer server([](RawPeer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 0; i < 200 && peer.send("x"); ++i) std::this_thread::sleep_for(10ms);
  });
  Client client;
  Options options = local();
  options.timeout = 200ms;
  const auto begun = std::chrono::steady_clock::now();
  const auto response = client.exchange(post(server.url()), options);
  const auto took = std::chrono::steady_clock::now() - begun;
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Kind::timeout);
  EXPECT_TRUE(response.error().sent);
  EXPECT_LT(took, 1s);
  EXPECT_EQ(to_error(response.error(), Intent::once, "").kind, ErrorKind::indeterminate);
  EXPECT_EQ(to_error(response.error(), Intent::read, "").kind, ErrorKind::retryable);
}

TEST(HttpClient, BoundsARequestThatNobodyReads) {
  std::atomic<bool> done = false;
  RawServer server([&](RawPeer&, int) {
    while (!done) std::this_thread::sleep_for(5ms);
  });
  Client client;
  Options options = local();
  options.timeout = 2s;  // enough for the first of it to leave, also on a machine that has much else to do
  Request request = post(server.url());
  request.body.assign(32u << 20, 'x');
  const auto response = client.exchange(request, options);
  done = true;
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Kind::timeout);
  EXPECT_TRUE(response.error().sent);
}

TEST(HttpClient, StopsWithinASecondOfBeingAsked) {
  std::atomic<bool> stop = false, done = false;
  RawServer server([&](RawPeer& peer, int) {
    peer.read_request();
    while (!done) std::this_thread::sleep_for(5ms);
  });
  Client client;
  Options options = local();
  options.timeout = 30s;
  options.stopped = [&] { return stop.load(); };
  std::thread stopping([&] {
    std::this_thread::sleep_for(100ms);
    stop = true;
  });
  const auto begun = std::chrono::steady_clock::now();
  auto response = client.exchange(post(server.url()), options);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 1s);
  stopping.join();
  done = true;
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Kind::cancelled);
  EXPECT_TRUE(response.error().sent);
  EXPECT_EQ(to_error(response.error(), Intent::once, "").kind, ErrorKind::indeterminate);

  response = client.exchange(post(server.url()), options);
  ASSERT_FALSE(response);
  EXPECT_FALSE(response.error().sent);
  EXPECT_EQ(to_error(response.error(), Intent::once, "").kind, ErrorKind::cancelled);
}

TEST(HttpClient, BoundsTheSizeOfAnAnswer) {
  RawServer server([](RawPeer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\n\r\n");
    for (int i = 0; i < 100 && peer.send(std::string(1000, 'x')); ++i) {
    }
  });
  Client client;
  Options options = local();
  options.max_response_bytes = 5000;
  const auto response = client.exchange(get(server.url()), options);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Kind::too_large);
  EXPECT_EQ(to_error(response.error(), Intent::read, "").kind, ErrorKind::permanent);
  EXPECT_EQ(to_error(response.error(), Intent::once, "").kind, ErrorKind::indeterminate);
}

TEST(HttpClient, KnowsThatARequestMayHaveArrivedWhenTheConnectionBreaks) {
  for (const bool orderly : {true, false}) {
    RawServer server([orderly](RawPeer& peer, int) {
      peer.read_request();
      if (!orderly) peer.reset();
    });
    Client client;
    const auto response = client.exchange(post(server.url()), local());
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, Kind::reset);
    EXPECT_TRUE(response.error().sent);
    EXPECT_EQ(server.connections(), 1) << "a fresh connection that breaks is no reason to send again";
  }
}

TEST(HttpClient, RefusesAnAnswerThatIsCutOrNoHttp) {
  for (const std::string answer : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "SSH-2.0-OpenSSH_9\r\n",
                                   "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"}) {
    RawServer server([&](RawPeer& peer, int) {
      peer.read_request();
      peer.send(answer);
    });
    Client client;
    const auto response = client.exchange(post(server.url()), local());
    ASSERT_FALSE(response) << answer;
    EXPECT_TRUE(response.error().sent);
    EXPECT_EQ(to_error(response.error(), Intent::once, "").kind, ErrorKind::indeterminate);
    EXPECT_EQ(to_error(response.error(), Intent::read, "").kind, ErrorKind::retryable);
  }
}

TEST(HttpClient, TakesTheAnswerOfAServerThatRefusesEarly) {
  RawServer server([](RawPeer& peer, int) {
    peer.read_until("\r\n\r\n");
    peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    peer.end_sending();
    peer.read_until("never said");
  });
  Client client;
  Request request = post(server.url());
  request.body.assign(1u << 20, 'x');
  const auto response = client.exchange(request, local());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 413);
}

// --- kept connections

TEST(HttpClientPool, KeepsAConnectionForTheNextRequest) {
  RawServer server([](RawPeer& peer, int) {
    while (!peer.read_request().empty()) peer.send(ok("x"));
  });
  Client client;
  for (const Intent intent : {Intent::once, Intent::read, Intent::once, Intent::repeatable})
    ASSERT_TRUE(client.exchange(post(server.url(), intent), local()));
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClientPool, HonoursTheServersWishToClose) {
  RawServer server([](RawPeer& peer, int) {
    peer.read_request();
    peer.send(ok("x", "Connection: close\r\n"));
    peer.sees_end();
  });
  Client client;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client.exchange(get(server.url()), local()));
  EXPECT_EQ(server.connections(), 3);
}

TEST(HttpClientPool, NoticesAKeptConnectionThatTheServerClosed) {
  for (const Intent intent : {Intent::once, Intent::read}) {
    RawServer server([](RawPeer& peer, int) {
      peer.read_request();
      peer.send(ok("x"));  // and closes, without a word
    });
    Client client;
    for (int i = 0; i < 3; ++i) {
      const auto response = client.exchange(post(server.url(), intent), local());
      ASSERT_TRUE(response) << response.error().message;
      std::this_thread::sleep_for(20ms);  // for the end to arrive
    }
    EXPECT_EQ(server.connections(), 3);
  }
}

/// A server that answers once, and closes only when the next request is on its way: no check beforehand can see it.
void close_on_second(RawPeer& peer, int number) {
  peer.read_request();
  peer.send(ok("x"));
  if (number > 0) {
    peer.sees_end();
    return;
  }
  peer.read_request();
  peer.reset();
}

TEST(HttpClientPool, SendsAgainWhatMayBeSentAgainWhenAKeptConnectionBreaks) {
  for (const Intent intent : {Intent::read, Intent::repeatable}) {
    RawServer server(close_on_second);
    Client client;
    for (int i = 0; i < 2; ++i) {
      const auto response = client.exchange(post(server.url(), intent), local());
      ASSERT_TRUE(response) << response.error().message;
    }
    EXPECT_EQ(server.connections(), 2);
  }
}

TEST(HttpClientPool, NeverSendsAOnceAgain) {
  RawServer server(close_on_second);
  Client client;
  ASSERT_TRUE(client.exchange(post(server.url()), local()));
  const auto response = client.exchange(post(server.url()), local());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Kind::reset);
  EXPECT_TRUE(response.error().sent);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClientPool, ServesManyThreads) {
  Server server;
  ASSERT_TRUE(server.listen({.address = "127.0.0.1:0"}, {}, [](Incoming&& request, Responder respond) {
    respond({200, {}, std::move(request.body)});
  }));
  server.start();
  Client client;
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      Request request = post("http://" + server.address(0) + "/");
      for (int k = 0; k < 50; ++k) {
        request.body = std::to_string(i * 1000 + k);
        const auto response = client.exchange(request, local());
        if (response && response->body == request.body) ++right;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 400);
}

TEST(HttpClient, SpeaksToAUnixSocket) {
  const std::string path = fresh_folder() + "/admin.sock";
  Server server;
  ASSERT_TRUE(server.listen({.address = "unix:" + path}, {}, [](Incoming&& request, Responder respond) {
    respond({200, {}, *request.header("Host")});
  }));
  server.start();
  Client client;
  Options options;
  options.unix_socket = path;
  const auto response = client.exchange(get("http://milepost/health/live"), options);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "milepost");
}

}  // namespace TEST_FILE
}  // namespace milepost::http
