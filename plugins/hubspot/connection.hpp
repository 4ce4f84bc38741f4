// One HubSpot account: its settings, and what is learnt when it opens.
#pragma once

#include <optional>
#include <string>

#include "milepost/connector.hpp"
#include "milepost/settings.hpp"
#include "plugins/hubspot/client.hpp"
#include "plugins/hubspot/pipelines.hpp"

namespace milepost::hubspot {

struct Account {
  std::string base_url, api_version, deal_pipeline, time_zone;
  bool create_properties = false;
};
const Settings<Account>& account_settings();

class HubspotConnection : public Connection, public Probe {
 public:
  HubspotConnection(Account account, Host host);

  /// Reads the deal pipelines. A token without the scope for deals opens too: contacts and notes need none.
  Status open(const Call& call) override;
  Status probe(const Call& call) override;

  const Account& account() const { return account_; }
  const Client& client() const { return client_; }
  /// As they were at open(); empty where the token may not read them. REQUIRES: open() succeeded.
  const Pipelines& pipelines() const { return pipelines_; }
  /// As they are now.
  Result<Pipelines> fetch_pipelines(const Call& call) const;

 private:
  Account account_;
  Client client_;
  Host host_;
  Pipelines pipelines_;
};

}  // namespace milepost::hubspot
