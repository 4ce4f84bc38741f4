// Enrols what a plugin offers in one visible list, and exports it:
//
//   static milepost::Plugin plugin() {
//     return milepost::Plugin("acme", "1.0.0", "Acme's CRM.")
//         .connection<Account, AcmeConnection>(account_settings(), milepost::credentials::bearer("token"))
//         .action<Send, AcmeConnection>("send", "Creates an order.", send_settings(), {.replay = milepost::Replay::with_key, …});
//   }
//   MILEPOST_PLUGIN(plugin)
//
// Constructors: Connection(Account, Host); Action(AcmeConnection&, Host); source on a connection (Settings, AcmeConnection&, Host);
// other sources (Settings, Host); Sandbox(Host). They must not touch the network.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "milepost/connector.hpp"
#include "milepost/settings.hpp"

#define MILEPOST_SDK_VERSION "0.1.0"

namespace milepost {

/// How the host signs a connection's requests. Arguments name settings, unless said otherwise. A plugin sees no secret.
namespace credentials {
inline Json none() { return {{"scheme", "none"}}; }
inline Json bearer(std::string token) { return {{"scheme", "bearer"}, {"token", std::move(token)}}; }
/// An empty password name means an empty password (the key is the user).
inline Json basic(std::string user, std::string password) {
  return {{"scheme", "basic"}, {"user", std::move(user)}, {"password", std::move(password)}};
}
/// `header` is the header's literal name.
inline Json header(std::string header, std::string value) {
  return {{"scheme", "header"}, {"name", std::move(header)}, {"value", std::move(value)}};
}
/// The setting holds a whole URL whose query is the secret (a pre-signed or shared-access URL). The plugin sees it without its query, as
/// the base of its requests (no `base_url` then); the host appends the query to each. Declare it by
/// `.required("url", &Account::url, "…", {{"x-secret", true}})`.
inline Json secret_url(std::string url) { return {{"scheme", "secret_url"}, {"url", std::move(url)}}; }
/// A POST of JSON to base_url + path whose answer holds a token. `body` maps JSON key -> setting; `token`, `expires` are JSON pointers.
inline Json login(std::string path, Json body, std::string token, std::string expires, std::chrono::seconds lifetime) {
  return {{"scheme", "login"},           {"path", std::move(path)},       {"body", std::move(body)},
          {"token", std::move(token)},   {"expires", std::move(expires)}, {"lifetime", duration_text(lifetime)}};
}
/// An assertion signed with a service account's private key (RS256) is exchanged for a bearer token (RFC 7523). `key` holds the JSON of
/// the account's key file: client_email, private_key, private_key_id, token_uri. `scope` is literal. `token_url` and `subject` (whom the
/// account acts for) name settings that may be empty; token_url is used instead of the file's, and may be a path below base_url.
inline Json jwt_bearer(std::string key, std::string scope, std::string token_url = "", std::string subject = "") {
  return {{"scheme", "jwt_bearer"},        {"key", std::move(key)},         {"scope", std::move(scope)},
          {"token_url", std::move(token_url)}, {"subject", std::move(subject)}, {"issuer", "/client_email"},
          {"private_key", "/private_key"}, {"key_id", "/private_key_id"},   {"endpoint", "/token_uri"}};
}
/// Which of several schemes, by other settings: choose({{{{"vendor", "pcm"}}, login(…)}, {{{"vendor", "lob"}}, basic(…)}}).
inline Json choose(std::initializer_list<std::pair<Json, Json>> by_settings) {
  Json out = Json::array();
  for (const auto& [when, scheme] : by_settings) {
    Json entry = scheme;
    entry["when"] = when;
    out.push_back(std::move(entry));
  }
  return out;
}
}  // namespace credentials

/// What a webhook source declares.
struct WebhookTraits {
  /// The verifier, as in a pipeline's `verify:`, with settings named as {"setting": "secret"}; null: the pipeline must say.
  Json verify = nullptr;
  /// JSON pointers for id, type, subject, time, revision: the host then picks them without calling receive() before the answer.
  Json pointers = nullptr;
  int accepted_status = 202;  ///< where the vendor wants another 2xx
  int quarantined_status = 0;  ///< where it should learn that bad content was kept aside; 0: as accepted_status
  bool final_4xx = false;     ///< the sender takes any 4xx as final and drops the event
};

class Plugin {
 public:
  Plugin(std::string name, std::string version, std::string summary)
      : name_(std::move(name)), version_(std::move(version)), summary_(std::move(summary)) {}

  /// The one kind of connection. Its settings should have `base_url`: the host resolves requests against it.
  template <class S, class C>
  Plugin& connection(Settings<S> settings, Json credentials) {
    connection_ = {{"settings", settings.schema()}, {"credentials", std::move(credentials)}, {"probe", std::is_base_of_v<Probe, C>}};
    makers_.push_back({"connection", "", false, [settings](const Json& with, void*, Host host) -> Result<Instance> {
                         auto parsed = settings.parse(with);
                         if (!parsed) return fail(parsed.error());
                         return Instance::of<C>(std::make_shared<C>(std::move(*parsed), host));
                       }});
    return *this;
  }

