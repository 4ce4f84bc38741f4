#include "plugins/crfconnect/leads.hpp"

#include <map>
#include <set>

#include "plugins/crfconnect/letter_case.hpp"
#include "plugins/crfconnect/message.hpp"
#include "plugins/crfconnect/revision.hpp"

namespace milepost::crfconnect {
namespace {

// The schema nests three deep; what is far deeper is no lead.
constexpr JsonLimits kLimits{.depth = 16};
constexpr std::size_t kMostPlaces = 20;  // of one lead, in a log line and as events

std::string type_of(const Lead& lead) {
  return "lead." + (lead.removed ? "removed" : lower(lead.status));
}

/// Whether the place is one of the schema's, so that metrics have a bounded number of series.
bool in_schema(Warning::Kind kind) { return kind != Warning::Kind::unknown_field; }

/// One place's drift as an event: its id is the place and the kind, so that the host takes it in once.
Event drift_event(const Warning& warning, const Lead& lead) {
  Event event;
  event.id = "drift:" + std::string(name(warning.kind)) + ":" + warning.path;
  event.type = "schema.drift";
  event.subject = "crfconnect:schema";
  event.time = lead.created;
  event.payload = Document(Json{{"place", warning.path}, {"kind", name(warning.kind)}, {"lead", lead.id}});
  return event;
}

}  // namespace

Result<std::vector<Event>> Leads::read(const std::string& body) const {
  const auto refuse = [&](Error error) {
    host_.metrics().count("leads_quarantined");
    return fail(std::move(error));
  };
  auto values = Values::read(body, kLimits);
  if (!values) return refuse(std::move(values.error()));
  auto lead = read_lead(values->root(), rules_);
  if (!lead) return refuse(std::move(lead.error()));

  Event event;
  event.id = lead->id;
  if (settings_.updates == "each") event.revision = revision_of(values->root());
  event.type = type_of(*lead);
  event.subject = "crfconnect:lead:" + lead->id;
  event.time = lead->created;
  event.payload = Document(body);
  report(*lead, event.type);
  std::vector<Event> events{std::move(event)};
  if (settings_.drift == "event") {
    std::set<std::string> told;
    for (const auto& warning : lead->warnings) {
      if (!is_drift(warning.kind) || events.size() > kMostPlaces) continue;
      auto drift = drift_event(warning, *lead);
      if (told.insert(drift.id).second) events.push_back(std::move(drift));
    }
  }
  return events;
}

void Leads::report(const Lead& lead, const std::string& type) const {
  host_.metrics().count("leads", 1, {{"type", type}});
  if (lead.warnings.empty()) return;
  std::map<Warning::Kind, std::size_t> counts;
  Json drift = Json::array();
  for (const auto& warning : lead.warnings) {
    ++counts[warning.kind];
    if (!is_drift(warning.kind)) continue;
    host_.metrics().count("lead_drift", 1,
                          {{"place", in_schema(warning.kind) ? warning.path : std::string("(unknown field)")},
                           {"kind", name(warning.kind)}});
    if (drift.size() < kMostPlaces) drift.push_back(warning.path + ": " + std::string(name(warning.kind)));
  }
  for (const auto& [kind, count] : counts)
    host_.metrics().count("lead_warnings", static_cast<double>(count), {{"kind", name(kind)}});
  if (!drift.empty()) host_.log().warn("lead_drift", {{"lead", lead.id}, {"found", drift}});
}

Result<std::vector<Event>> Leads::read_again(const std::string& kept, const std::string& encoding) const {
  const bool decoded = kept.starts_with('{') || kept.starts_with('[');
  auto content = content_of(kept, decoded ? "plain" : encoding);
  if (!content) return fail(content.error());
  auto events = read(*content);
  if (events && events->size() > 1) events->resize(1);  // a report of drift can wait for the next lead
  return events;
}

}  // namespace milepost::crfconnect
