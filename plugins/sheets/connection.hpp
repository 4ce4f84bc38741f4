// One spreadsheet, as a service account sees it.
#pragma once

#include <map>
#include <string>

#include "milepost/connector.hpp"
#include "milepost/settings.hpp"
#include "plugins/sheets/client.hpp"

namespace milepost::sheets {

struct Account {
  std::string base_url;
  std::string spreadsheet;
  std::string token_url;
  bool create_columns = false;
};
const Settings<Account>& account_settings();

class SheetsConnection : public Connection, public Probe {
 public:
  SheetsConnection(Account account, Host host);

  /// Reads the list of tabs; warns in the log where the spreadsheet is four fifths full.
  Status open(const Call& call) override;
  Status probe(const Call& call) override;

  const Account& account() const { return account_; }
  const Client& client() const { return client_; }
  /// For a person to open; without the tab where it was made after open().
  std::string address(const std::string& tab, std::size_t row) const;

 private:
  Result<Json> ask(const Call& call) const;

  Account account_;
  Client client_;
  Host host_;
  std::map<std::string, std::string> tab_ids_;  // by title
};

}  // namespace milepost::sheets
