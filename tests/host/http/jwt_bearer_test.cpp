// The scheme jwt_bearer against a token endpoint on a real socket, which verifies what it gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "host/http/credentials.hpp"
#include "host/http/server.hpp"
#include "milepost/testing/hmac.hpp"

namespace milepost::http {
namespace TEST_FILE {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

struct Pair {
  EVP_PKEY* key;
  std::string pem;
};
/// Made once: it takes a while.
const Pair& account_key() {
  static const Pair made = [] {
    EVP_PKEY* const key = EVP_RSA_gen(2048);
    BIO* const bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(bio, &text);
    Pair out{key, std::string(text, static_cast<std::size_t>(size))};
    BIO_free(bio);
    return out;
  }();
  return made;
}

bool verified(const std::string& input, const std::string& signature) {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, account_key().key);
  const auto bytes = [](const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); };
  const bool good = EVP_DigestVerify(context, bytes(signature), signature.size(), bytes(input), input.size()) == 1;
  EVP_MD_CTX_free(context);
  return good;
}

class HttpJwtBearer : public ::testing::Test {
 protected:
  void SetUp() override {
    options.allow_private = true;
    options.timeout = 3s;
    ASSERT_TRUE(vendor.listen({.address = "127.0.0.1:0"}, {}, [this](Incoming&& request, Responder respond) {
      const int number = ++asked;
      const std::lock_guard guard(mutex);
      seen = request.method + " " + request.target;
      body = request.body;
      respond(answer ? *answer
                     : Outgoing{200,
                                {},
                                R"({"access_token":"t)" + std::to_string(number) +
                                    R"(","expires_in":3599,"token_type":"Bearer"})"});
    }));
    vendor.start();
    base = "http://" + vendor.address(0) + "/api";
  }
  static Json key_file(Json more = Json::object()) {
    Json out{{"type", "service_account"},
             {"client_email", "robot@acme.test"},
             {"private_key_id", "k1"},
             {"private_key", account_key().pem},
             {"token_uri", "https://auth.acme.test/token"}};
    out.update(more);
    return out;
  }
  Result<std::unique_ptr<Signer>> make(const std::string& key, const std::string& token_url = "/token",
                                       const std::string& subject = "", const std::string& base_url = "") {
    const Json declared{{"scheme", "jwt_bearer"},
                        {"key", "key"},
                        {"scope", "sheets"},
                        {"token_url", "url"},
                        {"subject", "for"},
                        {"issuer", "/client_email"},
                        {"private_key", "/private_key"},
                        {"key_id", "/private_key_id"},
                        {"endpoint", "/token_uri"}};
    return make_signer(declared, {{"key", key}, {"url", token_url}, {"for", subject}},
                       base_url.empty() ? base : base_url, secrets, clock);
  }
  std::string signature(Signer& signer) {
    Request request{.url = "http://a/b"};
    const auto status = signer.sign(request, client, options);
    return status ? request.headers.at(0).second
                  : std::string(name(status.error().kind)) + ": " + status.error().message;
  }
  /// The claims of what arrived, its signature verified.
  Json claims() {
    const std::string mark = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    EXPECT_TRUE(body.starts_with(mark)) << body;
    const std::string token = body.substr(std::min(body.size(), mark.size()));
    const auto first = token.find('.'), last = token.rfind('.');
    const auto decoded = [](std::string text) {
      std::ranges::replace(text, '-', '+');
      std::ranges::replace(text, '_', '/');
      return milepost::testing::base64_decode(text).value_or("?");
    };
    EXPECT_TRUE(verified(token.substr(0, last), decoded(token.substr(last + 1))));
    EXPECT_EQ(decoded(token.substr(0, first)), R"({"alg":"RS256","typ":"JWT","kid":"k1"})");
    return read_json(decoded(token.substr(first + 1, last - first - 1))).value_or(Json());
  }

  config::Secrets secrets;
  telemetry::ManualClock clock{telemetry::Time(1'700'000'000s)};  // Tue, 14 Nov 2023 22:13:20 GMT
  Client client;
  Options options;
  std::atomic<int> asked = 0;
  std::mutex mutex;
  std::string seen, body, base;
  std::optional<Outgoing> answer;
  Server vendor;
};

TEST_F(HttpJwtBearer, ExchangesASignedAssertionForAToken) {
  auto signer = make(text(key_file()));
  ASSERT_TRUE(signer) << signer.error().message;
  EXPECT_EQ(signature(**signer), "Bearer t1");
  EXPECT_EQ(seen, "POST /api/token");
  const Json first = claims();
  EXPECT_EQ(first["iss"], "robot@acme.test");
  EXPECT_EQ(first["scope"], "sheets");
  EXPECT_EQ(first["aud"], base + "/token");
  EXPECT_EQ(first["iat"], 1'699'999'970);
  EXPECT_EQ(first["exp"], 1'700'003'570);
  EXPECT_FALSE(first.contains("sub"));

  EXPECT_EQ(signature(**signer), "Bearer t1");  // kept for four fifths of 3599 s
  clock.advance(2878s);
  EXPECT_EQ(signature(**signer), "Bearer t1");
  clock.advance(2s);
  EXPECT_EQ(signature(**signer), "Bearer t2");
  const Json second = claims();  // not what was signed then
  EXPECT_EQ(second["iat"], 1'700'002'850);
  EXPECT_NE(second["jti"], first["jti"]);

  Request refused{.url = base + "/x"};
  ASSERT_TRUE((*signer)->sign(refused, client, options));
  EXPECT_TRUE((*signer)->refresh_after(refused));
  EXPECT_EQ(signature(**signer), "Bearer t3");
}

TEST_F(HttpJwtBearer, ActsForSomebodyWhereThatIsSet) {
  auto signer = make(text(key_file()), "/token", "ann@acme.test");
  ASSERT_TRUE(signer);
  EXPECT_EQ(signature(**signer), "Bearer t1");
  EXPECT_EQ(claims()["sub"], "ann@acme.test");
}

TEST_F(HttpJwtBearer, AsksWhereTheKeyFileSaysUnlessASettingSaysOtherwise) {
  auto signer = make(text(key_file({{"token_uri", "http://" + vendor.address(0) + "/elsewhere"}})), "");
  ASSERT_TRUE(signer);
  EXPECT_EQ(signature(**signer), "Bearer t1");
  EXPECT_EQ(seen, "POST /elsewhere");
  signer = make(text(key_file()), "http://" + vendor.address(0) + "/third");
  ASSERT_TRUE(signer);
  EXPECT_EQ(signature(**signer), "Bearer t2");
  EXPECT_EQ(seen, "POST /third");
}

TEST_F(HttpJwtBearer, NeverSendsAnAssertionInClearWhereTheApiIsSealed) {
  for (const char* url : {"http://auth.acme.test/token", "http://127.0.0.1/token"}) {
    const auto signer = make(text(key_file()), url, "", "https://api.acme.test");
    ASSERT_FALSE(signer) << url;
    EXPECT_EQ(signer.error().kind, ErrorKind::permanent);
    EXPECT_EQ(signer.error().message, "the token endpoint must be https://, as base_url is");
  }
  EXPECT_TRUE(make(text(key_file()), "", "", "https://api.acme.test"));
}

TEST_F(HttpJwtBearer, SaysWhatIsWrongWithTheKeyAndQuotesNothingOfIt) {
  const std::string broken = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n";
  EVP_PKEY* const small = EVP_RSA_gen(1024);
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(bio, small, nullptr, nullptr, 0, nullptr, nullptr);
  char* weak = nullptr;
  const auto size = BIO_get_mem_data(bio, &weak);
  const std::string weak_pem(weak, static_cast<std::size_t>(size));
  BIO_free(bio);
  EVP_PKEY_free(small);
  Json without_key = key_file(), without_account = key_file();
  without_key.erase("private_key"), without_account.erase("client_email");
  for (const auto& [key, words] : std::vector<std::pair<std::string, std::string>>{
           {"hunter2", "`key` is not the JSON text of an account's key file"},
           {"[]", "is not the JSON text"},
           {text(without_key), "lacks private_key: use the key file as it was downloaded"},
           {text(without_account), "lacks client_email"},
           {text(key_file({{"private_key", broken}})), "holds no RSA private key of 2048 bits or more"},
           {text(key_file({{"private_key", weak_pem}})), "holds no RSA private key of 2048 bits or more"},
           {text(key_file({{"token_uri", ""}})), "names no token endpoint"},
           {text(key_file({{"token_uri", "ftp://hunter2"}})), "the token endpoint: "}}) {
    const auto signer = make(key, "");
    ASSERT_FALSE(signer) << words;
    EXPECT_EQ(signer.error().kind, ErrorKind::permanent);
    EXPECT_THAT(signer.error().message, HasSubstr(words));
    EXPECT_THAT(signer.error().message, Not(HasSubstr("hunter2")));
  }
}

TEST_F(HttpJwtBearer, TellsWhoseFaultItIs) {
  auto signer = make(text(key_file()));
  ASSERT_TRUE(signer);
  const auto after = [&](Outgoing response) {
    {
      const std::lock_guard guard(mutex);
      answer = std::move(response);
    }
    return signature(**signer);
  };
  const std::string refused = R"({"error":"invalid_grant","error_description":"Invalid JWT: of robot@acme.test"})";
  // The server writes a Date of its own: by a real clock, as vendors do.
  const auto real = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  clock.set(real);
  EXPECT_EQ(after({400, {}, refused}),
            "auth: the token request was refused with 400 (invalid_grant): the key may be deleted, of another account, "
            "or this machine's clock wrong");
  clock.set(real + 10h);
  EXPECT_THAT(after({400, {}, refused}),
              ::testing::ContainsRegex("this machine's clock is 3[56]... s ahead of the server's"));
  clock.set(real - 24h);
  EXPECT_THAT(after({400, {}, refused}),
              ::testing::ContainsRegex("this machine's clock is 86[34].. s behind the server's"));
  for (const auto& [status, kind] : std::vector<std::pair<int, std::string>>{{401, "auth"},
                                                                             {403, "auth"},
                                                                             {404, "auth"},
                                                                             {302, "auth"},
                                                                             {429, "rate_limited"},
                                                                             {500, "retryable"},
                                                                             {503, "retryable"}})
    EXPECT_THAT(after({status, {}, "<html>"}), HasSubstr(kind + ": the token request was refused with ")) << status;
  EXPECT_THAT(after({400, {}, R"({"error":"Ann Doe"})"}), Not(HasSubstr("Ann")));
  EXPECT_EQ(after({200, {}, "<html>"}), "retryable: the token endpoint's answer is no JSON");
  EXPECT_EQ(after({200, {}, R"({"id_token":"x"})"}), "retryable: the token endpoint's answer has no access_token");
  EXPECT_EQ(after({200, {}, R"({"access_token":"x","token_type":"mac"})"}),
            "auth: the token endpoint gave a token that is no bearer's");
  EXPECT_EQ(after({200, {}, R"({"access_token":"x","token_type":"bearer","expires_in":"60"})"}), "Bearer x");
  clock.advance(49s);
  const std::string kept = after({200, {}, R"({"access_token":"y"})"});
  EXPECT_EQ(kept, "Bearer y");
  (*signer)->refresh();
  vendor.stop(0ms);
  EXPECT_THAT(signature(**signer), HasSubstr("retryable: 127.0.0.1"));
}

TEST_F(HttpJwtBearer, HidesTheKeyAndTheToken) {
  auto signer = make(text(key_file()));
  ASSERT_TRUE(signer);
  signature(**signer);
  EXPECT_THAT((*signer)->hidden(), ::testing::UnorderedElementsAre(account_key().pem, text(key_file()), "t1"));
}

}  // namespace TEST_FILE
}  // namespace milepost::http
