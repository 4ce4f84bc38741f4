// The source `crfconnect.webhook`: one lead per request becomes one event.
#pragma once

#include <string>
#include <vector>

#include "milepost/connector.hpp"
#include "plugins/crfconnect/leads.hpp"

namespace milepost::crfconnect {

struct WebhookSettings : LeadSettings {};
Settings<WebhookSettings> webhook_settings();

class Webhook : public WebhookSource {
 public:
  Webhook(WebhookSettings settings, Host host) : leads_(std::move(settings), host) {}
  Result<std::vector<Event>> receive(const HttpRequest& request) override { return leads_.read(request.body); }

 private:
  Leads leads_;
};

}  // namespace milepost::crfconnect
