// One Blend tenant: its settings, and the check that it answers.
#pragma once

#include <string>

#include "milepost/connector.hpp"
#include "milepost/settings.hpp"
#include "plugins/blend/client.hpp"

namespace milepost::blend {

struct Account {
  std::string base_url, target_instance, api_version, auth, user, grant_type, events_profile;
  std::string source_type, source_name;  ///< applicationSource of what is created
  std::string deep_link;                 ///< "" or a URL with {id}
  std::string unknown_fields;            ///< "refuse" or "send"
};
Settings<Account> account_settings();
/// By `auth`: bearer, basic, or a token by OAuth.
Json account_credentials();

/// What no single setting shows; `permanent` names the setting.
Status validate(const Account& account);

class BlendConnection : public Connection, public Probe {
 public:
  BlendConnection(Account account, Host host);

  /// Asks Blend whether the credentials are good. What is refused here holds events, and consumes none.
  Status open(const Call& call) override;
  Status probe(const Call& call) override;

  const Account& account() const { return account_; }
  const Client& client() const { return client_; }
  bool unknown_too() const { return account_.unknown_fields == "send"; }
  /// For a person to open: the application in the lender's deployment; "" where no deep_link is set.
  std::string deep_link(const std::string& id) const;

 private:
  Account account_;
  Client client_;
};

/// Every action of this connector: one delivery at a time, counted by its outcome.
class BlendAction : public SingleAction {
 public:
  BlendAction(BlendConnection& connection, Host host, std::string name)
      : connection_(connection), client_(connection.client()), host_(host), name_(std::move(name)) {}
  Result<Answer> run_one(const Delivery& delivery, const Call& call) final;

 protected:
  virtual Result<Answer> act(const Delivery& delivery, const Call& call) = 0;
  /// Of v2.x only applications, milestones and events are spoken here.
  Status needs_v3() const;

  const BlendConnection& connection_;
  const Client& client_;
  Host host_;

 private:
  std::string name_;
};

/// An id among a step's settings, text or number; `permanent` names the setting.
Result<std::string> id_setting(const Json& value, const std::string& name);

}  // namespace milepost::blend
