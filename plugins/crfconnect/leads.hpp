// One lead's text as events: what the webhook, the queue and the container have in common.
#pragma once

#include <string>
#include <vector>

#include "milepost/connector.hpp"
#include "milepost/settings.hpp"
#include "plugins/crfconnect/lead.hpp"

namespace milepost::crfconnect {

struct LeadSettings {
  double fraud_quarantine_at = 0.85;
  std::string updates, drift;
};

/// The same three settings for every source. T derives from LeadSettings.
template <class T>
Settings<T>& with_lead_settings(Settings<T>& settings) {
  using Text = std::string T::*;
  return settings
      .optional("fraud_quarantine_at", static_cast<double T::*>(&LeadSettings::fraud_quarantine_at), 0.85,
                "A lead whose fraud score is at or above it is quarantined.", {{"minimum", 0}, {"maximum", 1}})
      .optional("updates", static_cast<Text>(&LeadSettings::updates), "each",
                "each: a lead that comes again with other content is a new event; ignore: only its first delivery is.",
                {{"enum", {"each", "ignore"}}})
      .optional("drift", static_cast<Text>(&LeadSettings::drift), "log",
                "How a field or value that the vendor's schema does not know is reported besides the metrics: log: a "
                "line for "
                "each such lead; event: also an event schema.drift, once for each place.",
                {{"enum", {"log", "event"}}});
}

class Leads {
 public:
  Leads(LeadSettings settings, Host host)
      : settings_(std::move(settings)), rules_{.fraud_quarantine_at = settings_.fraud_quarantine_at}, host_(host) {}
  /// The lead's event, and behind it those of a drift that it shows. `permanent`: it is no good lead; the message has
  /// every fault's place and no value. Counts, and logs drift.
  Result<std::vector<Event>> read(const std::string& body) const;
  /// The lead alone, of a text that was kept aside: as it came, in `encoding`, or decoded already.
  Result<std::vector<Event>> read_again(const std::string& kept, const std::string& encoding) const;

 private:
  void report(const Lead& lead, const std::string& type) const;

  LeadSettings settings_;
  LeadRules rules_;
  Host host_;
};

}  // namespace milepost::crfconnect
