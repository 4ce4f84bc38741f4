#include "host/intake/verify_scheme.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <charconv>
#include <cstdint>

#include "host/config/units.hpp"
#include "host/telemetry/ids.hpp"
#include "milepost/http.hpp"

namespace milepost::intake {
namespace {

constexpr std::chrono::milliseconds kTolerance = std::chrono::minutes(5);

const EVP_MD* named_digest(std::string_view algorithm) {
  if (algorithm == "sha1") return EVP_sha1();
  if (algorithm == "sha384") return EVP_sha384();
  if (algorithm == "sha512") return EVP_sha512();
  return EVP_sha256();
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

const std::string& VerifyScheme::secret_header() const {
  static const std::string none;
  return none;
}

std::unexpected<Error> VerifySettings::wrong(const std::string& what) const {
  return fail(ErrorKind::permanent, "verify." + name_ + what);
}

Result<std::string> VerifySettings::text(const char* pointer, std::string otherwise) const {
  auto got = get<std::optional<std::string>>(settings_, pointer);
  if (!got) return wrong(got.error().message);
  return *got ? std::move(**got) : std::move(otherwise);
}

Result<std::string> VerifySettings::header() const {
  auto name = text("/header");
  if (name && name->empty()) return wrong(" names no header: say which one carries the proof");
  return name;
}

Result<std::chrono::milliseconds> VerifySettings::tolerance(const char* pointer) const {
  const auto written = text(pointer);
  if (!written) return fail(written.error());
  if (written->empty()) return kTolerance;
  const auto parsed = config::parse_duration(*written);
  if (!parsed) return wrong(".tolerance: " + parsed.error().message);
  return *parsed;
}

Result<std::vector<config::Secret>> VerifySettings::secrets(const char* key) const {
  const Json* named = find(settings_, "/" + std::string(key));
  std::string setting;
  if (named != nullptr && named->is_object() && named->contains("setting")) {
    setting = get<std::string>(*named, "/setting").value_or("");
    named = with_.is_object() && with_.contains(setting) ? &with_.at(setting) : nullptr;
  }
  std::vector<config::Secret> out;
  if (named != nullptr && !named->is_null())
    for (const auto& one : named->is_array() ? *named : Json::array({*named})) {
      auto secret = secrets_.resolve(one);
      if (!secret) return fail(secret.error());
      // With an empty key anyone can sign.
      if (secret->empty()) return wrong(": a secret is empty");
      out.push_back(std::move(*secret));
    }
  if (!out.empty()) return out;
  if (setting.empty()) return wrong(" names no secret");
  return fail(ErrorKind::permanent, "the setting " + setting + ", which verifies deliveries, is missing");
}

Result<std::string_view> one_header(const http::Incoming& request, const std::string& name) {
  const std::string* found = nullptr;
  for (const auto& [key, value] : request.headers) {
    if (!same_header(key, name)) continue;
    if (found != nullptr) return fail(ErrorKind::permanent, "there are several headers " + name);
    found = &value;
  }
  if (found == nullptr) return fail(ErrorKind::permanent, "the header " + name + " is missing");
  return trim(*found);
}

bool same_bytes(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

ShownSecrets::ShownSecrets(const std::vector<config::Secret>& secrets, const std::string& before) {
  for (const auto& secret : secrets) digests_.push_back(telemetry::sha256(before + secret.reveal()));
}

bool ShownSecrets::has(std::string_view presented) const {
  const auto given = telemetry::sha256(presented);
  bool good = false;
  for (const auto& wanted : digests_) good |= CRYPTO_memcmp(given.data(), wanted.data(), wanted.size()) == 0;
  return good;
}

std::string staleness(telemetry::Time signed_at, telemetry::Time now, std::chrono::milliseconds tolerance) {
  if (now - signed_at > tolerance) return "the timestamp is too old";
  if (signed_at - now > tolerance) return "the timestamp is in the future";
  return "";
}

std::optional<telemetry::Time> parse_timestamp(std::string_view text, std::string_view unit) {
  std::int64_t count = 0;
  if (text.empty() || text.size() > 14 || text.find_first_not_of("0123456789") != text.npos) return std::nullopt;
  std::from_chars(text.data(), text.data() + text.size(), count);
  // Seconds pass 10^11 in the year 5138, milliseconds did in 1973.
  const bool in_seconds = unit == "s" || (unit == "auto" && count < 100'000'000'000);
  if (in_seconds && count >= 100'000'000'000) return std::nullopt;
  return telemetry::Time(in_seconds ? std::chrono::microseconds(std::chrono::seconds(count))
                                    : std::chrono::milliseconds(count));
}

std::string hmac_of(std::string_view algorithm, std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  HMAC(named_digest(algorithm), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string digest_of(std::string_view algorithm, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), out.data(), &size, named_digest(algorithm), nullptr);
  return {reinterpret_cast<const char*>(out.data()), size};
}

}  // namespace milepost::intake
