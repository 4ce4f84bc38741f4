// A vendor on the loopback interface: one request a connection, answered by the test.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace milepost::plugins {

class Loopback {
 public:
  struct Seen {
    std::string method, target, head, body;
    /// True when a header's line is there, as written.
    bool has(const std::string& line) const { return head.find("\r\n" + line + "\r\n") != std::string::npos; }
  };
  /// What to send back; "" cuts the connection.
  using Answer = std::function<std::string(const Seen&)>;

  explicit Loopback(Answer answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("no loopback socket");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Loopback() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;

  std::string url(const std::string& path = "") const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  std::vector<Seen> seen() const {
    const std::lock_guard held(mutex_);
    return seen_;
  }

  static std::string response(const std::string& status, const std::string& body) {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nConnection: close\r\n\r\n" + body;
  }

 private:
  void serve() {
    for (int peer; (peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0; ::close(peer)) {
      Seen request;
      if (!read(peer, request)) continue;
      {
        const std::lock_guard held(mutex_);
        seen_.push_back(request);
      }
      const std::string answer = answer_(request);
      for (std::size_t at = 0; at < answer.size();) {
        const auto sent = ::send(peer, answer.data() + at, answer.size() - at, MSG_NOSIGNAL);
        if (sent <= 0) break;
        at += static_cast<std::size_t>(sent);
      }
      ::shutdown(peer, SHUT_WR);
    }
  }
  static bool read(int peer, Seen& request) {
    std::string bytes;
    char buffer[4096];
    for (;;) {
      const auto end = bytes.find("\r\n\r\n");
      if (end != bytes.npos) {
        request.head = bytes.substr(0, end + 2);
        const auto length = request.head.find("\r\nContent-Length: ");
        const std::size_t wanted = length == bytes.npos ? 0 : std::stoul(request.head.substr(length + 18));
        if (bytes.size() >= end + 4 + wanted) {
          request.body = bytes.substr(end + 4, wanted);
          break;
        }
      }
      const auto got = ::recv(peer, buffer, sizeof buffer, 0);
      if (got <= 0) return false;
      bytes.append(buffer, static_cast<std::size_t>(got));
    }
    const auto space = request.head.find(' ');
    request.method = request.head.substr(0, space);
    request.target = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);
    return true;
  }

  Answer answer_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<Seen> seen_;
  std::thread thread_;
};

}  // namespace milepost::plugins
