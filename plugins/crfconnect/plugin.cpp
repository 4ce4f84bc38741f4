// What the connector offers.
#include "milepost/plugin.hpp"

#include "plugins/crfconnect/webhook.hpp"

namespace {

milepost::Plugin plugin() {
  // No signature exists: the pipeline names the secret header that it has agreed on with the vendor.
  return milepost::Plugin("crfconnect", "0.1.0", "CRF Connect: small-business leads as events.")
      .webhook<milepost::crfconnect::Webhook>("webhook", "One lead per request, checked against the vendor's schema.",
                                              milepost::crfconnect::webhook_settings());
}

}  // namespace

MILEPOST_PLUGIN(plugin)
