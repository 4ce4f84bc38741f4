// The sender signs the raw bytes, with what the settings say beside them: by HMAC, or by a digest that a secret begins.
#include <algorithm>
#include <utility>

#include "host/intake/encoding.hpp"
#include "host/intake/verify_address.hpp"
#include "host/intake/verify_scheme.hpp"

namespace milepost::intake {
namespace {

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

/// `keyed`: an HMAC, whose text holds no secret. A digest's must begin with it: else anyone could make one.
Status check_signed_text(const VerifySettings& settings, const std::string& signed_text, bool has_timestamp,
                         bool keyed) {
  if (!keyed && !signed_text.starts_with("${secret}"))
    return settings.wrong(".signed does not begin with ${secret}: anyone could make such a digest");
  bool body = false;
  for (std::string_view rest = signed_text; !rest.empty();) {
    const Piece piece = next_piece(rest);
    if (!piece.more) {
      if (piece.before.find("${") != piece.before.npos)
        return settings.wrong(".signed: an unclosed ${");
      break;
    }
    body = body || piece.name == "body";
    const std::string_view known[] = {"body", "timestamp", "method", "path", "url", "secret"};
    if (std::ranges::find(known, piece.name) == std::end(known) || (keyed && piece.name == "secret"))
      return settings.wrong(".signed: unknown ${" + std::string(piece.name) + "}; there are body, " +
                            (keyed ? "timestamp, " : "secret, ") + "method, path and url");
    if (piece.name == "timestamp" && !has_timestamp)
      return settings.wrong(keyed ? ".signed uses ${timestamp}: name its header by timestamp: {header: …}"
                                  : ".signed uses ${timestamp}, which a digest does not have");
  }
  if (!body)
    return settings.wrong(".signed has no ${body}: such a signature says nothing about it");
  return {};
}

Status one_of(const VerifySettings& settings, const std::string& value, const char* key,
              std::initializer_list<std::string_view> words) {
  if (std::ranges::find(words, value) != words.end()) return {};
  std::string known;
  for (const auto word : words) known.append(known.empty() ? "" : ", ").append(word);
  return settings.wrong("." + std::string(key) + ": \"" + value + "\" is none of " + known);
}

/// `verify.hmac` or `verify.digest` as it is written.
struct Terms {
  std::string header, prefix, algorithm, encoding, signed_text, timestamp_header, timestamp_unit;
  std::chrono::milliseconds tolerance{};
  SignedAddress address{};
  bool keyed = true;  ///< false: a bare digest
};

class Hmac : public VerifyScheme {
 public:
  Hmac(Terms terms, std::vector<config::Secret> secrets) : terms_(std::move(terms)), secrets_(std::move(secrets)) {}

  std::string refusal(const http::Incoming& request, telemetry::Time now) const override {
    const auto value = one_header(request, terms_.header);
    if (!value) return value.error().message;
    if (!value->starts_with(terms_.prefix)) return "the header " + terms_.header + " does not begin with its prefix";
    std::string_view timestamp;
    std::string stale;
    if (!terms_.timestamp_header.empty()) {
      const auto header = one_header(request, terms_.timestamp_header);
      if (!header) return header.error().message;
      timestamp = *header;
      const auto signed_at = parse_timestamp(timestamp, terms_.timestamp_unit);
      if (!signed_at) return "the timestamp in " + terms_.timestamp_header + " is none";
      stale = staleness(*signed_at, now, terms_.tolerance);
    }
    const auto presented = value->substr(terms_.prefix.size());
    const auto signature = terms_.encoding == "hex" ? hex_decode(presented) : base64_decode(presented);
    if (!signature) return "the signature in " + terms_.header + " is no " + terms_.encoding;

    bool good = false;
    for (const auto& secret : secrets_) {
      const auto text = signed_bytes(terms_.signed_text, request, timestamp, terms_.address, secret.reveal());
      if (!text) return "the request names no host, or several";
      const auto right = terms_.keyed ? hmac_of(terms_.algorithm, secret.reveal(), *text) : digest_of(terms_.algorithm, *text);
      good |= same_bytes(right, *signature);
    }
    if (!good) return "the signature is wrong";
    // Said only of what the sender did sign: a forged timestamp is a wrong signature.
    return stale;
  }

 private:
  const Terms terms_;
  const std::vector<config::Secret> secrets_;
};

Result<SignedAddress> read_address(const VerifySettings& settings) {
  auto shown = settings.text("/url/public");
  if (!shown) return fail(shown.error());
  const bool absolute = shown->starts_with("https://") || shown->starts_with("http://");
  if (!shown->empty() && (!absolute || shown->find_first_of("?#") != shown->npos))
    return fail(ErrorKind::permanent,
                "verify.url.public: expected an address such as https://hooks.example.com/hooks/los, without a query");
  while (shown->ends_with('/')) shown->pop_back();
  auto decode = settings.text("/url/decode");
  if (!decode) return fail(decode.error());
  return SignedAddress{std::move(*shown), std::move(*decode)};
}

MadeScheme make_signature(const VerifySettings& settings, bool keyed) {
  Terms terms;
  terms.keyed = keyed;
  auto header = settings.header();
  if (!header) return fail(header.error());
  terms.header = std::move(*header);
  struct Text {
    const char* pointer;
    const char* otherwise;
    std::string Terms::*member;
  };
  for (const auto& text : {Text{"/prefix", "", &Terms::prefix}, Text{"/algorithm", "sha256", &Terms::algorithm},
                           Text{"/encoding", "hex", &Terms::encoding}, Text{"/signed", keyed ? "${body}" : "${secret}${body}", &Terms::signed_text},
                           Text{"/timestamp/header", "", &Terms::timestamp_header},
                           Text{"/timestamp/unit", "auto", &Terms::timestamp_unit}}) {
    auto got = settings.text(text.pointer, text.otherwise);
    if (!got) return fail(got.error());
    terms.*text.member = std::move(*got);
  }
  if (auto known = one_of(settings, terms.algorithm, "algorithm", {"sha256", "sha1", "sha384", "sha512"}); !known)
    return fail(known.error());
  if (auto known = one_of(settings, terms.encoding, "encoding", {"hex", "base64"}); !known) return fail(known.error());
  if (auto known = one_of(settings, terms.timestamp_unit, "timestamp.unit", {"auto", "s", "ms"}); !known)
    return fail(known.error());
  if (settings.has("/timestamp") && terms.timestamp_header.empty()) return settings.wrong(".timestamp names no header");
  const auto tolerance = settings.tolerance("/timestamp/tolerance");
  if (!tolerance) return fail(tolerance.error());
  terms.tolerance = *tolerance;
  auto address = read_address(settings);
  if (!address) return fail(address.error());
  terms.address = std::move(*address);
  if (auto sound = check_signed_text(settings, terms.signed_text, !terms.timestamp_header.empty(), keyed); !sound)
    return fail(sound.error());
  auto secrets = settings.secrets();
  if (!secrets) return fail(secrets.error());
  return std::make_unique<Hmac>(std::move(terms), std::move(*secrets));
}

}  // namespace

MadeScheme make_hmac(const VerifySettings& settings) { return make_signature(settings, true); }
MadeScheme make_digest(const VerifySettings& settings) { return make_signature(settings, false); }

}  // namespace milepost::intake
