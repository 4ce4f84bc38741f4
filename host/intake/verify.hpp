// Who sent this? Verifies a webhook's signature or secret over the raw bytes, in constant time, before anything else looks at them.
#pragma once

#include <string>
#include <vector>

#include "host/config/secrets.hpp"
#include "host/http/server.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::intake {

/// `verify:` of a source (config/definition.hpp), secrets resolved. Two secrets are both good: rotation.
class Verifier {
 public:
  /// `verify` null: everything passes (`verify: none`). `permanent` names the secret that is missing.
  static Result<Verifier> make(const Json& verify, const config::Secrets& secrets);

  /// Why not, in words for the log (never what the right value would be); "" when it is verified. hmac: the header's value, less its
  /// prefix, is the HMAC of the signed-text template (${body}, ${timestamp}, ${method}, ${path}, ${url}) under one of the secrets; with a
  /// timestamp header, its age (both ways) is within the tolerance. [any]
  std::string refusal(const http::Incoming& request, telemetry::Time now) const;

 private:
  struct Hmac {
    std::string header, algorithm, encoding, prefix, signed_text;
    std::string timestamp_header, timestamp_unit;
    std::chrono::milliseconds tolerance{};
  };
  enum class Kind { none, hmac, secret_header } kind_ = Kind::none;
  Hmac hmac_;
  std::string header_;
  std::vector<config::Secret> secrets_;
};

}  // namespace milepost::intake
