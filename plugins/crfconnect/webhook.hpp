// The source `crfconnect.webhook`: one lead per request becomes one event.
#pragma once

#include <string>
#include <vector>

#include "milepost/connector.hpp"
#include "milepost/settings.hpp"
#include "plugins/crfconnect/lead.hpp"

namespace milepost::crfconnect {

struct WebhookSettings {
  double fraud_quarantine_at = 0.85;
  std::string updates;
};
Settings<WebhookSettings> webhook_settings();

class Webhook : public WebhookSource {
 public:
  Webhook(WebhookSettings settings, Host host) : settings_(std::move(settings)), host_(host) {}
  Result<std::vector<Event>> receive(const HttpRequest& request) override;

 private:
  void report(const Lead& lead, const std::string& type) const;

  WebhookSettings settings_;
  Host host_;
};

}  // namespace milepost::crfconnect
