// The OpenAPI document: written from the route table, so that it lists what is served and nothing else.
#include "host/api/routes.hpp"
#include "host/api/schemas.hpp"

namespace milepost::api {
namespace {

Json reference(std::string_view schema) { return {{"$ref", "#/components/schemas/" + std::string(schema)}}; }

Json content(std::string_view type, Json schema) {
  return Json::object({{std::string(type), Json::object({{"schema", std::move(schema)}})}});
}

Json refused(const char* description) {
  return {{"description", description}, {"content", content("application/problem+json", reference("Problem"))}};
}

Json schema_of(const Parameter& parameter) {
  if (parameter.most != 0) return {{"type", "integer"}, {"minimum", parameter.least}, {"maximum", parameter.most}};
  Json schema{{"type", "string"}};
  if (!parameter.choices.empty())
    schema["enum"] = parameter.choices;
  else
    schema["minLength"] = 1, schema["maxLength"] = 256;
  return schema;
}

Json parameters_of(const Route& route) {
  Json out = Json::array();
  if (const auto brace = route.path.find('{'); brace != route.path.npos) {
    const auto name = route.path.substr(brace + 1, route.path.find('}') - brace - 1);
    out.push_back({{"name", name},
                   {"in", "path"},
                   {"required", true},
                   {"description", route.key_description},
                   {"schema", {{"type", "string"}, {"minLength", 1}}}});
  }
  for (const auto& parameter : route.parameters)
    out.push_back({{"name", parameter.name},
                   {"in", "query"},
                   {"required", false},
                   {"description", parameter.description},
                   {"schema", schema_of(parameter)}});
  return out;
}

Json responses_of(const Route& route) {
  Json good = route.answer.empty() ? content("text/plain", {{"type", "string"}})
                                   : content("application/json", reference(route.answer));
  Json out{
      {"200", {{"description", "The answer."}, {"content", good}}},
      {"400", refused("A parameter or the body is unknown, stands twice or has a bad value; the detail names it and the remedy.")}};
  if (route.access == Route::Access::key) out["401"] = refused("The key is missing or wrong.");
  if (route.path.find('{') != route.path.npos) out["404"] = refused("There is none.");
  if (!route.body.empty()) out["409"] = refused("It cannot be done; the detail says why. Nothing was changed.");
  if (route.where == Route::Where::worker) out["503"] = refused("Too many requests wait, or the store cannot be read.");
  if (route.operation == "ready")
    out["503"] = {{"description", "Deliveries are not accepted."}, {"content", std::move(good)}};
  return out;
}

Json operation_of(const Route& route) {
  Json out{{"operationId", route.operation}, {"summary", route.summary}};
  if (Json parameters = parameters_of(route); !parameters.empty()) out["parameters"] = std::move(parameters);
  if (!route.body.empty())
    out["requestBody"] = {{"required", true}, {"content", content("application/json", reference(route.body))}};
  out["responses"] = responses_of(route);
  if (route.access == Route::Access::open) out["security"] = Json::array();
  return out;
}

}  // namespace

Json openapi() {
  Json paths = Json::object();
  for (const auto& route : routes()) paths[std::string(route.path)][route.body.empty() ? "get" : "post"] = operation_of(route);
  Json security = Json::array();
  security.push_back(Json::object({{"key", Json::array()}}));
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "Milepost's admin API"},
            {"version", "1"},
            {"description", "What a host has accepted, done and recorded, and what a person may do with events that wait for one."},
            {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
          {"servers", Json::array({Json::object({{"url", "/"}})})},
          {"security", std::move(security)},
          {"paths", std::move(paths)},
          {"components",
           {{"securitySchemes",
             {{"key",
               {{"type", "http"},
                {"scheme", "bearer"},
                {"description", "The key in data/owner.key. Not asked for on the unix socket."}}}}},
            {"schemas", schemas()}}}};
}

}  // namespace milepost::api
