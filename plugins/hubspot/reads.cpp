#include "plugins/hubspot/reads.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "plugins/hubspot/names.hpp"

namespace milepost::hubspot {
namespace {

// Search page, read 2026-11.
constexpr std::size_t kMostFilters = 6;
constexpr std::size_t kMostQuery = 3'000;
constexpr const char* kRecordType = "Type of record: contacts, deals, companies, or a custom object's name or type id.";

std::unexpected<Error> unusable(std::string what) { return fail(ErrorKind::permanent, std::move(what)); }

Result<Answer> counted(Host host, const char* action, Result<Answer> result) {
  const auto outcome = result ? name(result->effect) : name(result.error().kind);
  host.metrics().count("items", 1, {{"action", action}, {"outcome", outcome}});
  return result;
}

Status check_names(const std::vector<std::string>& names, const char* setting) {
  if (std::all_of(names.begin(), names.end(), [](const auto& one) { return is_name(one); })) return {};
  return unusable(std::string(setting) + ": an entry is no name");
}

/// The asked properties of a record; null where it has none of the name.
Json picked(const Json& record, const std::vector<std::string>& properties) {
  Json out = Json::object();
  for (const auto& name : properties) {
    const auto* value = find(record, "/properties/" + name);
    out[name] = value != nullptr ? *value : Json(nullptr);
  }
  return out;
}

/// Of one record: by id, or by a unique property.
struct Which {
  std::string id, property, value;
};
Result<Which> to_which(const GetSettings& settings) {
  const auto id = scalar_text(settings.id).value_or("");
  const bool by_key = settings.key.is_object() && !settings.key.empty();
  if (by_key == !id.empty())
    return unusable("id or key: give one of them, the record's id or a unique property's value");
  if (!by_key) return is_id(id) ? Result<Which>(Which{id, "", ""}) : unusable("id: expected a record's id, digits");
  if (settings.key.size() != 1) return unusable("key: expected one property with its value, such as {loan_id: L-1001}");
  const auto& property = settings.key.begin().key();
  const auto value = scalar_text(*settings.key.begin());
  if (!is_name(property)) return unusable("key: no property's name");
  // A value of dots alone would be another path.
  if (!value || value->find_first_not_of(" .") == value->npos) return unusable("key." + property + ": has no value");
  return Which{"", property, *value};
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ",") + name;
  return out;
}

}  // namespace

const Settings<GetSettings>& get_settings() {
  static const auto spec = [] {
    Settings<GetSettings> settings("Reads a record by its id or by a unique property.");
    settings.required("object", &GetSettings::object, kRecordType)
        .optional("id", &GetSettings::id, Json(""), "The record's id.")
        .optional("key", &GetSettings::key, Json::object(),
                  "In place of id, a unique property with its value: {loan_id: L-1001}.", {{"type", "object"}})
        .required("properties", &GetSettings::properties,
                  "What to bring. The answer is kept with the event: ask for no more than later steps need.")
        .optional("associations", &GetSettings::associations, std::vector<std::string>(),
                  "Object types whose tied records' ids to bring.")
        .optional("missing", &GetSettings::missing, "error",
                  "Where there is no such record: fail, or skip, with found: false.", {{"enum", {"error", "skip"}}});
    return settings;
  }();
  return spec;
}

Result<Answer> Get::run_one(const Delivery& delivery, const Call& call) {
  return counted(host_, "get", read(delivery, call));
}

