#include "plugins/crfconnect/webhook.hpp"

namespace milepost::crfconnect {

Settings<WebhookSettings> webhook_settings() {
  Settings<WebhookSettings> settings("Leads that CRF Connect pushes, one per request.");
  return with_lead_settings(settings);
}

}  // namespace milepost::crfconnect
