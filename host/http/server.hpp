// The listeners: HTTP/1.1 (and TLS) on Beast and Asio coroutines, with every bound that a hostile peer could try. Knows
// nothing of hooks or the API: a Handler answers.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "host/http/client.hpp"

namespace milepost::http {

struct Incoming {
  std::string method;
  std::string target;  ///< as received: path and query
  std::string path;    ///< decoded path, without the query
  std::string query;   ///< raw, without '?'
  Headers headers;
  std::string body;
  std::string peer;    ///< address, or "unix"
  std::string scheme;  ///< "http" or "https"
  const std::string* header(std::string_view name) const;
};

struct Outgoing {
  int status = 200;
  Headers headers = {};  ///< Content-Length, Connection, Date and Server are the server's own
  std::string body = {};
  /// What the last request brought has to wait for others: the connection is read again only after so many times the time that this
  /// answer took, a second at most, and then at the next of the moments, 4 ms apart, at which all who rest go on together. So a sender that is
  /// answered slowly is slowed down further. 0: it is not slowed down at all.
  unsigned rests = 0;
};

/// As an Outgoing's status: no answer, the connection is cut. For doubles that play a vendor's failures.
inline constexpr int kCut = 0;

/// Answers once, from any thread; calls after the first are ignored; dropping it unanswered answers 500. Copyable.
class Responder {
 public:
  void operator()(Outgoing response) const;
  /// For server-sent events: writes the head now; then chunks until close() or the peer has gone (write gives false).
  struct Stream {
    std::function<bool(std::string)> write;
    std::function<void()> close;
  };
  Stream stream(Outgoing head) const;

  struct State;
  explicit Responder(std::shared_ptr<State> state) : state_(std::move(state)) {}

 private:
  std::shared_ptr<State> state_;
};

/// Called on the listener's thread with a complete request: must not block. It may keep the Responder and answer later.
using Handler = std::function<void(Incoming&&, Responder)>;

/// Asked when the head is read, before the body: the limit for this target and whether it may go on. status 0: go on;
/// otherwise this is answered (404, 405, 415 …) and the connection closed after at most 64 KiB of body were thrown
/// away.
struct Admission {
  int status = 0;
  std::string title = {}, detail = {};  ///< of the problem+json
  std::size_t body_limit = 1 << 20;     ///< 413 beyond
  Headers headers = {};                 ///< e.g. Allow
};
using Admit = std::function<Admission(const Incoming& head)>;

struct ListenOptions {
  std::string address = {};  ///< "127.0.0.1:8080", "[::1]:0" (0: any free port) or "unix:/path" (mode 0600)
  std::chrono::milliseconds header_timeout{
      std::chrono::seconds(10)};  ///< from accept or the last answer's end, once a byte came
  std::chrono::milliseconds body_timeout{std::chrono::seconds(30)};
  std::chrono::milliseconds idle_timeout{std::chrono::seconds(60)};  ///< between requests
  std::size_t max_connections = 4096;                                ///< beyond: accepted and closed at once
  std::size_t max_header_bytes = 16384;                              ///< 431 beyond
  std::string tls_certificate = {}, tls_key = {};                    ///< PEM files; empty: no TLS
};

/// Malformed requests, two Content-Lengths, Content-Length with Transfer-Encoding, obs-fold, bare CR and the like: 400
/// and close. Pipelined requests are answered one after the other, in order. `Expect: 100-continue` is served after
/// Admit; any other Expect: 417.
class Server {
 public:
  /// Threads run the listeners' event loop. 1 is enough unless measured otherwise.
  explicit Server(unsigned threads = 1);
  ~Server();

  /// Binds now; the error names the address and why ("already in use: another milepost, or change listen.hooks").
  /// Before start().
  Status listen(const ListenOptions& options, Admit admit, Handler handler);
  void start();
  /// Stops accepting, lets answers in flight finish for at most `drain`, then closes everything. Idempotent.
  void stop(std::chrono::milliseconds drain);
  /// "127.0.0.1:41234" of the n-th listener, as bound.
  std::string address(std::size_t listener) const;

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

/// application/problem+json (RFC 9457).
Outgoing problem(int status, const std::string& title, const std::string& detail);

}  // namespace milepost::http
