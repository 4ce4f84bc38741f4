// What the connector offers.
#include "milepost/plugin.hpp"

#include "plugins/postcard/send.hpp"

namespace {

using namespace milepost::postcard;

milepost::Plugin plugin() {
  return milepost::Plugin("postcard", "0.1.0", "Postcards in the mail, by PostcardMania or Lob.")
      .connection<Account, Cards>(account_settings(), account_credentials())
      .action<Send, Cards>("send", "Mails one postcard to one person.", send_settings(), send_traits());
}

}  // namespace

MILEPOST_PLUGIN(plugin)
