// Signs a connection's requests, so that no plugin sees a secret. One Signer a connection.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/config/secrets.hpp"
#include "host/http/client.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::http {

/// A scheme as a manifest states it. Its fields name settings of the connection, whose values the signer reads, unless
/// said otherwise here; an empty name stands for an empty value.
///   none
///   bearer  token
///   basic   user, password
///   header  name (literal), value         sends that header
///   query   name (literal), value         appends to the query
///   secret_url  url                       appends that URL's query; its rest is the connection's base (secret_url())
///   login   path (literal), body {JSON key: setting}, token, expires (JSON pointers), lifetime ("1h", where the answer
///   tells none)
///   jwt_bearer  key, token_url (may be left out), scope (literal), subject (may be left out); issuer, private_key,
///   key_id, endpoint (JSON pointers into the key)
/// A login POSTs its body to base_url + path; the token of the answer is sent as a bearer until `expires` (RFC 3339,
/// seconds from now, or seconds since 1970) less a fifth. Many callers that need a token at once share one login.
/// jwt_bearer signs a short-lived assertion with a private key and exchanges it for such a token (RFC 7523, RS256). A
/// list of schemes, each with `when: {setting: value}`, picks the first one that fits the connection. More schemes
/// (oauth2_client_credentials, refresh_token, sigv4) join this list behind the same interface.
class Signer {
 public:
  virtual ~Signer() = default;
  /// Adds what the scheme adds. May call the vendor (login), through `client`. [any]
  virtual Status sign(Request& request, Client& client, const Options& options) = 0;
  /// After a 401: forgets what was fetched; true when a second try could differ. [any]
  virtual bool refresh() = 0;
  /// The same, for many requests at once: a token that was fetched since `refused` was signed is kept. [any]
  virtual bool refresh_after(const Request& refused) {
    (void)refused;
    return refresh();
  }
  /// Texts that must never show in a log or an answer: what it adds to requests. [any]
  virtual std::vector<std::string> hidden() const = 0;
};

/// `declared` is the manifest's credentials (null: none); `with` the connection's settings, where secrets stand as
/// {"!secret": …}. `permanent` names the setting that is missing, or says what is wrong with `declared`. `clock` must
/// outlive the signer.
Result<std::unique_ptr<Signer>> make_signer(const Json& declared, const Json& with, const std::string& base_url,
                                            const config::Secrets& secrets, const telemetry::Clock& clock);

/// The public part of a connection's secret URL.
struct SecretUrl {
  std::string setting;  ///< which holds it
  std::string base;     ///< the URL without its query: what a plugin may see
  std::optional<telemetry::Time> expires;  ///< its parameter `se`, as shared access signatures have it
};
/// nullopt where the connection's scheme is another. `permanent` names the setting and says what is wrong with its URL,
/// of which it quotes nothing.
Result<std::optional<SecretUrl>> secret_url(const Json& declared, const Json& with, const config::Secrets& secrets);

}  // namespace milepost::http
