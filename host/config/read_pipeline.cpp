// pipelines/*.yaml.
#include <algorithm>
#include <array>

#include "host/config/fault_codes.hpp"
#include "host/config/host_events.hpp"
#include "host/config/load.hpp"
#include "host/config/mapping.hpp"
#include "host/config/readers.hpp"
#include "host/config/words.hpp"

namespace milepost::config {
namespace {

void read_sources(const yaml::Node* node, Pipeline& pipeline, Report& report, Context& context) {
  if (node == nullptr) return;
  if (node->is_map()) {
    pipeline.sources.push_back(read_source(*node, "source", report, context));
  } else if (node->is_list() && !node->items.empty()) {
    for (std::size_t i = 0; i < node->items.size(); ++i)
      pipeline.sources.push_back(read_source(*node->items[i], item("source", i), report, context));
  } else {
    report.fault(code::kShape, *node, "source", "expected a source, or a list of them, found " + describe(*node),
                 "write use: and with: under it");
  }
}

/// What a polling source completes is a webhook source beside it: only there their events share ids.
void check_completed(const yaml::Node* node, const Pipeline& pipeline, Report& report, Context& context) {
  std::vector<std::string> webhooks;
  for (const auto& source : pipeline.sources)
    if (const auto* component = context.catalog.source(source.use); component != nullptr && component->webhook) webhooks.push_back(source.use);
  for (std::size_t i = 0; i < pipeline.sources.size(); ++i) {
    const auto& source = pipeline.sources[i];
    if (source.completes.empty() || std::ranges::find(webhooks, source.completes) != webhooks.end()) continue;
    const auto& at = node->is_list() ? *node->items[i] : *node;
    report.fault(code::kUnknownSource, *at.find("with")->find("completes"), join(node->is_list() ? item("source", i) : "source", "with.completes"),
                 "this pipeline has no webhook source " + in_quotes(source.completes) + did_you_mean(source.completes, webhooks),
                 webhooks.empty() ? "list the webhook source beside it" : "name one of " + listed(webhooks));
  }
}

void read_event(const yaml::Node* node, Pipeline& pipeline, Report& report) {
  Mapping map(node, "event", "event", report);
  const std::array<std::pair<const char*, std::string*>, 7> keys = {{{"id", &pipeline.event.id},
                                                                     {"revision", &pipeline.event.revision},
                                                                     {"type", &pipeline.event.type},
                                                                     {"subject", &pipeline.event.subject},
                                                                     {"actor", &pipeline.event.actor},
                                                                     {"reason", &pipeline.event.reason},
                                                                     {"time", &pipeline.event.time}}};
  for (const auto& [key, to] : keys) {
    *to = map.text(key).value_or("");
    if (const auto* value = map.given() ? map.node().find(key) : nullptr) pipeline.event.at[key] = report.at(*value);
  }
  map.refuse_the_rest();
  if (pipeline.event.subject == "none") {
    pipeline.event.subject.clear();
    pipeline.subject_none = true;
  }
}

void read_steps(const yaml::Node* node, Pipeline& pipeline, Report& report, Context& context) {
  if (node == nullptr) return;
  if (!node->is_list() || node->items.empty()) {
    report.fault(code::kShape, *node, "steps",
                 "expected a list of steps (- use: …), found " + (node->is_list() ? "an empty one" : describe(*node)));
    return;
  }
  std::map<std::string, int> lines;
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    Step step = read_step(*node->items[i], i, report, context);
    const auto [first, fresh] = lines.emplace(step.id, step.at.line);
    if (!fresh && !step.id.empty()) {
      const auto at = step.key_at.find("id");
      report.fault(code::kDuplicateStep, at == step.key_at.end() ? step.at : at->second, join(item("steps", i), "id"),
                   "the id " + in_quotes(step.id) + " is taken by the step in line " + std::to_string(first->second));
    }
    pipeline.steps.push_back(std::move(step));
  }
}

/// The schemas that `validate` steps name.
std::map<std::string, const Json*> read_schemas(const yaml::Node* steps, Pipeline& pipeline, Report& report,
                                                Context& context) {
  std::map<std::string, const Json*> out;
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
    const Step& step = pipeline.steps[i];
    const Json* path = step.use == "validate" ? find(step.with.json, "/schema") : nullptr;
    if (path == nullptr || !path->is_string()) continue;
    const yaml::Node& node = *steps->items[i]->find("with")->find("schema");
    const std::string where = join(item("steps", i), "with.schema");
    const auto& name = path->get_ref<const std::string&>();
    if (name.find("${") != name.npos) {
      report.fault(code::kSchemaFile, node, where, "the schema is named by a path, not by an expression");
      continue;
    }
    const Json* schema = context.schema_files.get(name, node, where, report);
    if (schema != nullptr && out.emplace(name, schema).second) pipeline.schemas.push_back(name);
  }
  return out;
}

}  // namespace

