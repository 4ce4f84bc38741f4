// What outlasts a request: streams, and a server that stops.
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "tests/host/http/server_fixture.hpp"

namespace milepost::http {
namespace TEST_FILE {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::HttpServer;
using testing::kGet;
using testing::RawPeer;
using ::testing::StartsWith;

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

}  // namespace TEST_FILE
}  // namespace milepost::http
