// The scheme "jwt_bearer": an assertion signed with the account's private key is exchanged for a token (RFC 7523, with
// RS256 of RFC 7518). Made anew for each exchange: one that is sent twice, or too late, is refused.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <optional>

#include "host/http/session.hpp"
#include "host/http/syntax.hpp"
#include "host/http/url.hpp"
#include "milepost/http.hpp"

namespace milepost::http {

namespace {

using std::chrono::seconds;
using telemetry::Time;

constexpr seconds kLife{3600};
// A clock that is a little fast would otherwise sign for the future.
constexpr seconds kBackdated{30};
constexpr seconds kTolerable{60};
constexpr int kLeastBits = 2048;  // RFC 7518, 3.3

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;

std::string base64url(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  std::replace(out.begin(), out.end(), '+', '-');
  std::replace(out.begin(), out.end(), '/', '_');
  out.resize(std::min(out.size(), out.find('=')));
  return out;
}

/// nullptr: no RSA key of a sufficient size. A pass phrase is never asked for.
Key read_key(const std::string& pem) {
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) return nullptr;
  const auto no_pass_phrase = [](char*, int, int, void*) { return 0; };
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr));
  if (key && (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key.get()) < kLeastBits))
    key.reset();
  return key;
}

/// RSASSA-PKCS1-v1_5 with SHA-256; "" when OpenSSL fails.
std::string rs256(EVP_PKEY* key, const std::string& input) {
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(input.data());
  std::size_t size = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, input.size()) != 1)
    return "";
  std::string out(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes, input.size()) != 1)
    return "";
  out.resize(size);
  return out;
}

class JwtBearer : public SessionSigner {
 public:
  struct Settings {
    std::string issuer, key_id, subject, scope, endpoint;
    Key key;
    std::vector<config::Secret> secrets;
  };
  JwtBearer(Settings settings, const telemetry::Clock& clock) : SessionSigner(clock), settings_(std::move(settings)) {}

 private:
  Result<Session> fetch(Client& client, const Options& options) const override;
  std::vector<std::string> known() const override;
  std::string why(const Response& response) const override;
  std::string assertion() const;

  const Settings settings_;
};

std::string JwtBearer::assertion() const {
  const auto now = std::chrono::floor<seconds>(clock_.now()).time_since_epoch() - kBackdated;
  Json head{{"alg", "RS256"}, {"typ", "JWT"}};
  if (!settings_.key_id.empty()) head["kid"] = settings_.key_id;
  Json claims{{"iss", settings_.issuer}};
  if (!settings_.scope.empty()) claims["scope"] = settings_.scope;
  if (!settings_.subject.empty()) claims["sub"] = settings_.subject;
  claims["aud"] = settings_.endpoint;
  claims["iat"] = now.count();
  claims["exp"] = (now + kLife).count();
  // Some servers refuse what they have seen; two may be made within a second.
  unsigned char random[16];
  if (RAND_bytes(random, sizeof random) == 1)
    claims["jti"] = base64url({reinterpret_cast<const char*>(random), sizeof random});
  const std::string input = base64url(text(head)) + '.' + base64url(text(claims));
  const std::string signature = rs256(settings_.key.get(), input);
  return signature.empty() ? "" : input + '.' + base64url(signature);
}

Result<JwtBearer::Session> JwtBearer::fetch(Client& client, const Options& options) const {
  const std::string origin = "token: POST " + settings_.endpoint.substr(0, settings_.endpoint.find('?'));
  const std::string signed_claims = assertion();
  if (signed_claims.empty()) return fail(ErrorKind::auth, "the private key cannot sign", origin);
  const Request request{
      .method = "POST",
      .url = settings_.endpoint,
      .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}},
      .body =
          "grant_type=" + percent_encode("urn:ietf:params:oauth:grant-type:jwt-bearer") + "&assertion=" + signed_claims,
      .intent = Intent::repeatable};
  const auto response = ask(request, client, options, "the token request", origin);
  if (!response) return fail(response.error());
  const auto answer = read_json(response->body);
  if (!answer) return fail(ErrorKind::retryable, "the token endpoint's answer is no JSON", origin);
  const auto token = get<std::string>(*answer, "/access_token");
  if (!token || token->empty())
    return fail(ErrorKind::retryable, "the token endpoint's answer has no access_token", origin);
  auto type = get<std::string>(*answer, "/token_type").value_or("Bearer");
  std::ranges::transform(type, type.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (type != "bearer") return fail(ErrorKind::auth, "the token endpoint gave a token that is no bearer's", origin);
  const Json* const life = find(*answer, "/expires_in");  // a number, though some write a text
  const std::string written = life == nullptr     ? ""
                              : life->is_string() ? life->get<std::string>()
                              : is_number(*life)  ? number_text(*life)
                                                  : "";
  const long long count = std::atoll(written.c_str());
  return session(*token, count > 0 ? std::min(seconds(count), kLife * 24) : kLife);
}

