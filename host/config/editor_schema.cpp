#include "host/config/editor_schema.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "host/config/shapes.hpp"

namespace milepost::config {
namespace {

constexpr auto kKinds = std::to_array<FileKind>({{"host", "milepost.yaml", "the host's settings"},
                                                 {"connection", "connections/*.yaml", "one account at a vendor each"},
                                                 {"pipeline", "pipelines/*.yaml", "one pipeline each"},
                                                 {"template", "templates/*.yaml", "a pipeline with parameters each"},
                                                 {"loans", "loans.yaml", "how loans go, and what stops their mail"},
                                                 {"cases", "tests/*.yaml", "cases that milepost test plays"}});

constexpr int kMostUnfolded = 24;  // of what `$ref` unfolds
const std::string kDuration = "[0-9]+ ?(w|d|h|m|s|ms)";
const std::string kSize = "[0-9]+ ?(GiB|MiB|KiB|B)";
const Json kExpression = {{"type", "string"}, {"pattern", "\\$\\{"}};

std::string word(const Json& schema, const char* key) {
  const auto found = schema.is_object() ? schema.find(key) : schema.end();
  return found != schema.end() && found->is_string() ? found->get<std::string>() : "";
}
bool flag(const Json& schema, const char* key) {
  const auto found = schema.is_object() ? schema.find(key) : schema.end();
  return found != schema.end() && found->is_boolean() && found->get<bool>();
}

/// Turns our schemas into what an editor understands.
class Editor {
 public:
  /// `root` is where `$ref` looks. `evaluated`: `${…}` may stand in any text.
  Editor(const Json& root, bool evaluated) : root_(root), evaluated_(evaluated) {}

  Json convert(const Json& schema, int depth = 0) const {
    if (!schema.is_object() || depth > kMostUnfolded) return true;
    if (const auto ref = word(schema, "$ref"); !ref.empty()) return unfold(schema, ref, depth);
    Json out = Json::object();
    for (const auto& [key, value] : schema.items()) {
      if (key.starts_with("x-") || key == "definitions" || key == "format") continue;
      if (key == "properties") {
        for (const auto& [name, property] : value.items()) out[key][name] = convert(property, depth + 1);
      } else if (key == "items" || key == "additionalProperties" || key == "not") {
        out[key] = value.is_object() ? convert(value, depth + 1) : value;
      } else if (key == "anyOf" || key == "oneOf" || key == "allOf") {
        for (const auto& each : value) out[key].push_back(convert(each, depth + 1));
      } else {
        out[key] = value;
      }
    }
    // As the host reads it: a mapping that names its keys has no others.
    if (out.contains("properties") && !out.contains("additionalProperties")) out["additionalProperties"] = false;
    if (word(schema, "type") == "string") spell(schema, out);
    if (flag(schema, "x-secret")) out["description"] = word(schema, "description") + " A secret: write !secret NAME.";
    return evaluated_ && depth > 0 ? or_expression(std::move(out)) : out;
  }

 private:
  /// The definition in the place of its reference, whose own words win; sources and steps stay apart, since they are large.
  Json unfold(const Json& schema, const std::string& ref, int depth) const {
    if (ref == "#/definitions/source" || ref == "#/definitions/step") return {{"$ref", ref}};
    const Json* target = find(root_, ref.substr(1));
    Json out = target == nullptr ? Json::object() : convert(*target, depth + 1);
    for (const auto& [key, value] : schema.items())
      if (key != "$ref" && !key.starts_with("x-") && out.is_object()) out[key] = value;
    return out;
  }

  /// A text's format as a pattern, and a text without any as whatever YAML makes of it: `version: 2` is one too.
  static void spell(const Json& schema, Json& out) {
    const auto format = word(schema, "format");
    const auto instead = word(schema, "x-or");
    const auto pattern = [&](const std::string& text) {
      out["pattern"] = "^(" + (instead.empty() ? "" : instead + "|") + text + ")$";
    };
    if (format == "duration")
      pattern(kDuration);
    else if (format == "size")
      pattern(kSize);
    else if (format == "rate")
      pattern("[0-9]+ per " + kDuration);
    else if (format == "address")
      pattern(".+:[0-9]{1,5}");
    else if (format == "name")
      pattern("([A-Za-z0-9_.-]|\\$\\{params\\.[A-Za-z0-9_]+\\})+");
    else if (format == "step_id")
      pattern("[a-z][a-z0-9_]{0,63}");
    else if (!out.contains("enum") && !out.contains("pattern"))
      out["type"] = {"string", "number", "boolean"};
  }