  template <class A, class C, class S>
  Plugin& action(std::string name, std::string summary, const Settings<S>& with, Traits traits) {
    constexpr std::string_view replays[] = {"never", "with_key", "always"};
    constexpr std::string_view effects[] = {"record", "message", "mail", "other"};
    actions_.push_back({{"name", name},
                        {"summary", std::move(summary)},
                        {"settings", with.schema()},
                        {"traits",
                         {{"max_batch", traits.max_batch},
                          {"replay", replays[static_cast<int>(traits.replay)]},
                          {"key_lifetime_s", traits.key_lifetime.count()},
                          {"settles_after_s", traits.settles_after.count()},
                          {"effect", effects[static_cast<int>(traits.effect)]},
                          {"batch_key", traits.batch_key}}},
                        {"lookup", std::is_base_of_v<Lookup, A>}});
    static_assert(std::is_constructible_v<A, C&, Host>, "an action has the constructor (ItsConnection&, Host)");
    makers_.push_back({"action", name, true, [](const Json&, void* on, Host host) -> Result<Instance> {
                         return Instance::of<A>(std::make_shared<A>(static_cast<C&>(*static_cast<Connection*>(on)), host));
                       }});
    return *this;
  }

  /// A webhook source without a connection.
  template <class W, class S>
  Plugin& webhook(std::string name, std::string summary, Settings<S> settings, WebhookTraits traits = {}) {
    sources_.push_back({{"name", name},
                        {"kind", "webhook"},
                        {"summary", std::move(summary)},
                        {"settings", settings.schema()},
                        {"verify", traits.verify},
                        {"pointers", traits.pointers},
                        {"accepted_status", traits.accepted_status},
                        {"quarantined_status", traits.quarantined_status == 0 ? traits.accepted_status : traits.quarantined_status},
                        {"final_4xx", traits.final_4xx},
                        {"connection", false}});
    static_assert(std::is_constructible_v<W, S, Host>, "a webhook source has the constructor (ItsSettings, Host)");
    makers_.push_back({"source", name, false, [settings](const Json& with, void*, Host host) -> Result<Instance> {
                         auto parsed = settings.parse(with);
                         if (!parsed) return fail(parsed.error());
                         return Instance::of<W>(std::make_shared<W>(std::move(*parsed), host));
                       }});
    return *this;
  }

  /// A polling source on a connection.
  template <class P, class C, class S>
  Plugin& polling(std::string name, std::string summary, Settings<S> settings) {
    sources_.push_back({{"name", name},
                        {"kind", "polling"},
                        {"summary", std::move(summary)},
                        {"settings", settings.schema()},
                        {"settle", std::is_base_of_v<Settle, P>},
                        {"decode", std::is_base_of_v<Decode, P>},
                        {"connection", true}});
    static_assert(std::is_constructible_v<P, S, C&, Host>, "a polling source has the constructor (ItsSettings, ItsConnection&, Host)");
    makers_.push_back({"source", name, true, [settings](const Json& with, void* on, Host host) -> Result<Instance> {
                         auto parsed = settings.parse(with);
                         if (!parsed) return fail(parsed.error());
                         auto& connection = static_cast<C&>(*static_cast<Connection*>(on));
                         return Instance::of<P>(std::make_shared<P>(std::move(*parsed), connection, host));
                       }});
    return *this;
  }

  /// In a library of its own, named <vendor>-sandbox.
  template <class X>
  Plugin& sandbox() {
    sandbox_ = true;
    static_assert(std::is_constructible_v<X, Host>, "a sandbox has the constructor (Host)");
    makers_.push_back({"sandbox", "", false, [](const Json&, void*, Host host) -> Result<Instance> {
                         return Instance::of<X>(std::make_shared<X>(host));
                       }});
    return *this;
  }

  Json manifest() const {
    Json out{{"name", name_}, {"version", version_}, {"summary", summary_}, {"sdk", MILEPOST_SDK_VERSION}};
    if (!connection_.is_null()) out["connection"] = connection_;
    out["sources"] = sources_;
    out["actions"] = actions_;
    if (sandbox_) out["sandbox"] = true;
    return out;
  }

  /// One made thing, with whichever abilities it has. Public for the dispatch in export.hpp and for tests.
  struct Instance {
    std::shared_ptr<void> owner;
    Connection* connection = nullptr;
    Probe* probe = nullptr;
    Action* action = nullptr;
    Lookup* lookup = nullptr;
    PollingSource* polling = nullptr;
    Settle* settle = nullptr;
    Decode* decode = nullptr;
    WebhookSource* webhook = nullptr;
    Sandbox* sandbox = nullptr;

    template <class T>
    static Instance of(std::shared_ptr<T> made) {
      Instance out;
      T* raw = made.get();
      const auto set = [&]<class I>(I*& slot) {
        if constexpr (std::is_base_of_v<I, T>) slot = raw;
      };
      set(out.connection), set(out.probe), set(out.action), set(out.lookup), set(out.polling), set(out.settle);
      set(out.decode), set(out.webhook), set(out.sandbox);
      out.owner = std::move(made);
      return out;
    }
  };
  Result<Instance> make(std::string_view kind, std::string_view name, const Json& settings, void* on, Host host) const {
    for (const auto& maker : makers_) {
      if (maker.kind != kind || maker.name != name) continue;
      if (maker.on_connection && on == nullptr) return fail(ErrorKind::internal, maker.kind + " " + maker.name + " is created on a connection");
      return maker.make(settings, on, host);
    }
    return fail(ErrorKind::permanent, name_ + " has no " + std::string(kind) + " named \"" + std::string(name) + "\"");
  }

 private:
  struct Maker {
    std::string kind, name;
    bool on_connection = false;
    std::function<Result<Instance>(const Json& settings, void* on, Host host)> make;
  };
  std::string name_, version_, summary_;
  Json connection_ = nullptr;
  Json sources_ = Json::array();
  Json actions_ = Json::array();
  bool sandbox_ = false;
  std::vector<Maker> makers_;
};

}  // namespace milepost

#include "milepost/export.hpp"