/// RFC 6749's code, never the vendor's own text; and what a person should look at, where the answer shows it.
std::string JwtBearer::why(const Response& response) const {
  std::string out;
  if (const auto body = read_json(response.body)) {
    const auto code = get<std::string>(*body, "/error").value_or("");
    const bool plain = !code.empty() && code.size() <= 40 &&
                       std::ranges::all_of(code, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
    if (plain) out = " (" + code + ")";
    if (code == "invalid_grant") out += ": the key may be deleted, of another account, or this machine's clock wrong";
  }
  const std::string* const date = response.header("Date");
  std::tm parts{};
  if (date == nullptr || strptime(date->c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts) == nullptr) return out;
  const auto off = std::chrono::floor<seconds>(clock_.now()).time_since_epoch() - seconds(timegm(&parts));
  if (std::chrono::abs(off) > kTolerable)
    out += "; this machine's clock is " + std::to_string(std::chrono::abs(off).count()) + " s " +
           (off > seconds(0) ? "ahead of" : "behind") + " the server's";
  return out;
}

std::vector<std::string> JwtBearer::known() const {
  std::vector<std::string> out;
  for (const auto& secret : settings_.secrets) out.push_back(secret.reveal());
  return out;
}

}  // namespace

Result<std::unique_ptr<Signer>> make_jwt_bearer(const SettingReader& settings, const std::string& base_url,
                                                const telemetry::Clock& clock) {
  const auto name = settings.literal("key");
  if (!name) return fail(name.error());
  const auto file = settings.setting(*name);
  if (!file) return fail(file.error());
  const auto wrong = [&](const std::string& what) {
    return fail(ErrorKind::permanent, "the connection's setting `" + *name + "` " + what);
  };
  const auto key = read_json(file->reveal());
  if (!key || !key->is_object()) return wrong("is not the JSON text of an account's key file");
  const auto field = [&](const char* where, std::string& into, bool needed) -> Status {
    const auto pointer = settings.literal(where);
    if (!pointer) return fail(pointer.error());
    if (pointer->empty()) return {};
    auto found = get<std::string>(*key, *pointer);
    if (needed && (!found || found->empty()))
      return wrong("lacks " + pointer->substr(1) + ": use the key file as it was downloaded");
    into = found ? std::move(*found) : "";
    return {};
  };
  JwtBearer::Settings made;
  std::string pem;
  for (auto status : {field("issuer", made.issuer, true), field("private_key", pem, true),
                      field("key_id", made.key_id, false), field("endpoint", made.endpoint, false)})
    if (!status) return fail(status.error());
  made.key = read_key(pem);
  if (!made.key) return wrong("holds no RSA private key of 2048 bits or more, as PEM without a pass phrase");
  auto scope = settings.literal("scope", true);
  if (!scope) return fail(scope.error());
  made.scope = *scope;

  // An empty setting is not given.
  const auto optional = [&](const char* where, std::string& into) -> Status {
    const auto setting = settings.literal(where, true);
    if (!setting) return fail(setting.error());
    const auto value = settings.setting(*setting);
    if (!value) return fail(value.error());
    if (!value->empty()) into = value->reveal();
    return {};
  };
  for (auto status : {optional("token_url", made.endpoint), optional("subject", made.subject)})
    if (!status) return fail(status.error());
  if (made.endpoint.empty()) return wrong("names no token endpoint");
  std::string root = base_url;
  while (root.ends_with('/')) root.pop_back();
  if (made.endpoint.starts_with('/')) made.endpoint = root + made.endpoint;
  const auto endpoint = parse_url(made.endpoint);
  if (!endpoint) return fail(ErrorKind::permanent, "the token endpoint: " + endpoint.error());
  // What proves who we are must not leave in clear where the rest is sealed.
  if (const auto base = parse_url(base_url); base && base->tls && !endpoint->tls)
    return fail(ErrorKind::permanent, "the token endpoint must be https://, as base_url is");
  made.secrets.emplace_back(std::move(pem));
  made.secrets.push_back(*file);
  return std::unique_ptr<Signer>(std::make_unique<JwtBearer>(std::move(made), clock));
}

}  // namespace milepost::http
