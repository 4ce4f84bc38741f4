#include "host/http/tls_client.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "host/http/address.hpp"

namespace milepost::http {

namespace {

// OpenSSL's own socket BIO uses write(2), which kills the process by SIGPIPE when the peer has gone.
struct Pipe {
  const int* descriptor;
  std::size_t* written;
};

Pipe& pipe_of(BIO* bio) { return *static_cast<Pipe*>(BIO_get_data(bio)); }

bool must_wait() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int bio_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  Pipe& pipe = pipe_of(bio);
  const ssize_t sent = ::send(*pipe.descriptor, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent > 0) *pipe.written += static_cast<std::size_t>(sent);
  if (sent < 0 && must_wait()) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t received = ::recv(*pipe_of(bio).descriptor, data, static_cast<std::size_t>(size), 0);
  if (received < 0 && must_wait()) BIO_set_retry_read(bio);
  if (received == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(received);
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int bio_destroy(BIO* bio) {
  delete static_cast<Pipe*>(BIO_get_data(bio));
  BIO_set_data(bio, nullptr);
  return 1;
}

const BIO_METHOD* pipe_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "milepost socket");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    BIO_meth_set_destroy(made, bio_destroy);
    return made;
  }();
  return method;
}

}  // namespace

std::string tls_error() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown TLS error";
}

std::expected<TlsContext, std::string> make_client_context(const std::string& ca_file) {
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) return std::unexpected("TLS: " + tls_error());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  constexpr unsigned char kProtocols[] = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context.get(), kProtocols, sizeof kProtocols - 1);
  if (SSL_CTX_set_default_verify_paths(context.get()) != 1)
    return std::unexpected("cannot load the system's certificates: " + tls_error());
  if (!ca_file.empty() && SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr) != 1)
    return std::unexpected("cannot load the certificates of " + ca_file + ": " + tls_error());
  return context;
}

TlsSession make_client_session(SSL_CTX* context, const std::string& host, const int& descriptor, std::size_t& written) {
  ERR_clear_error();
  TlsSession session(SSL_new(context));
  if (!session) return nullptr;
  X509_VERIFY_PARAM* const rules = SSL_get0_param(session.get());
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool literal = literal_address(host, 0).has_value();
  // The certificate speaks of the name without the root's dot.
  std::string name = host;
  if (!literal && name.ends_with('.')) name.pop_back();
  const bool named = literal ? X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1
                             : X509_VERIFY_PARAM_set1_host(rules, name.c_str(), name.size()) == 1 &&
                                   SSL_set_tlsext_host_name(session.get(), name.c_str()) == 1;
  BIO* const bio = named ? BIO_new(pipe_method()) : nullptr;
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, new Pipe{&descriptor, &written});
  BIO_set_init(bio, 1);
  SSL_set_bio(session.get(), bio, bio);
  SSL_set_connect_state(session.get());
  return session;
}

}  // namespace milepost::http
