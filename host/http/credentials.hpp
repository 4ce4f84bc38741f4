// Signs a connection's requests, so that no plugin sees a secret. One Signer a connection.
#pragma once

#include <memory>
#include <string>

#include "host/config/secrets.hpp"
#include "host/http/client.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::http {

/// A scheme as a manifest states it, secrets resolved. `scheme` is "none", "bearer" {token}, "basic" {user, password},
/// "header" {name, value}, "query" {name, value} or "login" {path, body, token, expires, lifetime}: POST body as JSON
/// to base_url + path, the token at the JSON pointer `token` of the answer is sent as a bearer until `expires`
/// (pointer; RFC 3339 or seconds) less a fifth. More schemes (oauth2_client_credentials, refresh_token, jwt_bearer,
/// sigv4) join this list behind the same interface.
class Signer {
 public:
  virtual ~Signer() = default;
  /// Adds what the scheme adds. May call the vendor (login), through `client`. [any]
  virtual Status sign(Request& request, Client& client, const Options& options) = 0;
  /// After a 401: forgets what was fetched; true when a second try could differ. [any]
  virtual bool refresh() = 0;
  /// Texts that must never show in a log or an answer: what it adds to requests. [any]
  virtual std::vector<std::string> hidden() const = 0;
};

/// `declared` is the manifest's credentials object; `with` the connection's settings, where secrets stand as
/// {"!secret": …}. `permanent` names the setting that is missing.
Result<std::unique_ptr<Signer>> make_signer(const Json& declared, const Json& with, const std::string& base_url,
                                            const config::Secrets& secrets, const telemetry::Clock& clock);

}  // namespace milepost::http
