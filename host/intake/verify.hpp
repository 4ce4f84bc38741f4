// Who sent this? Verifies a webhook's signature or secret over the raw bytes, in constant time, before anything else
// looks at them.
#pragma once

#include <memory>
#include <string>

#include "host/config/secrets.hpp"
#include "host/http/server.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::intake {

class VerifyScheme;

/// `verify:` of a source (config/definition.hpp), secrets resolved. Two secrets are both good: rotation.
///
///   hmac: {header, secret: one or a list, algorithm: sha256, encoding: hex, prefix: "", signed: "${body}",
///          timestamp: {header, unit: auto, tolerance: 5m}, url: {public: "", decode: ""}}
///   digest: as hmac, but the bare digest of a text that begins with ${secret}
///   standard_webhooks: {secret: one or a list, tolerance: 5m}
///   secret_header: {header, secret, prefix: ""}
///   basic: {user, password}
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

  /// WWW-Authenticate of the 401. [any]
  std::string challenge() const;

  /// The id that the scheme gives each message, the same on every attempt; "" where it gives none. [any]
  std::string delivery_id(const http::Incoming& request) const;

 private:
  std::shared_ptr<const VerifyScheme> scheme_;  // null: none
};

}  // namespace milepost::intake
