// What the connector offers.
#include "milepost/plugin.hpp"

#include "plugins/postcard/orders.hpp"
#include "plugins/postcard/send.hpp"
#include "plugins/postcard/sources.hpp"

namespace {

using namespace milepost::postcard;
using milepost::Kind;
using milepost::Replay;

milepost::Plugin plugin() {
  return milepost::Plugin("postcard", "0.1.0", "Postcards in the mail, by PostcardMania or Lob.")
      .connection<Account, Cards>(account_settings(), account_credentials())
      .action<Send, Cards>("send", "Mails one postcard to one person.", send_settings(), send_traits())
      // A second DELETE of an order does nothing.
      .action<Cancel, Cards>("cancel", "Takes an order back while the vendor does.", cancel_settings(),
                             {.replay = Replay::always, .effect = Kind::record})
      .action<OrderStatus, Cards>("status", "Reads where an order stands.", status_of_settings(),
                                  {.replay = Replay::always, .effect = Kind::other})
      .action<Preview, Cards>("preview", "Pictures of a card.", preview_settings(),
                              {.replay = Replay::always, .effect = Kind::other})
      .action<VerifyAddress, Cards>("verify_address", "Whether mail reaches an address.", verify_settings(),
                                    {.replay = Replay::always, .effect = Kind::other})
      .webhook<Tracking>("tracking", "What the vendor's webhooks tell of cards on their way.", tracking_settings(),
                         {.verify = tracking_verifiers(), .accepted_status = 200})
      .polling<StatusSource, Cards>("status", "Where orders stand, from the vendor's list.", status_settings());
}

}  // namespace

MILEPOST_PLUGIN(plugin)
