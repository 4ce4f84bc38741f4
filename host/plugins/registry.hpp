// Finds, pre-flights, loads and describes plugins, and makes instances of what they offer. The host knows a plugin by
// the SDK's interfaces alone: everything made here is a milepost::Action, WebhookSource … whose implementation crosses
// the ABI.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/config/catalog.hpp"
#include "host/config/definition.hpp"
#include "host/config/secrets.hpp"
#include "host/plugins/child_status.hpp"
#include "host/telemetry/clock.hpp"
#include "milepost/connector.hpp"

namespace milepost::http {
class Client;
}
namespace milepost::journal {
class Store;
}

namespace milepost::plugins {

/// What the host's services rest on. All outlive the registry.
struct Services {
  http::Client* client = nullptr;           ///< required for accounts
  const telemetry::Clock* clock = nullptr;  ///< required
  journal::Store* store = nullptr;          ///< plugins' small state; nullptr: kept in memory (sandbox, try)
};

struct Installed {
  std::string name, version, sdk, summary;
  std::string abi;     ///< "1.0"
  std::string path;    ///< where the library lies
  std::string digest;  ///< SHA-256 of the bytes that passed pre-flight and were loaded, hex
  Json manifest;
};
struct Refused {
  std::string connector;  ///< by the file's name
  std::string path;
  std::string reason;  ///< both sides and the remedy, one line
};

struct ActionInfo {
  std::string connector, name;  ///< "acme", "send"
  Traits traits;
  bool lookup = false;
  std::string digest;  ///< of the library
};
struct SourceInfo {
  std::string connector, name;
  bool webhook = false;
  bool connection = false;
  Json verify;    ///< null: the pipeline says
  Json pointers;  ///< null, or {"id": "/id", …}: the host picks, receive() runs in the engine
  int accepted_status = 202;
  int quarantined_status = 202;
  bool final_4xx = false;
  std::string digest;
};

/// One account at a vendor: the plugin's connection instance, the host's signer and the services bound to both.
class Account {
 public:
  virtual ~Account() = default;
  virtual const config::Connection& definition() const = 0;
  /// When its credentials end, where they say so themselves: a secret URL with an expiry. [any]
  virtual std::optional<telemetry::Time> expires() const { return std::nullopt; }
  /// As milepost::Connection::open. Must have succeeded before an action runs. [control]: the engine sees to it.
  virtual Status open(const Call& call) = 0;
  virtual Status probe(const Call& call) = 0;  ///< the plugin's Probe, or open() where it has none
  virtual void close() noexcept = 0;
  /// A new instance; the account outlives it. Where the plugin has no such action: nullptr. Implements milepost::Lookup
  /// too when ActionInfo::lookup says so (dynamic_cast). Errors of kind internal become indeterminate when a write had
  /// left.
  virtual std::unique_ptr<Action> action(const std::string& name) = 0;
  virtual std::unique_ptr<PollingSource> polling(const std::string& name, const Json& settings) = 0;
  /// What reads again the things that this polling source handed over by quarantine(): each as a request's body. Needs no
  /// open(). nullptr where the source cannot.
  virtual std::unique_ptr<WebhookSource> decoder(const std::string& name, const Json& settings) {
    static_cast<void>(name), static_cast<void>(settings);
    return nullptr;
  }
};

class Registry : public config::Catalog {
 public:
  /// Every *.so in `folders` (missing folders are skipped; the first of a name wins, another library of that name is refused). Each is
  /// pre-flighted in a child process (this executable with the argument `--preflight PATH`; see preflight.hpp) unless a
  /// report for its SHA-256 is kept in `cache_folder` ("" : none). `built_in` are the host's own sources and steps.
  /// Sandbox libraries (<name>-sandbox.so) are listed apart.
  static std::unique_ptr<Registry> discover(const std::vector<std::string>& folders, const std::string& cache_folder,
                                            std::vector<config::Component> sources,
                                            std::vector<config::Component> steps);
  ~Registry() override;

  std::vector<Installed> installed() const;
  std::vector<Installed> sandboxes() const;
  std::vector<Refused> refused() const;

  std::optional<ActionInfo> action(const std::string& use) const;  ///< "acme.send"
  std::optional<SourceInfo> source_info(const std::string& use) const;

  /// An account of a checked connection. Errors: a secret that is missing, the plugin's refusal of its settings.
  Result<std::unique_ptr<Account>> account(const config::Connection& connection, const config::Secrets& secrets,
                                           const Services& services);
  /// A decoder for a webhook source without a connection. [serial] Its errors: `rate_limited` and `cancelled` where there
  /// is no child to decode in at the moment, whatever was delivered; any other is about the delivery.
  Result<std::unique_ptr<WebhookSource>> webhook(const std::string& use, const Json& settings, const Services& services,
                                                 const std::optional<config::Isolation>& isolation = std::nullopt);
  /// Of every account and decoder that is isolated and still there. [any]
  std::vector<ChildStatus> children() const;
  /// A vendor's double ("acme"). [serial]
  Result<std::unique_ptr<Sandbox>> sandbox(const std::string& vendor, const Services& services);

  // config::Catalog
  const config::Component* source(const std::string& use) const override;
  const config::Component* step(const std::string& use) const override;
  const config::Component* connector(const std::string& use) const override;
  std::vector<std::string> sources() const override;
  std::vector<std::string> steps() const override;
  std::vector<std::string> connectors() const override;
  std::string refusal(const std::string& connector) const override;

 private:
  struct State;
  explicit Registry(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace milepost::plugins