Result<Answer> Get::read(const Delivery& delivery, const Call& call) const {
  auto settings = get_settings().parse(delivery.with);
  if (!settings) return fail(settings.error());
  const auto object = object_name(settings->object);
  if (!is_name(object)) return unusable("object: no object type");
  if (auto sound = check_names(settings->properties, "properties"); !sound) return fail(sound.error());
  if (auto sound = check_names(settings->associations, "associations"); !sound) return fail(sound.error());
  auto which = to_which(*settings);
  if (!which) return fail(which.error());

  auto names = settings->properties;
  if (!which->property.empty()) names.push_back(which->property);
  auto target = client_.paths().objects(object) + '/';
  const auto shown = "hubspot: GET " + target + (which->id.empty() ? "{key}" : which->id);
  target += which->id.empty() ? escaped(which->value) : which->id;
  target += "?properties=" + joined(names);
  if (!which->property.empty()) target += "&idProperty=" + which->property;
  if (!settings->associations.empty()) target += "&associations=" + joined(settings->associations);
  auto reply = client_.read("get", target, call, shown);
  if (!reply && reply.error().status == 404 && settings->missing == "skip") {
    Answer answer;
    answer.effect = Answer::Effect::skipped;
    answer.body = {{"found", false}, {"object", object}};
    return answer;
  }
  if (!reply) return fail(std::move(reply.error().error));

  const auto id = id_at(*reply, "/id");
  const auto odd = [&](const char* what) { return fail(ErrorKind::retryable, what, shown); };
  if (id.empty()) return odd("the answer has no record's id");
  if (!which->id.empty() && which->id != id)
    return fail(ErrorKind::permanent, "the answer is another record: the one that was asked for may have been merged",
                shown);
  // Contacts are found by their further addresses too, which are not in `email`.
  const auto* value = which->property.empty() ? nullptr : find(*reply, "/properties/" + which->property);
  if (value != nullptr && which->property != "email" && scalar_text(*value) != which->value)
    return odd("the answer is a record of another key");

  Answer answer;
  answer.effect = Answer::Effect::unchanged;
  answer.body = {{"found", true}, {"id", id}, {"object", object}, {"properties", picked(*reply, settings->properties)}};
  for (const auto& to : settings->associations) {
    Json ids = Json::array();
    // A custom object may be named in full: p62515_loan for loan.
    const auto* results = find(*reply, "/associations/" + to + "/results");
    const auto* all = find(*reply, "/associations");
    if (results == nullptr && settings->associations.size() == 1 && all != nullptr && all->is_object() &&
        all->size() == 1)
      results = find(*all->begin(), "/results");
    if (results != nullptr && results->is_array())
      for (const auto& entry : *results)
        if (auto one = id_at(entry, "/id"); !one.empty() && std::find(ids.begin(), ids.end(), one) == ids.end())
          ids.push_back(std::move(one));
    answer.body["associations"][to] = std::move(ids);
  }
  const auto url = milepost::get<std::string>(*reply, "/url").value_or("");
  if (!url.empty()) answer.body["url"] = url;
  answer.record = Record{"hubspot", object, id, milepost::get<std::string>(*reply, "/updatedAt").value_or(""), url};
  return answer;
}

const Settings<SearchSettings>& search_settings() {
  static const auto spec = [] {
    Settings<SearchSettings> settings("Searches records.");
    settings.required("object", &SearchSettings::object, kRecordType)
        .optional("filters", &SearchSettings::filters, Json::array(),
                  "All must hold: {property: dealstage, operator: EQ, value: …}, also with high_value, or values.",
                  {{"type", "array"}})
        .optional("query", &SearchSettings::query, "", "Words to look for in the type's own search properties.")
        .optional("sort", &SearchSettings::sort, "", "Property to order by; -name: the largest first.")
        .required("properties", &SearchSettings::properties, "What to bring of each record.")
        .optional("limit", &SearchSettings::limit, 10, "At most so many records.", {{"minimum", 1}, {"maximum", 200}});
    return settings;
  }();
  return spec;
}

Result<Json> to_search(const SearchSettings& settings) {
  if (auto sound = check_names(settings.properties, "properties"); !sound) return fail(sound.error());
  if (settings.query.size() > kMostQuery) return unusable("query: longer than 3000 characters");
  if (settings.limit < 1 || settings.limit > 200) return unusable("limit: expected 1 to 200");
  if (!settings.filters.is_array()) return unusable("filters: expected a list");
  if (settings.filters.size() > kMostFilters) return unusable("filters: more than 6");
  Json filters = Json::array();
  for (const auto& one : settings.filters) {
    const auto property = milepost::get<std::string>(one, "/property").value_or("");
    const auto op = milepost::get<std::string>(one, "/operator").value_or("EQ");
    if (!is_name(property)) return unusable("filters: an entry names no property");
    if (!is_operator(op))
      return unusable("filters: the operator for " + property + " is none of HubSpot's (EQ, GTE, IN …)");
    Json filter{{"propertyName", property}, {"operator", op}};
    for (const auto& [ours, theirs] : {std::pair{"/value", "value"}, {"/high_value", "highValue"}}) {
      const auto* value = find(one, ours);
      if (value == nullptr || value->is_null()) continue;
      const auto text = scalar_text(*value);
      if (!text) return unusable("filters: the value for " + property + " is no text, number or true/false");
      filter[theirs] = *text;
    }
    if (const auto* values = find(one, "/values"); values != nullptr && values->is_array()) {
      filter["values"] = Json::array();
      for (const auto& value : *values) filter["values"].push_back(scalar_text(value).value_or(""));
    }
    const bool bare = op == "HAS_PROPERTY" || op == "NOT_HAS_PROPERTY";
    if (!bare && !filter.contains("value") && !filter.contains("values"))
      return unusable("filters: no value for " + property);
    filters.push_back(std::move(filter));
  }
  Json body{{"properties", settings.properties}, {"limit", settings.limit}};
  if (!filters.empty()) body["filterGroups"] = Json::array({{{"filters", std::move(filters)}}});
  if (!settings.query.empty()) body["query"] = settings.query;
  if (!settings.sort.empty()) {
    const bool falling = settings.sort.starts_with('-');
    const auto property = settings.sort.substr(falling ? 1 : 0);
    if (!is_name(property)) return unusable("sort: no property's name");
    body["sorts"] = Json::array({{{"propertyName", property}, {"direction", falling ? "DESCENDING" : "ASCENDING"}}});
  }
  return body;
}

