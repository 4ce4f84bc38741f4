// One outgoing HTTP(S) exchange under one deadline: DNS, connect, TLS, request and answer, however slowly they trickle.
// Keep-alive pools per origin. The address that was checked is the one connected to. Redirects are never followed: a
// 3xx is an answer.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "milepost/error.hpp"

namespace milepost::http {

using Headers = std::vector<std::pair<std::string, std::string>>;  ///< order kept; names compare without case

/// What a repeat would do, said by the plugin for each request.
enum class Intent { read, repeatable, once };

struct Request {
  std::string method = "GET";
  std::string url = {};  ///< absolute: http:// or https://
  Headers headers = {};
  std::string body = {};
  Intent intent = Intent::once;
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;
  const std::string* header(std::string_view name) const;  ///< first of that name, or nullptr
};

/// Why there is no answer.
struct Failure {
  enum class Kind { refused, resolve, connect, tls, timeout, reset, too_large, malformed, cancelled };
  Kind kind;
  bool sent = false;         ///< a byte of the request may have left: the outcome of a write is unknown
  std::string message = {};  ///< one line: host and cause; no path, no query, no secret
};

struct Options {
  std::chrono::milliseconds timeout{std::chrono::seconds(10)};  ///< over the whole exchange
  std::function<bool()> stopped = {};  ///< asked at least every 200 ms; true cancels; may be empty
  bool allow_private = false;          ///< loopback, private, link-local, CGNAT, metadata, multicast otherwise refused
  std::size_t max_response_bytes = 8u << 20;
  std::string ca_file = {};      ///< besides the system's; for tests and private CAs
  std::string unix_socket = {};  ///< speak to this socket instead of the URL's host; the policy does not apply
  std::string connector = {};    ///< whose request it is; "" for the host's own
};

/// [any]: exchanges run in the caller's thread, side by side; the pool is shared. Everything that leaves the host for a
/// vendor leaves here: whoever overrides exchange() stands in for all vendors.
class Client {
 public:
  Client();
  virtual ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// A `once` request goes out on a fresh connection, or on one that was checked for EOF and idle under 2 s. A `read`
  /// or `repeatable` one whose kept connection turns out closed before any answer byte is sent again, once, on a fresh
  /// one.
  virtual std::expected<Response, Failure> exchange(const Request& request, const Options& options);

 private:
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

/// The Failure as the SDK's table has it: not sent -> retryable; sent -> retryable for a read or a repeatable write,
/// indeterminate for a `once`; cancelled -> cancelled unless a write was sent; refused, too_large on a read and a
/// request that is malformed itself
/// -> permanent.
Error to_error(const Failure& failure, Intent intent, const std::string& origin);

}  // namespace milepost::http
