// Standard Webhooks (standardwebhooks.com, specification 1.0.0, read 2026-11): webhook-id, webhook-timestamp and
// webhook-signature, a list of "v1,<base64>" (HMAC-SHA-256, secret "whsec_…") and "v1a,<base64>" (Ed25519, key
// "whpk_…").
#include <openssl/evp.h>

#include <memory>

#include "host/intake/encoding.hpp"
#include "host/intake/verify_scheme.hpp"

namespace milepost::intake {
namespace {

constexpr std::string_view kSecret = "whsec_", kPublicKey = "whpk_";
constexpr std::size_t kEd25519Key = 32;

bool is_signed_by(const std::string& key, std::string_view text, std::string_view signature) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> made(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(key.data()),
                                  key.size()),
      &EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  return made && context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, made.get()) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                          reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
}

class StandardWebhooks : public VerifyScheme {
 public:
  struct Key {
    bool is_public = false;
    std::string bytes;
  };
  StandardWebhooks(std::vector<Key> keys, std::chrono::milliseconds tolerance)
      : keys_(std::move(keys)), tolerance_(tolerance) {}

  std::string refusal(const http::Incoming& request, telemetry::Time now) const override {
    const auto id = one_header(request, kId), timestamp = one_header(request, kTimestamp),
               signatures = one_header(request, kSignature);
    for (const auto& header : {id, timestamp, signatures})
      if (!header) return header.error().message;
    const auto signed_at = parse_timestamp(*timestamp, "s");
    if (!signed_at) return "the timestamp in " + kTimestamp + " is none";
    std::string text;
    text.reserve(id->size() + timestamp->size() + request.body.size() + 2);
    text.append(*id).append(".").append(*timestamp).append(".").append(request.body);
    // Said only of what the sender did sign: a forged timestamp is a wrong signature.
    return one_is_good(*signatures, text) ? staleness(*signed_at, now, tolerance_) : "no signature is right";
  }
  /// The same on every attempt of one message.
  std::string delivery_id(const http::Incoming& request) const override {
    return std::string(one_header(request, kId).value_or(""));
  }

 private:
  bool one_is_good(std::string_view signatures, const std::string& text) const {
    bool good = false;
    for (int left = 16; left > 0 && !signatures.empty(); --left) {  // a list without end costs no more
      const auto end = std::min(signatures.find(' '), signatures.size());
      const auto one = signatures.substr(0, end);
      signatures.remove_prefix(std::min(end + 1, signatures.size()));
      const auto comma = std::min(one.find(','), one.size());
      const auto version = one.substr(0, comma);
      const auto given = base64_decode(one.substr(std::min(comma + 1, one.size())));
      if (!given) continue;
      for (const auto& key : keys_) {
        if (version == "v1" && !key.is_public) good |= same_bytes(hmac_of("sha256", key.bytes, text), *given);
        if (version == "v1a" && key.is_public) good |= is_signed_by(key.bytes, text, *given);
      }
    }
    return good;
  }

  const std::string kId = "webhook-id", kTimestamp = "webhook-timestamp", kSignature = "webhook-signature";
  const std::vector<Key> keys_;
  const std::chrono::milliseconds tolerance_;
};

}  // namespace

MadeScheme make_standard_webhooks(const VerifySettings& settings) {
  const auto tolerance = settings.tolerance("/tolerance");
  if (!tolerance) return fail(tolerance.error());
  const auto secrets = settings.secrets();
  if (!secrets) return fail(secrets.error());
  std::vector<StandardWebhooks::Key> keys;
  for (const auto& secret : *secrets) {
    std::string_view text = secret.reveal();
    const bool is_public = text.starts_with(kPublicKey);
    if (is_public)
      text.remove_prefix(kPublicKey.size());
    else if (text.starts_with(kSecret))
      text.remove_prefix(kSecret.size());
    auto bytes = base64_decode(text);
    if (!bytes || bytes->empty() || (is_public && bytes->size() != kEd25519Key))
      return settings.wrong(
          ".secret: expected whsec_ and base64 (or whpk_ and an Ed25519 key), as the sender shows it");
    keys.push_back({is_public, std::move(*bytes)});
  }
  return std::make_unique<StandardWebhooks>(std::move(keys), *tolerance);
}

}  // namespace milepost::intake
