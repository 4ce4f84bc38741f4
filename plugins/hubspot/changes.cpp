#include <algorithm>
#include <utility>

#include "milepost/times.hpp"
#include "plugins/hubspot/names.hpp"
#include "plugins/hubspot/sources.hpp"

namespace milepost::hubspot {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostOnAPage = 200;  // (search page, read 2026-11)

Json filter(const std::string& property, const char* op, long long value) {
  return {{"propertyName", property}, {"operator", op}, {"value", std::to_string(value)}};
}

}  // namespace

/// What was modified before `from` has been told; of what was modified at `from`, the ids up to `tie`, where it is set.
struct ChangesSource::Place {
  long long from = 0;
  std::string tie;

  static std::optional<Place> read(const Cursor& cursor) {
    if (cursor.empty()) return std::nullopt;
    const auto json = read_json(cursor).value_or(Json());
    const auto from = get<long long>(json, "/from");
    if (!from) return std::nullopt;
    return Place{*from, get<std::string>(json, "/tie").value_or("")};
  }
  Cursor cursor() const {
    Json json{{"from", from}};
    if (!tie.empty()) json["tie"] = tie;
    return text(json);
  }
};

struct ChangesSource::Found {
  std::string id;
  long long at = 0;  ///< milliseconds
  Json record;
};

Settings<ChangesSettings> changes_settings() {
  return Settings<ChangesSettings>("Records as they are after each change, found by when they were modified.")
      .required("object", &ChangesSettings::object,
                "Type of record: contacts, deals, companies, or a custom object's name or type id.")
      .optional("properties", &ChangesSettings::properties, std::vector<std::string>(), "Properties to bring along.")
      .optional("lookback", &ChangesSettings::lookback, std::chrono::milliseconds(24h),
                "How far back the very first poll looks.")
      .optional("index_lag", &ChangesSettings::index_lag, std::chrono::milliseconds(30s),
                "How long HubSpot's search may lag behind a write: younger changes are left for a later poll.");
}

std::string ChangesSource::modified() const {
  return object_name(settings_.object) == "contacts" ? "lastmodifieddate" : "hs_lastmodifieddate";
}

Result<std::vector<ChangesSource::Found>> ChangesSource::ask(const Place& place, Time upto, std::size_t limit,
                                                             const Call& call) const {
  Json filters = Json::array(), sort{{"propertyName", modified()}, {"direction", "ASCENDING"}};
  if (place.tie.empty()) {
    filters.push_back(filter(modified(), "BETWEEN", place.from));
    filters.back()["highValue"] = std::to_string(milliseconds_of(upto));
  } else {
    filters.push_back(filter(modified(), "EQ", place.from));
    filters.push_back({{"propertyName", "hs_object_id"}, {"operator", "GT"}, {"value", place.tie}});
    sort["propertyName"] = "hs_object_id";
  }
  Json properties = Json::array({modified(), "hs_object_id"});
  for (const auto& name : settings_.properties) properties.push_back(name);
  const auto target = client_.paths().objects(object_name(settings_.object)) + "/search";
  auto reply = client_.send("search_changes", "POST", target,
                            {{"filterGroups", Json::array({{{"filters", filters}}})},
                             {"sorts", Json::array({sort})},
                             {"properties", properties},
                             {"limit", limit}},
                            Intent::read, settings_.properties, call);
  if (!reply) return fail(std::move(reply.error().error));
  const auto wrong = [&](const char* what) { return fail(ErrorKind::retryable, what, "hubspot: POST " + target); };
  const auto* results = find(*reply, "/results");
  if (results == nullptr || !results->is_array()) return wrong("the answer is no list of records");
  std::vector<Found> found;
  for (const auto& record : *results) {
    const auto* at = find(record, "/properties/" + modified());
    if (at == nullptr || at->is_null()) at = find(record, "/updatedAt");
    const auto time = at != nullptr ? read_time(*at) : std::nullopt;
    auto id = id_at(record, "/id");
    if (!time || id.empty()) return wrong("a record of the answer has no id, or does not say when it was modified");
    found.push_back({std::move(id), milliseconds_of(*time), record});
    if (found.back().at < place.from) return wrong("the answer holds records that were not asked for");
    const auto& last = found.back();
    if (found.size() > 1 && place.tie.empty() && last.at < found[found.size() - 2].at)
      return wrong("the answer's records are not in the order that was asked for");
    if (place.tie.empty()) continue;
    if (last.at != place.from) return wrong("the answer holds records that were not asked for");
    const auto& before = found.size() > 1 ? found[found.size() - 2].id : place.tie;
    if (std::pair(last.id.size(), last.id) <= std::pair(before.size(), before))
      return wrong("the answer's records are not in the order that was asked for");
  }
  return found;
}

Event ChangesSource::to_event(const Found& found) const {
  const auto object = object_name(settings_.object);
  Event event;
  event.id = object + ":" + found.id + ":" + std::to_string(found.at);
  event.type = object + ".changed";
  event.subject = "hubspot:" + object + ":" + found.id;
  event.time = Time(std::chrono::milliseconds(found.at));
  Json properties = Json::object();
  for (const auto& name : settings_.properties)
    if (const auto* value = find(found.record, "/properties/" + name)) properties[name] = *value;
  event.payload = Document(Json{{"record", {{"type", object}, {"id", found.id}}},
                                {"modifiedAt", found.at},
                                {"properties", std::move(properties)}});
  return event;
}

Result<Page> ChangesSource::poll(const Cursor& after, std::size_t limit, const Call& call) {
  for (const auto& name : settings_.properties)
    if (!is_name(name)) return fail(ErrorKind::permanent, "properties: an entry is no property's name");
  if (!is_name(settings_.object)) return fail(ErrorKind::permanent, "object: no object type");
  const auto upto = host_.clock().now() - settings_.index_lag;
  auto place = Place::read(after).value_or(Place{milliseconds_of(upto - settings_.lookback), ""});
  const auto size = std::clamp<std::size_t>(limit, 1, kMostOnAPage);
  Page page;
  page.next = place.cursor();
  if (place.tie.empty() && place.from > milliseconds_of(upto)) return page;
  auto found = ask(place, upto, size, call);
  if (!found) return fail(found.error());

  const bool full = found->size() >= size;
  if (!place.tie.empty()) {
    // All of one time: by id, to their end.
    if (full)
      place.tie = found->back().id;
    else
      place = {place.from + 1, ""};
  } else if (full && found->front().at == found->back().at) {
    // Nothing says in which order the search gave them: begin again, by id.
    place = {found->front().at, "0"};
    found->clear();
    page.next = place.cursor();
    return poll(page.next, limit, call);
  } else if (full) {
    // The last time's records may go on on the next page, which begins with them.
    place.from = found->back().at;
    std::erase_if(*found, [&](const Found& one) { return one.at == place.from; });
  } else {
    place.from = milliseconds_of(upto) + 1;
  }
  for (const auto& one : *found) page.events.push_back(to_event(one));
  if (!page.events.empty())
    host_.metrics().count("events", static_cast<double>(page.events.size()),
                          {{"source", "changes"}, {"kind", "taken"}});
  page.next = place.cursor();
  return page;
}

}  // namespace milepost::hubspot
