// A server on a free port of the loopback, and what most tests ask of it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "host/http/server.hpp"
#include "tests/host/http/sockets.hpp"

namespace milepost::http::testing {

using namespace std::chrono_literals;

inline const std::string kGet = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

inline std::string post(std::string_view body, std::string_view more = "") {
  return "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(more) + "\r\n" + std::string(body);
}

/// Answers with what it received.
inline void echo(Incoming&& request, Responder respond) {
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

}  // namespace milepost::http::testing