Source read_source(const yaml::Node& node, const std::string& path, Report& report, Context& context) {
  Mapping map(&node, "source", path, report);
  Source source;
  source.at = report.at(node);
  if (!map.given()) return source;
  const auto use = map.needed_text("use", "add use: SOURCE");
  const yaml::Node* connection = map.take("connection");
  const yaml::Node* with = map.take("with");
  source.isolation = read_isolation(map, report);
  map.refuse_the_rest();
  if (!use) return source;
  source.use = *use;
  const auto* component =
      find_component(context.catalog.source(*use), *use, *node.find("use"), map.path("use"), "source",
                     code::kUnknownSource, context.catalog.sources(), report, context.catalog);
  if (component == nullptr) return source;
  source.connection = read_connection_name(connection, node, path, *component, report, context);
  if (source.isolation && (component->connection || component->connector.empty()))
    report.fault(code::kConstraint, *node.find("isolation"), map.path("isolation"),
                 component->connection ? component->name + " runs where its connection does"
                                       : component->name + " is the host's own: there is no plugin to isolate",
                 component->connection ? "write isolation: process in the connection's file" : "remove the key");
  if (component->webhook) read_webhook(with, node, map.path("with"), *component, source, report, context);
  if (component->polling) read_polling(with, map.path("with"), source, report);
  const SettingsRules rules{.expressions = false,
                            .no_expressions_because = "a source runs before there is an event",
                            .host_keys = component->webhook   ? webhook_keys()
                                         : component->polling ? polling_keys()
                                                              : std::set<std::string>{}};
  std::vector<SecretUse> secrets;
  source.with =
      read_settings(with, node, map.path("with"), component->settings, rules, context.settings, report, secrets);
  context.check_secrets(secrets, report);
  return source;
}

std::optional<Pipeline> read_pipeline(const yaml::Node& root, Report& report, Context& context) {
  Mapping map(&root, "pipeline", "", report);
  Pipeline out;
  const auto name = map.needed_text("pipeline", "add pipeline: NAME");
  out.description = map.text("description").value_or("");
  out.owner = map.text("owner").value_or("");
  map.take("template");  // templates.hpp has read it, and put its parameters in
  read_sources(map.need("source", "add source: with use: and with: under it"), out, report, context);
  if (const auto* sources = map.given() ? map.node().find("source") : nullptr) check_completed(sources, out, report, context);
  read_event(map.take("event"), out, report);
  const yaml::Node* steps = map.need("steps", "add steps: and a list under it");
  read_steps(steps, out, report, context);
  if (map.choice("on_failure") == 1) out.on_failure = OnFailure::continue_;
  map.refuse_the_rest();
  const auto schemas = read_schemas(steps, out, report, context);

  if (name && !is_name(*name))
    report.fault(code::kName, *root.find("pipeline"), "pipeline",
                 in_quotes(*name) + " cannot be a name: letters, digits, \".\", \"_\" and \"-\", at most 64");
  if (name && *name == kHostPipeline)
    report.fault(code::kName, *root.find("pipeline"), "pipeline", in_quotes(*name) + " names the host's own events");
  if (!name) return std::nullopt;
  out.name = *name;
  out.at = report.at(*root.find("pipeline"));
  if (report.clean()) {
    out.effective = effective_definition(out, schemas, context.catalog);
    out.version = canonical_digest(out.effective);
  }
  return out;
}

}  // namespace milepost::config
