// A round trip over TLS, with certificates made here: a CA, a server certificate for "localhost", and strangers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>

#include "host/http/client.hpp"
#include "host/http/server.hpp"
#include "tests/host/http/sockets.hpp"

namespace milepost::http {
namespace TEST_FILE {

using namespace std::chrono_literals;
using testing::fresh_folder;
using ::testing::HasSubstr;
using testing::RawPeer;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key make_key() { return {EVP_EC_gen("P-256"), &EVP_PKEY_free}; }

void add_extension(X509* certificate, X509* issuer, int which, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, which, value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// Signed by `issuer`, or by itself when there is none; for `names` ("DNS:localhost"), or a CA when that is empty.
Certificate make_certificate(const std::string& common_name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key,
                             const std::string& names, long valid_from = -60, long valid_to = 3600) {
  Certificate made(X509_new(), &X509_free);
  X509* const c = made.get();
  X509_set_version(c, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(c), static_cast<long>(std::hash<std::string>{}(common_name + names) >> 33));
  X509_gmtime_adj(X509_getm_notBefore(c), valid_from);
  X509_gmtime_adj(X509_getm_notAfter(c), valid_to);
  X509_set_pubkey(c, key);
  X509_NAME* const name = X509_get_subject_name(c);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name.c_str()), -1,
                             -1, 0);
  X509_set_issuer_name(c, issuer != nullptr ? X509_get_subject_name(issuer) : name);
  add_extension(c, issuer != nullptr ? issuer : c, NID_basic_constraints,
                names.empty() ? "critical,CA:TRUE" : "CA:FALSE");
  if (!names.empty()) add_extension(c, issuer, NID_subject_alt_name, names.c_str());
  X509_sign(c, issuer_key != nullptr ? issuer_key : key, EVP_sha256());
  return made;
}

template <class Writer>
std::string write_pem(const std::string& path, Writer write) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  write(file);
  std::fclose(file);
  return path;
}

