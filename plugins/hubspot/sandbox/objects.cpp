// The double's records: one by one and in batches.
#include <algorithm>

#include "plugins/hubspot/sandbox/sandbox.hpp"

namespace milepost::hubspot::sandbox {
namespace {

using testing::json_answer;

constexpr std::size_t kMostInputs = 100;

const Problem kNotFound{404, "OBJECT_NOT_FOUND", "Object not found."};

/// What is shown when nothing is asked for.
std::string default_properties(const std::string& type) {
  if (type == "contacts") return "email,firstname,lastname,createdate,lastmodifieddate,hs_object_id";
  if (type == "deals")
    return "amount,closedate,createdate,dealname,dealstage,hs_lastmodifieddate,hs_object_id,pipeline";
  if (type == "notes" || type == "postal_mail") return "hs_createdate,hs_lastmodifieddate,hs_object_id";
  return "name,domain,createdate,hs_lastmodifieddate,hs_object_id";
}

std::string text_at(const Json& json, const char* pointer) { return get<std::string>(json, pointer).value_or(""); }

/// HubSpot promises no order of results; this one never keeps it, and is the same each time.
void shuffle(Json& results) {
  std::reverse(results.begin(), results.end());
  if (results.size() > 2) std::rotate(results.begin(), results.begin() + 1, results.end());
}

Json error_entry(const Problem& problem, const std::string& trace) {
  Json context = Json::object();
  if (!trace.empty()) context["objectWriteTraceId"] = Json::array({trace});
  if (!problem.property.empty()) context["propertyName"] = Json::array({problem.property});
  Json entry{{"status", "error"},
             {"category", problem.category},
             {"message", problem.message},
             {"context", std::move(context)}};
  if (!problem.code.empty()) entry["errors"] = Json::array({{{"message", problem.message}, {"code", problem.code}}});
  return entry;
}

}  // namespace

/// A record as an answer has it: the asked properties (null where unset), or all that are set when `only` is empty.
Json HubspotSandbox::shown(const std::string& type, const Record& record, const std::string& only) const {
  Json properties = Json::object();
  if (only.empty()) properties = record.properties;
  for (std::size_t at = 0; at < only.size();) {
    const auto end = std::min(only.find(',', at), only.size());
    const auto name = only.substr(at, end - at);
    const auto value = record.properties.find(name);
    if (crm_.definitions(type).contains(name))
      properties[name] = value != record.properties.end() ? Json(value->second) : Json(nullptr);
    at = end + 1;
  }
  return {{"id", record.id},
          {"properties", std::move(properties)},
          {"createdAt", testing::iso_time(record.created)},
          {"updatedAt", testing::iso_time(record.updated)},
          {"archived", record.archived},
          {"url", "https://app.hubspot.com/contacts/62515/record/" + Crm::type_id(type) + "/" + record.id}};
}

Record* HubspotSandbox::named(const Ask& ask) {
  const auto& property = ask.query["idProperty"];
  return property.empty() ? crm_.find(ask.type, ask.params["id"]) : crm_.find_by(ask.type, property, ask.params["id"]);
}

HttpResponse HubspotSandbox::list(const Ask& ask) {
  const auto limit = ask.query.number("limit", 10);
  if (limit < 1 || limit > 100) return refuse({400, "VALIDATION_ERROR", "limit must be between 1 and 100"});
  const auto only = ask.query.has("properties") ? ask.query["properties"] : default_properties(ask.type);
  const auto after = ask.query.number("after", 0);
  Json results = Json::array(), answer = Json::object();
  for (const auto& [id, record] : crm_.records(ask.type)) {
    if (record.archived || std::stoll(id) <= after) continue;
    if (results.size() == static_cast<std::size_t>(limit)) {
      answer["paging"] = {{"next", {{"after", results.back()["id"]}}}};
      break;
    }
    results.push_back(shown(ask.type, record, only));
  }
  answer["results"] = std::move(results);
  return json_answer(200, answer);
}

HttpResponse HubspotSandbox::get_one(const Ask& ask) {
  if (const auto& key = ask.query["idProperty"]; !key.empty()) {
    const auto definition = crm_.definitions(ask.type).find(key);
    if (definition == crm_.definitions(ask.type).end() || !definition->second.unique)
      return refuse({400, "VALIDATION_ERROR", "idProperty " + key + " is not a unique property"});
  }
  const auto* record = named(ask);
  if (record == nullptr) return refuse(kNotFound);
  const auto properties =
      ask.query.has("properties") ? ask.query["properties"] + ",hs_object_id" : default_properties(ask.type);
  auto answer = shown(ask.type, *record, properties);
  for (std::string_view rest = ask.query["associations"]; !rest.empty();) {
    const auto name = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
    const auto to = crm_.type_of(name);
    if (!to) return refuse({400, "VALIDATION_ERROR", "Unable to infer object type from: " + std::string(name)});
    Json results = Json::array();
    for (const auto& id : crm_.associated(ask.type, record->id, *to))
      results.push_back({{"id", id}, {"type", ask.type + "_to_" + *to}});
    if (!results.empty()) answer["associations"][*to]["results"] = std::move(results);
  }
  return json_answer(200, answer);
}

HttpResponse HubspotSandbox::create(const Ask& ask) {
  const auto* properties = find(ask.body, "/properties");
  if (properties == nullptr || !properties->is_object())
    return refuse({400, "VALIDATION_ERROR", "Invalid input JSON: properties is missing"});
  const auto* associations = find(ask.body, "/associations");
  if (associations == nullptr || !associations->is_array())
    return refuse({400, "VALIDATION_ERROR", "Invalid input JSON: associations is missing"});
  if (auto problem = crm_.check(ask.type, *properties, nullptr)) return refuse(*problem);
  // Targets' types follow from the association types (enum of @hubspot/api-client 13.5.0, read 2026-11).
  static const std::map<int, std::string> kTo = {
      {202, "contacts"}, {214, "deals"},     {190, "companies"}, {228, "tickets"}, {3, "contacts"},
      {5, "companies"},  {341, "companies"}, {4, "deals"},       {1, "companies"}, {279, "companies"},
      {453, "contacts"}, {457, "deals"},     {459, "companies"}, {455, "tickets"}};
  std::vector<std::pair<std::string, std::string>> targets;
  for (const auto& association : *associations) {
    const auto to = kTo.find(get<int>(association, "/types/0/associationTypeId").value_or(0));
    const auto id = text_at(association, "/to/id");
    if (to == kTo.end()) return refuse({400, "VALIDATION_ERROR", "Invalid association type."});
    if (crm_.find(to->second, id) == nullptr)
      return refuse({400, "VALIDATION_ERROR", "Some associated records do not exist."});
    targets.emplace_back(to->second, id);
  }
  auto& record = crm_.create(ask.type, *properties, host_.clock().now());
  for (const auto& [type, id] : targets) crm_.associate(ask.type, record.id, type, id);
  return json_answer(201, shown(ask.type, record));
}

HttpResponse HubspotSandbox::update(const Ask& ask) {
  auto* record = named(ask);
  if (record == nullptr) return refuse(kNotFound);
  const auto* properties = find(ask.body, "/properties");
  if (properties == nullptr || !properties->is_object())
    return refuse({400, "VALIDATION_ERROR", "Invalid input JSON: properties is missing"});
  if (auto problem = crm_.check(ask.type, *properties, record)) return refuse(*problem);
  crm_.update(ask.type, *record, *properties, host_.clock().now());
  return json_answer(200, shown(ask.type, *record));
}

HttpResponse HubspotSandbox::remove(const Ask& ask) {
  if (auto* record = named(ask)) crm_.archive(ask.type, *record);
  return testing::empty_answer(204);  // also for a repeat: UNCONFIRMED
}

/// A dated family answers mixed outcomes with 200; v3 with 207.
HttpResponse HubspotSandbox::batch(const Ask& ask, Json results, Json errors) const {
  const auto now = testing::iso_time(host_.clock().now());
  shuffle(results);
  const bool mixed = !errors.empty();
  Json body{{"status", "COMPLETE"}, {"results", std::move(results)}, {"startedAt", now}, {"completedAt", now}};
  if (mixed) body["numErrors"] = errors.size(), body["errors"] = std::move(errors);
  return json_answer(mixed && !ask.dated ? 207 : 200, body);
}

HttpResponse HubspotSandbox::batch_read(const Ask& ask) {
  const auto* inputs = find(ask.body, "/inputs");
  if (inputs == nullptr || !inputs->is_array() || inputs->size() > kMostInputs)
    return refuse({400, "VALIDATION_ERROR", "Invalid inputs"});
  std::string only = "hs_object_id";
  if (const auto* names = find(ask.body, "/properties"); names != nullptr && names->is_array())
    for (const auto& name : *names) only += "," + (name.is_string() ? name.get<std::string>() : "");
  const auto property = text_at(ask.body, "/idProperty");
  Json results = Json::array(), errors = Json::array();
  for (const auto& input : *inputs) {
    const auto id = text_at(input, "/id");
    const auto* record = property.empty() ? crm_.find(ask.type, id) : crm_.find_by(ask.type, property, id);
    if (record != nullptr)
      results.push_back(shown(ask.type, *record, only));
    else
      errors.push_back({{"status", "error"},
                        {"category", "OBJECT_NOT_FOUND"},
                        {"message", "Could not get some objects"},
                        {"context", {{"ids", {id}}}}});
  }
  return batch(ask, std::move(results), std::move(errors));
}

/// Per-item outcomes only where each input has a trace id of its own, and never where contacts are keyed by email: then
/// one bad input fails all.
HttpResponse HubspotSandbox::batch_upsert(const Ask& ask) {
  const auto* inputs = find(ask.body, "/inputs");
  if (inputs == nullptr || !inputs->is_array() || inputs->empty())
    return refuse({400, "VALIDATION_ERROR", "Invalid input JSON: inputs is missing"});
  if (inputs->size() > kMostInputs)
    return refuse({400, "VALIDATION_ERROR", "The maximum number of inputs supported in a batch request is 100."});
  std::set<std::string> ids, traces;
  bool partial = true;
  for (const auto& input : *inputs) {
    const auto id = text_at(input, "/id"), key = text_at(input, "/idProperty");
    const auto* properties = find(input, "/properties");
    if (id.empty() || properties == nullptr || !properties->is_object())
      return refuse({400, "VALIDATION_ERROR", "Invalid input JSON: id and properties are required"});
    if (!ids.insert(key + "=" + id).second)
      return refuse({400, "VALIDATION_ERROR", "Duplicate IDs found in batch input"});
    partial = partial && traces.insert(text_at(input, "/objectWriteTraceId")).second && key != "email";
  }
  partial = partial && !traces.contains("");

  const auto before = !partial && inputs->size() > 1 ? std::optional(crm_) : std::nullopt;
  Json results = Json::array(), errors = Json::array();
  for (const auto& input : *inputs) {
    const auto id = text_at(input, "/id"), key = text_at(input, "/idProperty"),
               trace = text_at(input, "/objectWriteTraceId");
    const auto definition = crm_.definitions(ask.type).find(key);
    auto* record = key.empty() ? crm_.find(ask.type, id) : crm_.find_by(ask.type, key, id);
    Json properties = input["properties"];
    std::optional<Problem> problem;
    if (key.empty() && record == nullptr)
      problem = kNotFound;
    else if (!key.empty() && (definition == crm_.definitions(ask.type).end() || !definition->second.unique))
      problem = Problem{400, "VALIDATION_ERROR", "idProperty " + key + " is not a unique property",
                        "INVALID_UNIQUE_PROPERTY", key};
    if (!problem && record == nullptr) properties[key] = id;
    if (!problem) problem = crm_.check(ask.type, properties, record);
    if (problem && !partial) {
      if (before) crm_ = *before;
      return refuse(*problem);
    }
    if (problem) {
      errors.push_back(error_entry(*problem, trace));
      continue;
    }
    const bool created = record == nullptr;
    if (created)
      record = &crm_.create(ask.type, properties, host_.clock().now());
    else
      crm_.update(ask.type, *record, properties, host_.clock().now());
    auto result = shown(ask.type, *record);
    result["new"] = created;
    if (!trace.empty()) result["objectWriteTraceId"] = trace;
    results.push_back(std::move(result));
  }
  return batch(ask, std::move(results), std::move(errors));
}

}  // namespace milepost::hubspot::sandbox
