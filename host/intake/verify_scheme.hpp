// What the verifiers share: one class for each way in which senders prove themselves.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/secrets.hpp"
#include "host/http/server.hpp"
#include "host/telemetry/clock.hpp"
#include "host/telemetry/ids.hpp"

namespace milepost::intake {

class VerifyScheme {
 public:
  virtual ~VerifyScheme() = default;
  /// As Verifier's functions of these names. [any]
  virtual std::string refusal(const http::Incoming& request, telemetry::Time now) const = 0;
  virtual const std::string& secret_header() const;
  virtual std::string_view challenge() const { return "Webhook"; }
  virtual std::string delivery_id(const http::Incoming&) const { return ""; }
};

/// One verifier's settings, such as what stands below `hmac`, and where its secrets are.
class VerifySettings {
 public:
  VerifySettings(std::string name, const Json& settings, const config::Secrets& secrets, const Json& with)
      : name_(std::move(name)), settings_(settings), secrets_(secrets), with_(with) {}

  /// A text, or its default.
  Result<std::string> text(const char* pointer, std::string otherwise = "") const;
  /// The header that the scheme reads; an error when none is named.
  Result<std::string> header() const;
  Result<std::chrono::milliseconds> tolerance(const char* pointer) const;
  /// The one or two secrets, resolved; never none, never an empty one.
  Result<std::vector<config::Secret>> secrets(const char* key = "secret") const;
  bool has(const char* pointer) const { return find(settings_, pointer) != nullptr; }
  std::unexpected<Error> wrong(const std::string& what) const;

 private:
  std::string name_;
  const Json& settings_;
  const config::Secrets& secrets_;
  const Json& with_;
};

using MadeScheme = Result<std::unique_ptr<const VerifyScheme>>;
MadeScheme make_hmac(const VerifySettings& settings);
MadeScheme make_digest(const VerifySettings& settings);
MadeScheme make_secret_header(const VerifySettings& settings);
MadeScheme make_basic(const VerifySettings& settings);
MadeScheme make_standard_webhooks(const VerifySettings& settings);

/// The one header of that name, without the blanks around it. Two of them are refused: another reader on the way could
/// have checked the other one. An error's message is the refusal.
Result<std::string_view> one_header(const http::Incoming& request, const std::string& name);
/// In a time that depends on the lengths alone.
bool same_bytes(std::string_view a, std::string_view b);
/// What a sender may show, as digests: a comparison of texts would tell a secret's length.
class ShownSecrets {
 public:
  explicit ShownSecrets(const std::vector<config::Secret>& secrets, const std::string& before = "");
  /// Looks at all of them, since an early exit would tell which.
  bool has(std::string_view presented) const;

 private:
  std::vector<telemetry::Sha256> digests_;
};
/// "the timestamp is too old", "… in the future"; "" within the tolerance, both ways.
std::string staleness(telemetry::Time signed_at, telemetry::Time now, std::chrono::milliseconds tolerance);
/// When the sender says it signed: unit is "s", "ms" or "auto"; nullopt for what no clock shows.
std::optional<telemetry::Time> parse_timestamp(std::string_view text, std::string_view unit);
/// HMAC with one of sha1, sha256, sha384, sha512: raw bytes.
std::string hmac_of(std::string_view algorithm, std::string_view key, std::string_view text);
/// The bare digest: raw bytes.
std::string digest_of(std::string_view algorithm, std::string_view text);

}  // namespace milepost::intake
