#include <algorithm>
#include <array>

#include "milepost/quarantine.hpp"
#include "milepost/sha256.hpp"
#include "milepost/times.hpp"
#include "plugins/hubspot/names.hpp"
#include "plugins/hubspot/sources.hpp"

namespace milepost::hubspot {
namespace {

// An entry is flat; what is far deeper is none.
constexpr JsonLimits kLimits{.depth = 16};

/// The prefixes of subscription types (webhooks guide, read 2026-11). `object` is named by its objectTypeId.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kPrefixes = {
    {{"contact", "contacts"},
     {"company", "companies"},
     {"deal", "deals"},
     {"ticket", "tickets"},
     {"product", "products"},
     {"line_item", "line_items"},
     {"conversation", "conversations"}}};

std::string scalar_at(const Json& entry, const char* pointer) {
  const auto* found = find(entry, pointer);
  return found != nullptr ? scalar_text(*found).value_or("") : "";
}

/// Some pages of HubSpot's call it eventType.
std::string type_of(const Json& entry) {
  auto type = scalar_at(entry, "/subscriptionType");
  return type.empty() ? scalar_at(entry, "/eventType") : type;
}

std::string object_of(const Json& entry, const std::string& type) {
  const auto prefix = type.substr(0, type.find('.'));
  for (const auto& [one, object] : kPrefixes)
    if (one == prefix) return std::string(object);
  const auto type_id = scalar_at(entry, "/objectTypeId");
  return is_name(type_id) ? object_name(type_id) : std::string();
}

/// A merge and an association may name no objectId.
std::string record_of(const Json& entry) {
  for (const char* pointer : {"/objectId", "/newObjectId", "/primaryObjectId", "/fromObjectId"})
    if (auto id = id_at(entry, pointer); !id.empty()) return id;
  return "";
}

/// eventId is "not guaranteed unique" (webhooks guide, read 2026-11), and a repeat may carry another: what happened
/// names the event. attemptNumber differs between attempts.
std::string id_of(const Json& entry, const std::string& type, Time time) {
  std::string all = type + '\n' + std::to_string(milliseconds_of(time));
  for (const char* pointer : {"/portalId", "/subscriptionId", "/objectTypeId", "/objectId", "/propertyName",
                              "/propertyValue", "/changeFlag", "/associationType", "/fromObjectId", "/toObjectId",
                              "/associationRemoved", "/primaryObjectId", "/newObjectId", "/messageId"})
    all += '\n' + scalar_at(entry, pointer);
  if (const auto* merged = find(entry, "/mergedObjectIds")) all += '\n' + text(*merged);
  return "hs-" + hex(sha256(all)).substr(0, 40);
}

}  // namespace

Settings<EventsSettings> events_settings() {
  return Settings<EventsSettings>("HubSpot's webhooks.")
      .secret("client_secret",
              "The app's client secret, with which HubSpot signs. Needed unless verify says otherwise.", false)
      .optional("public_url", &EventsSettings::public_url, "",
                "The address that HubSpot calls, https://hooks.example.com/hooks/hubspot, where it differs from what "
                "reaches us: behind a proxy. Empty: scheme and Host as they came.")
      .optional("portal", &EventsSettings::portal, "",
                "The account's id: entries of another account are kept aside as dead letters; empty: any.")
      .optional("types", &EventsSettings::types, std::vector<std::string>(),
                "Types to take: deal.propertyChange, contact.*; empty: all.")
      .optional("ignore_sources", &EventsSettings::ignore_sources, std::vector<std::string>(),
                "Values of changeSource or sourceId whose changes are left out: those of our own writes.");
}

Json events_verifier() {
  return {{"hmac",
           {{"header", "X-HubSpot-Signature-v3"},
            {"secret", {{"setting", "client_secret"}}},
            {"algorithm", "sha256"},
            {"encoding", "base64"},
            {"signed", "${method}${url}${body}${timestamp}"},
            {"url", {{"public", {{"setting", "public_url"}, {"default", ""}}}, {"decode", ":/?@!$'()*,;"}}},
            {"timestamp", {{"header", "X-HubSpot-Request-Timestamp"}, {"unit", "ms"}, {"tolerance", "5m"}}}}}};
}

Result<Event> to_event(const Json& entry) {
  const auto wrong = [](const std::string& what) { return fail(ErrorKind::permanent, what); };
  if (!entry.is_object()) return wrong("an entry of the delivery is no object");
  const auto type = type_of(entry);
  if (type.empty()) return wrong("subscriptionType: missing");
  if (type.size() > 100 || type.find('.') == type.npos)
    return wrong("subscriptionType: no such thing as deal.creation");
  const auto* occurred = find(entry, "/occurredAt");
  const auto time = occurred != nullptr ? read_time(*occurred) : std::nullopt;
  if (!time) return wrong("occurredAt: missing, or no time: a repeat could not be told from another event");
  const auto object = object_of(entry, type), record = record_of(entry);
  if (record.empty()) return wrong("objectId: missing, or no record's id");
  if (object.empty()) return wrong("objectTypeId: missing, and the type names no object");

  Event event;
  event.id = id_of(entry, type, *time);
  event.type = type;
  event.subject = "hubspot:" + object + ":" + record;
  event.time = *time;
  Json payload = entry;
  payload["record"] = {{"type", object}, {"id", record}};
  event.payload = Document(payload);
  return event;
}

bool EventsSource::wanted(const Json& entry) const {
  const auto source = scalar_at(entry, "/changeSource"), by = scalar_at(entry, "/sourceId");
  const auto& ignored = settings_.ignore_sources;
  if (std::any_of(ignored.begin(), ignored.end(),
                  [&](const auto& one) { return !one.empty() && (one == source || one == by); }))
    return false;
  const auto type = type_of(entry);
  return settings_.types.empty() ||
         std::any_of(settings_.types.begin(), settings_.types.end(), [&](const std::string& one) {
           return one == type || (one.ends_with(".*") && type.starts_with(one.substr(0, one.size() - 1)));
         });
}

Result<std::vector<Event>> EventsSource::receive(const HttpRequest& request) {
  const auto count = [&](const char* kind) {
    host_.metrics().count("events", 1, {{"source", "events"}, {"kind", kind}});
  };
  const auto refuse = [&](std::string message) {
    count("refused");
    return fail(ErrorKind::permanent, std::move(message));
  };
  auto body = read_json(request.body, kLimits);
  if (!body) return refuse(body.error().message);
  // One alone, outside an array, is taken as well.
  if (body->is_object()) body = Json::array({std::move(*body)});
  if (!body->is_array()) return refuse("the delivery is no array of events");

  std::vector<Event> events;
  for (const auto& entry : *body) {
    auto event = to_event(entry);
    const auto portal = entry.is_object() ? scalar_at(entry, "/portalId") : "";
    if (event && !settings_.portal.empty() && portal != settings_.portal)
      event = fail(ErrorKind::permanent, "portalId: another account's than the setting portal");
    if (!event) {
      count("refused");
      events.push_back(quarantine(text(entry), event.error().message));
    } else if (!wanted(entry)) {
      count("not_wanted");
    } else {
      count("taken");
      events.push_back(std::move(*event));
    }
  }
  // Nothing promises an order within a delivery: the older happened first.
  std::stable_sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
  return events;
}

}  // namespace milepost::hubspot