Result<Answer> Search::run_one(const Delivery& delivery, const Call& call) {
  return counted(host_, "search", ask(delivery, call));
}

Result<Answer> Search::ask(const Delivery& delivery, const Call& call) const {
  auto settings = search_settings().parse(delivery.with);
  if (!settings) return fail(settings.error());
  const auto object = object_name(settings->object);
  if (!is_name(object)) return unusable("object: no object type");
  auto body = to_search(*settings);
  if (!body) return fail(body.error());
  const auto target = client_.paths().objects(object) + "/search";
  auto reply = client_.send("search", "POST", target, *body, Intent::read, settings->properties, call);
  if (!reply) return fail(std::move(reply.error().error));
  const auto* results = find(*reply, "/results");
  if (results == nullptr || !results->is_array())
    return fail(ErrorKind::retryable, "the answer is no list of records", "hubspot: POST " + target);
  Json records = Json::array();
  for (const auto& record : *results)
    if (auto id = id_at(record, "/id"); !id.empty())
      records.push_back({{"id", std::move(id)}, {"properties", picked(record, settings->properties)}});
  Answer answer;
  answer.effect = Answer::Effect::unchanged;
  answer.body = {{"object", object},
                 {"total", milepost::get<long long>(*reply, "/total").value_or(static_cast<long long>(records.size()))},
                 {"results", std::move(records)}};
  return answer;
}

const Settings<AssociateSettings>& associate_settings() {
  static const auto spec = [] {
    Settings<AssociateSettings> settings("Ties a record to others.");
    settings.required("object", &AssociateSettings::object, kRecordType)
        .required("id", &AssociateSettings::id, "The record's id.")
        .required("to", &AssociateSettings::to, "The others: object type to an id, or a list of ids: {contacts: 101}.",
                  {{"type", "object"}, {"minProperties", 1}})
        .optional("type_id", &AssociateSettings::type_id, 0, "The label's association type id; 0: the default label.")
        .optional("category", &AssociateSettings::category, "USER_DEFINED", "Whose label type_id is.",
                  {{"enum", {"USER_DEFINED", "HUBSPOT_DEFINED", "INTEGRATOR_DEFINED", "WORK"}}});
    return settings;
  }();
  return spec;
}

Result<Answer> Associate::run_one(const Delivery& delivery, const Call& call) {
  return counted(host_, "associate", tie(delivery, call));
}

Result<Answer> Associate::tie(const Delivery& delivery, const Call& call) const {
  auto settings = associate_settings().parse(delivery.with);
  if (!settings) return fail(settings.error());
  const auto object = object_name(settings->object);
  if (!is_name(object)) return unusable("object: no object type");
  const auto id = scalar_text(settings->id).value_or("");
  if (!is_id(id)) return unusable("id: expected a record's id, digits");
  auto targets = to_targets(settings->to, "to");
  if (!targets) return fail(targets.error());
  if (targets->empty()) return unusable("to: names no record");
  Json tied = Json::array();
  for (const auto& target : *targets) {
    const bool labelled = settings->type_id > 0;
    const auto path = labelled ? client_.paths().labelled(object, id, target.object, target.id)
                               : client_.paths().association(object, id, target.object, target.id);
    const Json label =
        Json::array({{{"associationCategory", settings->category}, {"associationTypeId", settings->type_id}}});
    auto done = client_.send("associate", "PUT", path, labelled ? label : Json(nullptr), Intent::repeatable, {}, call);
    if (!done) return fail(std::move(done.error().error));
    tied.push_back({{"object", target.object}, {"id", target.id}});
  }
  Answer answer;
  answer.effect = Answer::Effect::updated;
  answer.body = {{"object", object}, {"id", id}, {"to", std::move(tied)}};
  answer.record = Record{"hubspot", object, id, "", ""};
  return answer;
}

}  // namespace milepost::hubspot
