#include "host/intake/verify.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "host/config/units.hpp"
#include "host/intake/encoding.hpp"
#include "host/intake/verify_choice.hpp"
#include "host/telemetry/ids.hpp"
#include "milepost/http.hpp"

namespace milepost::intake {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTolerance = std::chrono::minutes(5);

const EVP_MD* digest_of(std::string_view algorithm) {
  if (algorithm == "sha1") return EVP_sha1();
  if (algorithm == "sha256") return EVP_sha256();
  if (algorithm == "sha384") return EVP_sha384();
  if (algorithm == "sha512") return EVP_sha512();
  return nullptr;
}

std::string hmac(const EVP_MD* digest, const std::string& key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  HMAC(digest, key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string bare_digest(const EVP_MD* digest, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), out.data(), &size, digest, nullptr);
  return {reinterpret_cast<const char*>(out.data()), size};
}

/// In a time that depends on the lengths alone.
bool same_bytes(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// The one header of that name. Two of them are refused: another reader on the way could have checked the other one.
struct Found {
  const std::string* value = nullptr;
  bool several = false;
};
Found find_header(const http::Headers& headers, std::string_view name) {
  Found found;
  for (const auto& [key, value] : headers) {
    if (!same_header(key, name)) continue;
    found.several = found.value != nullptr;
    found.value = &value;
    if (found.several) break;
  }
  return found;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The next `${name}` of a signed text, or an end.
struct Piece {
  std::string_view before, name;
  bool more = false;
};
Piece next_piece(std::string_view& text) {
  const auto start = text.find("${");
  const auto end = start == text.npos ? text.npos : text.find('}', start);
  if (end == text.npos) return {std::exchange(text, {}), {}, false};
  const Piece piece{text.substr(0, start), text.substr(start + 2, end - start - 2), true};
  text.remove_prefix(end + 1);
  return piece;
}

std::optional<std::string> signed_bytes(std::string_view signed_text, const http::Incoming& request,
                                        std::string_view timestamp, const SignedAddress& address,
                                        const std::string& secret) {
  std::string out;
  out.reserve(signed_text.size() + request.body.size() + request.target.size() + 64);
  for (std::string_view rest = signed_text; !rest.empty();) {
    const Piece piece = next_piece(rest);
    out += piece.before;
    if (!piece.more) break;
    if (piece.name == "body") out += request.body;
    if (piece.name == "timestamp") out += timestamp;
    if (piece.name == "method") out += request.method;
    if (piece.name == "path") out += request.path;
    if (piece.name == "url") {
      const auto url = address.of(request);
      if (!url) return std::nullopt;
      out += *url;
    }
    if (piece.name == "secret") out += secret;
  }
  return out;
}

/// When the sender says it signed; nullopt for what no clock shows.
std::optional<telemetry::Time> parse_timestamp(std::string_view text, std::string_view unit) {
  std::int64_t count = 0;
  if (text.empty() || text.size() > 14 || text.find_first_not_of("0123456789") != text.npos) return std::nullopt;
  std::from_chars(text.data(), text.data() + text.size(), count);
  // Seconds pass 10^11 in the year 5138, milliseconds did in 1973.
  const bool in_seconds = unit == "s" || (unit == "auto" && count < 100'000'000'000);
  if (in_seconds && count >= 100'000'000'000) return std::nullopt;
  return telemetry::Time(in_seconds ? std::chrono::microseconds(std::chrono::seconds(count)) : milliseconds(count));
}

/// `keyed`: an HMAC, whose text holds no secret. A digest's must begin with it: else anyone could make one.
Status check_signed_text(const std::string& signed_text, bool has_timestamp, bool keyed) {
  if (!keyed && !signed_text.starts_with("${secret}"))
    return fail(ErrorKind::permanent,
                "verify.digest.signed does not begin with ${secret}: anyone could make such a digest");
  bool body = false;
  for (std::string_view rest = signed_text; !rest.empty();) {
    const Piece piece = next_piece(rest);
    if (!piece.more) {
      if (piece.before.find("${") != piece.before.npos)
        return fail(ErrorKind::permanent, "verify.hmac.signed: an unclosed ${");
      break;
    }
    body = body || piece.name == "body";
    const std::string_view known[] = {"body", "timestamp", "method", "path", "url", "secret"};
    if (std::ranges::find(known, piece.name) == std::end(known) || (keyed && piece.name == "secret"))
      return fail(ErrorKind::permanent, "verify.hmac.signed: unknown ${" + std::string(piece.name) +
                                            "}; there are body, timestamp, method, path and url");
    if (piece.name == "timestamp" && !has_timestamp)
      return fail(ErrorKind::permanent,
                  "verify.hmac.signed uses ${timestamp}: name its header by timestamp: {header: …}");
  }
  if (!body)
    return fail(ErrorKind::permanent, "verify.hmac.signed has no ${body}: such a signature says nothing about it");
  return {};
}

/// A text setting under `settings`, or its default.
Result<std::string> setting(const Json& settings, const char* pointer, std::string otherwise) {
  auto got = get<std::optional<std::string>>(settings, pointer);
  if (!got) return fail(ErrorKind::permanent, "verify" + got.error().message);
  return *got ? std::move(**got) : std::move(otherwise);
}

Status one_of(const std::string& value, const char* key, std::initializer_list<std::string_view> words) {
  if (std::ranges::find(words, value) != words.end()) return {};
  std::string known;
  for (const auto word : words) known.append(known.empty() ? "" : ", ").append(word);
  return fail(ErrorKind::permanent, "verify.hmac." + std::string(key) + ": \"" + value + "\" is none of " + known);
}

}  // namespace

Result<Verifier> Verifier::make(const Json& named, const config::Secrets& secrets, const Json& with) {
  Verifier out;
  const auto chosen = chosen_verifier(named, with);
  if (!chosen) return fail(chosen.error());
  const Json& verify = *chosen;
  if (verify.is_null() || verify == "none") return out;
  const Json* settings = find(verify, "/hmac");
  if (settings == nullptr) {
    settings = find(verify, "/digest");
    out.hmac_.keyed = settings == nullptr;
  }
  out.kind_ = settings != nullptr ? Kind::hmac : Kind::secret_header;
  if (settings == nullptr) settings = find(verify, "/secret_header");
  if (settings == nullptr || !settings->is_object())
    return fail(ErrorKind::permanent, "verify is {hmac: {…}}, {digest: {…}}, {secret_header: {…}} or none");

  auto header = setting(*settings, "/header", "");
  auto prefix = setting(*settings, "/prefix", "");
  if (!header) return fail(header.error());
  if (!prefix) return fail(prefix.error());
  if (header->empty()) return fail(ErrorKind::permanent, "verify names no header: say which one carries the signature");
  out.header_ = std::move(*header);
  out.prefix_ = std::move(*prefix);
  if (out.kind_ == Kind::hmac) {
    if (auto read = out.read_hmac(*settings); !read) return fail(read.error());
  }
  if (auto read = out.read_secrets(*settings, secrets, with); !read) return fail(read.error());
  return out;
}

Status Verifier::read_hmac(const Json& settings) {
  struct Text {
    const char* pointer;
    const char* otherwise;
    std::string Hmac::*member;
  };
  for (const auto& text : {Text{"/algorithm", "sha256", &Hmac::algorithm}, Text{"/encoding", "hex", &Hmac::encoding},
                           Text{"/signed", hmac_.keyed ? "${body}" : "${secret}${body}", &Hmac::signed_text},
                           Text{"/timestamp/header", "", &Hmac::timestamp_header},
                           Text{"/timestamp/unit", "auto", &Hmac::timestamp_unit}}) {
    auto got = setting(settings, text.pointer, text.otherwise);
    if (!got) return fail(got.error());
    hmac_.*text.member = std::move(*got);
  }
  if (auto known = one_of(hmac_.algorithm, "algorithm", {"sha256", "sha1", "sha384", "sha512"}); !known) return known;
  if (auto known = one_of(hmac_.encoding, "encoding", {"hex", "base64"}); !known) return known;
  if (auto known = one_of(hmac_.timestamp_unit, "timestamp.unit", {"auto", "s", "ms"}); !known) return known;
  if (find(settings, "/timestamp") != nullptr && hmac_.timestamp_header.empty())
    return fail(ErrorKind::permanent, "verify.hmac.timestamp names no header");

  auto tolerance = setting(settings, "/timestamp/tolerance", "");
  if (!tolerance) return fail(tolerance.error());
  hmac_.tolerance = kTolerance;
  if (!tolerance->empty()) {
    auto parsed = config::parse_duration(*tolerance);
    if (!parsed) return fail(ErrorKind::permanent, "verify.hmac.timestamp.tolerance: " + parsed.error().message);
    hmac_.tolerance = *parsed;
  }
  auto shown = setting(settings, "/url/public", "");
  if (!shown) return fail(shown.error());
  const bool absolute = shown->starts_with("https://") || shown->starts_with("http://");
  if (!shown->empty() && (!absolute || shown->find_first_of("?#") != shown->npos))
    return fail(ErrorKind::permanent,
                "verify.url.public: expected an address such as https://hooks.example.com/hooks/los, without a query");
  while (shown->ends_with('/')) shown->pop_back();
  auto decode = setting(settings, "/url/decode", "");
  if (!decode) return fail(decode.error());
  hmac_.address = {std::move(*shown), std::move(*decode)};
  return check_signed_text(hmac_.signed_text, !hmac_.timestamp_header.empty(), hmac_.keyed);
}

Status Verifier::read_secrets(const Json& settings, const config::Secrets& secrets, const Json& with) {
  const Json* named = find(settings, "/secret");
  std::string setting;
  if (named != nullptr && named->is_object() && named->contains("setting")) {
    setting = get<std::string>(*named, "/setting").value_or("");
    named = with.is_object() && with.contains(setting) ? &with.at(setting) : nullptr;
  }
  const std::string missing =
      setting.empty() ? "verify names no secret" : "the setting " + setting + ", which verifies deliveries, is missing";
  if (named == nullptr || named->is_null()) return fail(ErrorKind::permanent, missing);

  for (const auto& one : named->is_array() ? *named : Json::array({*named})) {
    auto secret = secrets.resolve(one);
    if (!secret) return fail(secret.error());
    // With an empty key anyone can sign.
    if (secret->empty()) return fail(ErrorKind::permanent, "a secret of verify is empty");
    secrets_.push_back(std::move(*secret));
  }
  return secrets_.empty() ? Status(fail(ErrorKind::permanent, missing)) : Status();
}

const std::string& Verifier::secret_header() const {
  static const std::string none;
  return kind_ == Kind::secret_header ? header_ : none;
}

std::string Verifier::refusal(const http::Incoming& request, telemetry::Time now) const {
  if (kind_ == Kind::none) return "";
  const Found found = find_header(request.headers, header_);
  if (found.value == nullptr) return "the header " + header_ + " is missing";
  if (found.several) return "there are several headers " + header_;
  const std::string_view value = trim(*found.value);
  if (!value.starts_with(prefix_)) return "the header " + header_ + " does not begin with its prefix";
  const std::string presented(value.substr(prefix_.size()));
  return kind_ == Kind::hmac ? refusal_of_hmac(request, presented, now) : refusal_of_secret(presented);
}

std::string Verifier::refusal_of_secret(const std::string& presented) const {
  // Digests, since a comparison would tell the secret's length; all of them, since an early exit would tell which.
  const auto given = telemetry::sha256(presented);
  bool good = false;
  for (const auto& secret : secrets_) {
    const auto wanted = telemetry::sha256(secret.reveal());
    good |= CRYPTO_memcmp(given.data(), wanted.data(), wanted.size()) == 0;
  }
  return good ? "" : "the secret in " + header_ + " is wrong";
}

std::string Verifier::refusal_of_hmac(const http::Incoming& request, const std::string& presented,
                                      telemetry::Time now) const {
  std::string_view timestamp;
  std::string stale;
  if (!hmac_.timestamp_header.empty()) {
    const Found found = find_header(request.headers, hmac_.timestamp_header);
    if (found.value == nullptr) return "the header " + hmac_.timestamp_header + " is missing";
    if (found.several) return "there are several headers " + hmac_.timestamp_header;
    timestamp = trim(*found.value);
    const auto signed_at = parse_timestamp(timestamp, hmac_.timestamp_unit);
    if (!signed_at) return "the timestamp in " + hmac_.timestamp_header + " is none";
    if (now - *signed_at > hmac_.tolerance) stale = "the timestamp is too old";
    if (*signed_at - now > hmac_.tolerance) stale = "the timestamp is in the future";
  }
  const auto signature = hmac_.encoding == "hex" ? hex_decode(presented) : base64_decode(presented);
  if (!signature) return "the signature in " + header_ + " is no " + hmac_.encoding;

  const EVP_MD* digest = digest_of(hmac_.algorithm);
  bool good = false;
  for (const auto& secret : secrets_) {
    const auto text = signed_bytes(hmac_.signed_text, request, timestamp, hmac_.address, secret.reveal());
    if (!text) return "the request names no host, or several";
    good |= same_bytes(hmac_.keyed ? hmac(digest, secret.reveal(), *text) : bare_digest(digest, *text), *signature);
  }
  if (!good) return "the signature is wrong";
  // Said only of what the sender did sign: a forged timestamp is a wrong signature.
  return stale;
}

}  // namespace milepost::intake
