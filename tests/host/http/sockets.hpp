// Raw sockets on the loopback: a peer that says exactly the bytes a test wants, and a server that misbehaves to order.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace milepost::http::testing {

class RawPeer {
 public:
  explicit RawPeer(int descriptor) : descriptor_(descriptor) {}
  /// "127.0.0.1:41234" or "unix:/path".
  static RawPeer connect(const std::string& address);
  RawPeer(RawPeer&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  RawPeer& operator=(RawPeer&&) = delete;
  ~RawPeer();

  /// False once the other side has gone.
  bool send(std::string_view bytes);
  void end_sending();
  /// Closes with a reset instead of an orderly end.
  void reset();

  /// What arrives until `mark` was seen (it is included), the end, or 3 s.
  std::string read_until(std::string_view mark);
  /// What arrives until the end; `*ended` false after 3 s.
  std::string read_all(bool* ended = nullptr);
  /// One response with a Content-Length (or without a body).
  std::string read_response();
  /// One request, whole.
  std::string read_request() { return read_response(); }
  /// True when the other side closes within the time.
  bool sees_end(std::chrono::milliseconds within = std::chrono::seconds(3));

 private:
  bool read_some(std::chrono::milliseconds within);  // false: the end, or too late
  int descriptor_;
  std::string buffer_;
  bool ended_ = false;
};

/// Accepts on a free port; each connection is handed to the script, with its number from 0, in a thread of its own.
class RawServer {
 public:
  explicit RawServer(std::function<void(RawPeer&, int)> script);
  ~RawServer();
  std::string url(const std::string& path = "/") const { return "http://" + address() + path; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }
  int connections() const;

 private:
  int listener_;
  int port_ = 0;
  mutable std::mutex mutex_;
  int connections_ = 0;
  std::vector<std::thread> threads_;
  std::thread accepting_;
};

/// A folder of the test's own.
std::string fresh_folder();

inline std::string ok(std::string_view body, std::string_view more = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(more) + "\r\n" +
         std::string(body);
}

}  // namespace milepost::http::testing
