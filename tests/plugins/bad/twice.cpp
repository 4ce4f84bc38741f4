// Declares a setting twice.
#include "milepost/plugin.hpp"

namespace {

struct Account {
  std::string base_url;
};
struct Connection : milepost::Connection {
  Connection(Account, milepost::Host) {}
  milepost::Status open(const milepost::Call&) override { return {}; }
};

milepost::Plugin plugin() {
  return milepost::Plugin("twice", "1", "Declares a setting twice.")
      .connection<Account, Connection>(milepost::Settings<Account>("An account.")
                                           .required("base_url", &Account::base_url, "API root.")
                                           .optional("base_url", &Account::base_url, "", "API root."),
                                       milepost::credentials::none());
}

}  // namespace

MILEPOST_PLUGIN(plugin)
