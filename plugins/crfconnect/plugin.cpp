// What the connector offers.
#include "milepost/plugin.hpp"

#include "plugins/crfconnect/blobs.hpp"
#include "plugins/crfconnect/queue.hpp"
#include "plugins/crfconnect/webhook.hpp"

namespace milepost::crfconnect {
namespace {

Plugin plugin() {
  return Plugin("crfconnect", MILEPOST_SDK_VERSION, "CRF Connect: small-business leads as events.")
      .connection<StoreAccount, StoreConnection>(store_settings(), credentials::secret_url("url"))
      // No signature exists: the pipeline names the secret header that it has agreed on with the vendor. The vendor's
      // portal shows the answer's code alone, so each outcome has its own: 201 a new event, 200 a repeat, 202 kept for
      // a person.
      .webhook<Webhook>("webhook", "One lead per request, checked against the vendor's schema.", webhook_settings(),
                        {.accepted_status = 201, .quarantined_status = 202})
      .polling<Queue, StoreConnection>("queue", "Leads from an Azure Storage queue, one per message.", queue_settings())
      .polling<Blobs, StoreConnection>("blobs", "Leads from the blobs of an Azure container, one per blob.",
                                       blob_settings());
}

}  // namespace
}  // namespace milepost::crfconnect

MILEPOST_PLUGIN(milepost::crfconnect::plugin)