  static Json or_expression(Json schema) {
    const auto type = schema.find("type");
    const bool free = type == schema.end() ? !schema.contains("enum") && !schema.contains("anyOf") && !schema.contains("oneOf")
                                           : type->is_array();
    if (free) return schema;
    Json out = Json::object();
    for (const char* key : {"description", "default"})
      if (schema.contains(key)) out[key] = schema[key];
    out["anyOf"] = {std::move(schema), kExpression};
    return out;
  }

  const Json& root_;
  bool evaluated_;
};

Json of_shape(std::string_view name) { return Editor(shapes(), false).convert(shape(name)); }

/// The settings of one component, with those that the host adds.
Json settings_of(const Component& component, bool evaluated) {
  Json out = Editor(component.settings, evaluated).convert(component.settings.is_object() ? component.settings : Json::object());
  out["type"] = "object";
  for (const auto* adds : {component.webhook ? "webhook" : "", component.polling ? "polling" : ""}) {
    if (*adds == '\0') continue;
    const Json host = of_shape(adds);
    for (const auto& [key, property] : host["properties"].items()) out["properties"][key] = property;
    if (host.contains("required"))
      for (const auto& key : host["required"]) out["required"].push_back(key);
  }
  if (component.webhook && component.verify.is_null()) out["required"].push_back("verify");
  return out;
}

enum class Place { source, step, connection };

/// What is installed: the words of `use`, and for each what stands beside it.
void fill_in(Json& schema, Place place, const Catalog& catalog) {
  const auto names = place == Place::source ? catalog.sources() : place == Place::step ? catalog.steps() : catalog.connectors();
  Json about = Json::array(), choices = Json::array();
  for (const auto& name : names) {
    const Component& component = *(place == Place::source ? catalog.source(name) : place == Place::step ? catalog.step(name) : catalog.connector(name));
    about.push_back(component.summary);
    Json with = settings_of(component, place == Place::step);
    Json then = {{"properties", Json::object()}}, required = Json::array();
    if (with.contains("required") && !with["required"].empty()) required.push_back("with");
    with["description"] = component.summary.empty() ? name : component.summary;
    then["properties"]["with"] = std::move(with);
    if (place != Place::connection) {
      if (component.connection) required.push_back("connection");
      else then["properties"]["connection"] = false;
      if (place == Place::step && !component.connector.empty()) required.push_back("id");
    }
    if (!required.empty()) then["required"] = std::move(required);
    choices.push_back({{"if", {{"properties", {{"use", {{"const", name}}}}}, {"required", Json::array({"use"})}}}, {"then", std::move(then)}});
  }
  const Json sentence = schema["properties"]["use"]["description"];
  schema["properties"]["use"] = {{"type", "string"}, {"description", sentence}, {"enum", names}, {"enumDescriptions", std::move(about)}};
  schema["allOf"] = std::move(choices);
}

}  // namespace

std::span<const FileKind> file_kinds() { return kKinds; }

Json editor_schema(std::string_view kind, const Catalog& catalog) {
  Json out = {{"$schema", "http://json-schema.org/draft-07/schema#"}};
  out.update(of_shape(kind == "template" ? "pipeline" : kind));
  if (kind == "template") {
    const Json head = of_shape(kind);
    out["description"] = "A pipeline with parameters and locked parts; `milepost template new` makes copies of it.";
    out["properties"].update(head["properties"]);
    out["required"].push_back("template");
  }
  if (kind == "connection") fill_in(out, Place::connection, catalog);
  if (kind != "pipeline" && kind != "template") return out;
  for (const auto place : {Place::source, Place::step}) {
    const char* name = place == Place::source ? "source" : "step";
    Json one = of_shape(name);
    fill_in(one, place, catalog);
    out["definitions"][name] = std::move(one);
  }
  return out;
}

}  // namespace milepost::config
