#include "host/http/tls_server.hpp"

#include <openssl/err.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

namespace milepost::http {

namespace {

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                    void*) {
  constexpr std::string_view kOurs = "http/1.1";
  for (unsigned at = 0; at < in_size; at += 1u + in[at]) {
    if (at + 1 + in[at] > in_size) break;
    if (std::string_view(reinterpret_cast<const char*>(in + at + 1), in[at]) != kOurs) continue;
    *out = in + at + 1;
    *out_size = in[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

std::unexpected<Error> unusable(const std::string& what, const std::string& file) {
  if (::access(file.c_str(), R_OK) != 0)
    return fail(ErrorKind::permanent,
                "cannot read " + what + " " + file + ": " + std::generic_category().message(errno));
  return fail(ErrorKind::permanent, file + " holds no usable " + what + " in PEM form: " + tls_error());
}

}  // namespace

Result<TlsContext> make_server_context(const std::string& certificate_file, const std::string& key_file) {
  if (certificate_file.empty() || key_file.empty())
    return fail(ErrorKind::permanent, "TLS needs both a certificate file and a key file");
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  if (!context) return fail(ErrorKind::internal, "TLS: " + tls_error());
  SSL_CTX* const c = context.get();
  SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
  SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_alpn_select_cb(c, choose_protocol, nullptr);
  // A pass phrase cannot be asked for by a server without a terminal.
  SSL_CTX_set_default_passwd_cb(c, [](char*, int, int, void*) { return 0; });
  if (SSL_CTX_use_certificate_chain_file(c, certificate_file.c_str()) != 1)
    return unusable("certificate", certificate_file);
  if (SSL_CTX_use_PrivateKey_file(c, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    if (ERR_GET_REASON(ERR_peek_last_error()) != X509_R_KEY_VALUES_MISMATCH) return unusable("key", key_file);
    return fail(ErrorKind::permanent,
                "the key " + key_file + " does not belong to the certificate " + certificate_file);
  }
  return context;
}

}  // namespace milepost::http
