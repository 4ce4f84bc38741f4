// The connection: which vendor, whose account, and what a card is like unless its step says otherwise.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "milepost/connector.hpp"
#include "milepost/plugin.hpp"
#include "plugins/postcard/vendor.hpp"

namespace milepost::postcard {

struct Account {
  std::string vendor;    ///< "pcm" or "lob"
  std::string base_url;  ///< the host resolves requests against it
  Json designs;          ///< name -> what the vendor calls it
  std::optional<Json> return_address;
  std::string mail_class;
  std::string tracking_variable;
  std::optional<std::string> use_type;
  std::string api_version;  ///< lob; "": the account's own
};
Settings<Account> account_settings();
/// Login for PostcardMania, basic for Lob.
Json account_credentials();

/// What no single setting shows; `permanent` names the setting.
Status validate(const Account& account);

class Cards : public Connection, public Probe {
 public:
  Cards(Account account, Host host);
  Status open(const Call& call) override;
  Status probe(const Call& call) override { return vendor_->probe(call); }

  const Account& account() const { return account_; }
  const Vendor& vendor() const { return *vendor_; }

 private:
  Account account_;
  std::unique_ptr<const Vendor> vendor_;
};

}  // namespace milepost::postcard
