// Who sent this? Verifies a webhook's signature or secret over the raw bytes, in constant time, before anything else
// looks at them.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "host/config/secrets.hpp"
#include "host/http/server.hpp"
#include "host/intake/verify_address.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::intake {

/// `verify:` of a source (config/definition.hpp), secrets resolved. Two secrets are both good: rotation.
///
///   hmac: {header, secret: one or a list, algorithm: sha256, encoding: hex, prefix: "", signed: "${body}",
///          timestamp: {header, unit: auto, tolerance: 5m}, url: {public: "", decode: ""}}
///   digest: as hmac, but the bare digest of a text that begins with ${secret}
///   secret_header: {header, secret, prefix: ""}
class Verifier {
 public:
  Verifier() = default;  ///< as with `verify: none`

  /// `verify` null: everything passes (`verify: none`). `with` are the source's settings, for a plugin's verifier that
  /// names its secret by one of them: {"setting": NAME}. `permanent` names the secret that is missing.
  static Result<Verifier> make(const Json& verify, const config::Secrets& secrets, const Json& with = nullptr);

  /// Why not, in words for the log (never what the right value would be); "" when it is verified. hmac: the header's
  /// value, less its prefix, is the HMAC of the signed-text template (${body}, ${timestamp}, ${method}, ${path},
  /// ${url}) under one of the secrets; with a timestamp header, its age (both ways) is within the tolerance. [any]
  std::string refusal(const http::Incoming& request, telemetry::Time now) const;

  /// The header that carries the secret itself, so that nobody hands it on; "" when there is none. [any]
  const std::string& secret_header() const;

 private:
  struct Hmac {
    std::string algorithm, encoding, signed_text;
    std::string timestamp_header, timestamp_unit;
    std::chrono::milliseconds tolerance{};
    SignedAddress address;
    bool keyed = true;  // false: a bare digest
  };
  enum class Kind { none, hmac, secret_header };

  Status read_hmac(const Json& settings);
  Status read_secrets(const Json& settings, const config::Secrets& secrets, const Json& with);
  std::string refusal_of_hmac(const http::Incoming& request, const std::string& presented, telemetry::Time now) const;
  std::string refusal_of_secret(const std::string& presented) const;

  Kind kind_ = Kind::none;
  std::string header_, prefix_;  // where the signature or the secret stands, and what stands before it
  Hmac hmac_;
  std::vector<config::Secret> secrets_;
};

}  // namespace milepost::intake