class HttpTls : public ::testing::Test {
 protected:
  std::string certificate_file(const std::string& file, X509* certificate) {
    return write_pem(folder + "/" + file, [&](std::FILE* out) { PEM_write_X509(out, certificate); });
  }
  std::string key_file(const std::string& file, EVP_PKEY* key) {
    return write_pem(folder + "/" + file,
                     [&](std::FILE* out) { PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
  }
  void start(X509* certificate) {
    ListenOptions options;
    options.address = "127.0.0.1:0";
    options.header_timeout = options.body_timeout = 2s;  // a peer looks for the end of it for 3 s
    options.tls_certificate = certificate_file("server.pem", certificate);
    options.tls_key = key_file("server.key", server_key.get());
    const auto listening = server.listen(
        options, [](const Incoming&) { return Admission{.body_limit = 300'000}; },
        [](Incoming&& request, Responder respond) {
          respond({200, {}, request.scheme + ":" + request.body});
        });
    ASSERT_TRUE(listening) << listening.error().message;
    server.start();
    port = server.address(0).substr(server.address(0).rfind(':'));
  }
  std::expected<Response, Failure> ask(const std::string& host, const std::string& authority,
                                       const std::string& body = "body", Intent intent = Intent::once) {
    Options options;
    options.timeout = 3s;
    options.allow_private = true;
    options.ca_file = authority;
    return client.exchange(
        {.method = "POST", .url = "https://" + host + port + "/", .headers = {}, .body = body, .intent = intent},
        options);
  }
  void expect_untrusted(const std::expected<Response, Failure>& response, const std::string& words) {
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, Failure::Kind::tls);
    EXPECT_FALSE(response.error().sent);
    EXPECT_THAT(response.error().message, HasSubstr(words));
    EXPECT_EQ(to_error(response.error(), Intent::once, "").kind, ErrorKind::retryable);
  }

  std::string folder = fresh_folder();
  Key ca_key = make_key(), server_key = make_key();
  Certificate ca = make_certificate("Test CA", ca_key.get(), nullptr, nullptr, "");
  std::string ca_file = certificate_file("ca.pem", ca.get());
  std::string port;
  Server server;
  Client client;
};

TEST_F(HttpTls, CarriesRequestsBothWays) {
  const auto certificate =
      make_certificate("server", server_key.get(), ca.get(), ca_key.get(), "DNS:localhost,IP:127.0.0.1");
  start(certificate.get());
  for (const std::string host : {"localhost", "127.0.0.1", "LOCALHOST"}) {
    const auto response = ask(host, ca_file);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, "https:body");
  }
  const std::string large(200'000, 'x');
  for (int i = 0; i < 3; ++i) {
    const auto response = ask("localhost", ca_file, large);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body.size(), large.size() + 6);
  }
}

TEST_F(HttpTls, RefusesACertificateForAnotherName) {
  const auto certificate =
      make_certificate("localhost", server_key.get(), ca.get(), ca_key.get(), "DNS:vendor.example");
  start(certificate.get());
  expect_untrusted(ask("localhost", ca_file), "ostname mismatch");
  expect_untrusted(ask("127.0.0.1", ca_file), "IP address mismatch");
}

TEST_F(HttpTls, RefusesACertificateOfAnUnknownAuthority) {
  const auto certificate = make_certificate("server", server_key.get(), ca.get(), ca_key.get(), "DNS:localhost");
  start(certificate.get());
  expect_untrusted(ask("localhost", ""), "the certificate is not trusted");
  const auto other_key = make_key();
  const auto other = make_certificate("Other CA", other_key.get(), nullptr, nullptr, "");
  expect_untrusted(ask("localhost", certificate_file("other.pem", other.get())), "the certificate is not trusted");
}

TEST_F(HttpTls, RefusesACertificateThatHasExpired) {
  const auto certificate =
      make_certificate("server", server_key.get(), ca.get(), ca_key.get(), "DNS:localhost", -3600, -60);
  start(certificate.get());
  expect_untrusted(ask("localhost", ca_file), "expired");
}

TEST_F(HttpTls, NamesTheFileOfAnAuthorityThatItCannotRead) {
  const auto certificate = make_certificate("server", server_key.get(), ca.get(), ca_key.get(), "DNS:localhost");
  start(certificate.get());
  expect_untrusted(ask("localhost", folder + "/none.pem"), folder + "/none.pem");
}

TEST_F(HttpTls, NoticesAKeptConnectionThatTheServerClosed) {
  const auto certificate = make_certificate("server", server_key.get(), ca.get(), ca_key.get(), "DNS:localhost");
  start(certificate.get());
  ASSERT_TRUE(ask("localhost", ca_file));
  const std::string address = server.address(0);
  server.stop(0ms);
  const auto response = ask("localhost", ca_file);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Failure::Kind::connect) << response.error().message;
  EXPECT_FALSE(response.error().sent);
}

TEST_F(HttpTls, GivesUpOnAPeerThatDoesNotSpeakTls) {
  const auto certificate = make_certificate("server", server_key.get(), ca.get(), ca_key.get(), "DNS:localhost");
  start(certificate.get());
  RawPeer plain = RawPeer::connect(server.address(0));
  plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(plain.sees_end());
  RawPeer silent = RawPeer::connect(server.address(0));
  EXPECT_TRUE(silent.sees_end());
  EXPECT_TRUE(ask("localhost", ca_file));

  testing::RawServer other([](RawPeer& peer, int) { peer.send("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  port = ":" + std::to_string(other.port());
  expect_untrusted(ask("localhost", ca_file), "TLS: ");
}

TEST_F(HttpTls, BoundsAHandshakeThatNeverEnds) {
  testing::RawServer mute([](RawPeer& peer, int) { peer.sees_end(); });
  Options options;
  options.timeout = 200ms;
  options.allow_private = true;
  const auto response = client.exchange({.method = "GET",
                                         .url = "https://127.0.0.1:" + std::to_string(mute.port()) + "/",
                                         .headers = {},
                                         .body = "",
                                         .intent = Intent::once},
                                        options);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, Failure::Kind::timeout);
  EXPECT_FALSE(response.error().sent);
}

TEST_F(HttpTls, GivesItsRefusalToAPeerThatIsStillSending) {
  const auto certificate = make_certificate("server", server_key.get(), ca.get(), ca_key.get(), "DNS:localhost");
  start(certificate.get());
  const auto response = ask("localhost", ca_file, std::string(320'000, 'x'));
  if (response)
    EXPECT_EQ(response->status, 413);
  else
    EXPECT_TRUE(response.error().sent);  // past 64 KiB the server no longer listens, and the answer may be lost
}

TEST_F(HttpTls, RefusesAKeyThatBelongsToAnotherCertificate) {
  const auto certificate = make_certificate("server", server_key.get(), ca.get(), ca_key.get(), "DNS:localhost");
  Server other;
  ListenOptions options;
  options.address = "127.0.0.1:0";
  options.tls_certificate = certificate_file("a.pem", certificate.get());
  options.tls_key = key_file("b.key", ca_key.get());
  const auto listening = other.listen(options, {}, [](Incoming&&, Responder) {});
  ASSERT_FALSE(listening);
  EXPECT_THAT(listening.error().message, HasSubstr("does not belong to the certificate"));
  EXPECT_THAT(listening.error().message, HasSubstr(folder + "/b.key"));
}

}  // namespace TEST_FILE
}  // namespace milepost::http
