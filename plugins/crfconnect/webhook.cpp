#include "plugins/crfconnect/webhook.hpp"

#include <map>

namespace milepost::crfconnect {
namespace {

// The schema nests three deep; what is far deeper is no lead.
constexpr JsonLimits kLimits{.depth = 16};

std::string type_of(const Lead& lead) {
  if (lead.removed) return "lead.removed";
  std::string type = "lead." + lead.status;
  for (auto& c : type)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return type;
}

}  // namespace

Settings<WebhookSettings> webhook_settings() {
  return Settings<WebhookSettings>("Leads that CRF Connect pushes, one per request.")
      .optional("fraud_quarantine_at", &WebhookSettings::fraud_quarantine_at, 0.85,
                "A lead whose fraud score is at or above it is quarantined.", {{"minimum", 0}, {"maximum", 1}})
      .optional("updates", &WebhookSettings::updates, "each",
                "each: a lead that comes again with other content is a new event; ignore: only its first delivery is.",
                {{"enum", {"each", "ignore"}}});
}

Result<std::vector<Event>> Webhook::receive(const HttpRequest& request) {
  const auto refuse = [&](Error error) {
    host_.metrics().count("leads_quarantined");
    return fail(std::move(error));
  };
  auto body = read_json(request.body, kLimits);
  if (!body) return refuse(std::move(body.error()));
  auto lead = read_lead(*body, {settings_.fraud_quarantine_at});
  if (!lead) return refuse(std::move(lead.error()));

  Event event;
  event.id = lead->id;
  if (settings_.updates == "each") event.revision = revision_of(*body);
  event.type = type_of(*lead);
  event.subject = "crfconnect:lead:" + lead->id;
  event.time = lead->created;
  event.payload = Document(request.body);
  report(*lead, event.type);
  return std::vector<Event>{std::move(event)};
}

void Webhook::report(const Lead& lead, const std::string& type) const {
  host_.metrics().count("leads", 1, {{"type", type}});
  if (lead.warnings.empty()) return;
  std::map<Warning::Kind, std::size_t> counts;
  Json drift = Json::array();
  for (const auto& warning : lead.warnings) {
    ++counts[warning.kind];
    if (is_drift(warning.kind) && drift.size() < 20)
      drift.push_back(warning.path + ": " + std::string(name(warning.kind)));
  }
  for (const auto& [kind, count] : counts)
    host_.metrics().count("lead_warnings", static_cast<double>(count), {{"kind", name(kind)}});
  if (!drift.empty()) host_.log().warn("lead_drift", {{"lead", lead.id}, {"found", drift}});
}

}  // namespace milepost::crfconnect
