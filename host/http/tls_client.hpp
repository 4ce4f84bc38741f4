// What an outgoing TLS connection trusts, and the OpenSSL plumbing below it.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <expected>
#include <memory>
#include <string>

namespace milepost::http {

struct TlsFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* session) const { SSL_free(session); }
};
using TlsContext = std::unique_ptr<SSL_CTX, TlsFree>;
using TlsSession = std::unique_ptr<SSL, TlsFree>;

/// TLS 1.2 or newer, peers verified against the system's store and `ca_file` (may be empty).
std::expected<TlsContext, std::string> make_client_context(const std::string& ca_file);

/// A session that will accept a certificate for `host` only, and talks through `descriptor` without raising SIGPIPE.
/// Adds the bytes that the kernel took to `written`; both must outlive the session.
TlsSession make_client_session(SSL_CTX* context, const std::string& host, const int& descriptor, std::size_t& written);

/// The newest error of OpenSSL's queue in words; empties the queue.
std::string tls_error();

}  // namespace milepost::http
