// The double's properties, pipelines and associations.
#include <set>

#include "plugins/hubspot/sandbox/sandbox.hpp"

namespace milepost::hubspot::sandbox {
namespace {

using testing::json_answer;

Json shown(const Definition& definition) {
  Json options = Json::array();
  for (const auto& option : definition.options)
    options.push_back({{"label", option}, {"value", option}, {"hidden", false}});
  return {{"name", definition.name},
          {"label", definition.label},
          {"type", definition.type},
          {"fieldType", definition.field_type},
          {"groupName", definition.group},
          {"options", std::move(options)},
          {"hasUniqueValue", definition.unique},
          {"modificationMetadata", {{"readOnlyValue", definition.read_only}}}};
}

Json shown(const Pipeline& pipeline) {
  Json stages = Json::array();
  for (const auto& stage : pipeline.stages)
    stages.push_back({{"id", stage.id},
                      {"label", stage.label},
                      {"displayOrder", stages.size()},
                      {"metadata", {{"probability", stage.probability}}},
                      {"archived", false}});
  return {{"id", pipeline.id},
          {"label", pipeline.label},
          {"displayOrder", 0},
          {"stages", std::move(stages)},
          {"archived", false}};
}

}  // namespace

HttpResponse HubspotSandbox::properties(const Ask& ask) {
  Json results = Json::array();
  for (const auto& [name, definition] : crm_.definitions(ask.type)) results.push_back(sandbox::shown(definition));
  return json_answer(200, {{"results", std::move(results)}});
}

HttpResponse HubspotSandbox::property(const Ask& ask) {
  const auto found = crm_.definitions(ask.type).find(ask.params["name"]);
  if (found == crm_.definitions(ask.type).end()) return refuse({404, "OBJECT_NOT_FOUND", "Property does not exist."});
  return json_answer(200, sandbox::shown(found->second));
}

HttpResponse HubspotSandbox::create_property(const Ask& ask) {
  const auto word = [&](const char* pointer) { return get<std::string>(ask.body, pointer).value_or(""); };
  for (const char* needed : {"/name", "/label", "/type", "/fieldType", "/groupName"})
    if (word(needed).empty())
      return refuse({400, "VALIDATION_ERROR", std::string("Invalid input JSON: ") + (needed + 1) + " is missing"});
  Definition definition{word("/name"), word("/label"), word("/type"), word("/fieldType"), word("/groupName")};
  definition.unique = get<bool>(ask.body, "/hasUniqueValue").value_or(false);
  if (auto problem = crm_.define(ask.type, definition)) return refuse(*problem);
  return json_answer(201, sandbox::shown(definition));
}

HttpResponse HubspotSandbox::property_groups(const Ask& ask) {
  std::set<std::string> names;
  for (const auto& [name, definition] : crm_.definitions(ask.type)) names.insert(definition.group);
  Json results = Json::array();
  for (const auto& name : names)
    results.push_back({{"name", name}, {"label", name}, {"displayOrder", results.size()}, {"archived", false}});
  return json_answer(200, {{"results", std::move(results)}});
}

HttpResponse HubspotSandbox::pipelines(const Ask& ask) {
  Json results = Json::array();
  for (const auto& pipeline : crm_.pipelines(ask.type)) results.push_back(sandbox::shown(pipeline));
  return json_answer(200, {{"results", std::move(results)}});
}

HttpResponse HubspotSandbox::pipeline(const Ask& ask) {
  for (const auto& pipeline : crm_.pipelines(ask.type))
    if (pipeline.id == ask.params["id"]) return json_answer(200, sandbox::shown(pipeline));
  return refuse({404, "OBJECT_NOT_FOUND", "Pipeline not found."});
}

HttpResponse HubspotSandbox::associations(const Ask& ask) {
  const auto to = crm_.type_of(ask.params["to"]);
  if (!to || crm_.find(ask.type, ask.params["id"]) == nullptr)
    return refuse({404, "OBJECT_NOT_FOUND", "Object not found."});
  const auto most = static_cast<std::size_t>(std::clamp(ask.query.number("limit", 100), 1LL, 500LL));
  const auto after = ask.query["after"];
  Json results = Json::array(), answer = Json::object();
  bool started = after.empty();
  for (const auto& id : crm_.associated(ask.type, ask.params["id"], *to)) {
    if (!started) {
      started = id == after;
      continue;
    }
    if (results.size() == most) {
      answer["paging"] = {{"next", {{"after", results.back()["toObjectId"]}}}};
      break;
    }
    results.push_back(
        {{"toObjectId", id},
         {"associationTypes", Json::array({{{"category", "HUBSPOT_DEFINED"}, {"typeId", 0}, {"label", nullptr}}})}});
  }
  answer["results"] = std::move(results);
  return json_answer(200, answer);
}

/// The guide tells of no body, the official client (13.5.0) wants one: this is the client's.
HttpResponse HubspotSandbox::associate(const Ask& ask) {
  const auto to = crm_.type_of(ask.params["to"]);
  if (!to || !crm_.associate(ask.type, ask.params["id"], *to, ask.params["to_id"]))
    return refuse({404, "OBJECT_NOT_FOUND", "Object not found."});
  const auto now = testing::iso_time(host_.clock().now());
  const Json spec{{"associationCategory", "HUBSPOT_DEFINED"}, {"associationTypeId", 0}};
  return json_answer(200, {{"status", "COMPLETE"},
                           {"results", Json::array({{{"from", {{"id", ask.params["id"]}}},
                                                     {"to", {{"id", ask.params["to_id"]}}},
                                                     {"associationSpec", spec}}})},
                           {"startedAt", now},
                           {"completedAt", now}});
}

/// A label of the body, in place of the default one. Which labels there are is not held.
HttpResponse HubspotSandbox::associate_labelled(const Ask& ask) {
  const auto to = crm_.type_of(ask.params["to"]);
  if (!ask.body.is_array() || ask.body.empty())
    return refuse({400, "VALIDATION_ERROR", "Invalid input JSON: expected a list of labels"});
  for (const auto& label : ask.body)
    if (get<std::string>(label, "/associationCategory").value_or("").empty() ||
        get<int>(label, "/associationTypeId").value_or(0) <= 0)
      return refuse({400, "VALIDATION_ERROR", "Invalid association label."});
  if (!to || !crm_.associate(ask.type, ask.params["id"], *to, ask.params["to_id"]))
    return refuse({404, "OBJECT_NOT_FOUND", "Object not found."});
  return json_answer(201, {{"fromObjectTypeId", Crm::type_id(ask.type)},
                           {"fromObjectId", ask.params["id"]},
                           {"toObjectTypeId", Crm::type_id(*to)},
                           {"toObjectId", ask.params["to_id"]},
                           {"labels", Json::array()}});
}

}  // namespace milepost::hubspot::sandbox
