// One outgoing connection, plain or TLS, whose every wait is bounded by a Deadline. One thread at a time.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "host/http/address.hpp"
#include "host/http/deadline.hpp"
#include "host/http/resolver.hpp"
#include "host/http/tls_client.hpp"

namespace milepost::http {

class Wire {
 public:
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  static std::expected<std::unique_ptr<Wire>, Fault> connect(const Address& address, Deadline& deadline);
  /// The TLS handshake: the certificate must be trusted by `context` and belong to `host`.
  std::expected<void, Fault> secure(SSL_CTX* context, const std::string& host, Deadline& deadline);

  std::expected<void, Fault> write(std::string_view bytes, Deadline& deadline);
  /// At least one byte, or 0 for the peer's orderly end.
  std::expected<std::size_t, Fault> read(std::span<char> into, Deadline& deadline);

  /// How many bytes the kernel has taken: nothing has left while this stands still.
  std::size_t written() const { return written_; }
  /// Neither closed nor speaking out of turn, without waiting: fit to carry another request.
  bool quiet();

  std::chrono::steady_clock::time_point idle_since{};  ///< kept by the pool

 private:
  explicit Wire(int descriptor) : descriptor_(descriptor) {}
  /// Waits as the result of an SSL call asks. The error holds the fault; `closed` is set for an orderly end.
  std::expected<void, Fault> await_tls(int result, Failure::Kind kind, bool& closed, Deadline& deadline);

  int descriptor_;
  std::size_t written_ = 0;
  TlsSession session_;  // refers to both above
};

}  // namespace milepost::http
