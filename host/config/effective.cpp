// The effective definition: what runs, whole, so that its digest names it.
#include <algorithm>

#include "host/config/load.hpp"
#include "host/config/readers.hpp"
#include "host/config/units.hpp"
#include "host/telemetry/ids.hpp"

namespace milepost::config {
namespace {

const char* text_of(OnFailure choice) { return choice == OnFailure::continue_ ? "continue" : "dead_letter"; }

Json settings(const Value& with, const Component* component) {
  return component == nullptr ? with.json : with_defaults(with.json, component->settings);
}

Json source_definition(const Source& source, const Catalog& catalog) {
  const Component* component = catalog.source(source.use);
  Json out = {{"use", source.use}, {"with", settings(source.with, component)}};
  if (!source.connection.empty()) out["connection"] = source.connection;
  if (source.isolation)
    out["isolation"] = {{"memory", source.isolation->memory},
                        {"cpu", duration_text(source.isolation->cpu)},
                        {"files", source.isolation->files}};
  if (component != nullptr && component->webhook) {
    out["path"] = source.path;
    out["verify"] = source.verify.json;
    out["accept_validated"] = source.accept_validated;
    if (source.body_limit) out["body_limit"] = *source.body_limit;
  }
  if (component != nullptr && component->polling) out["every"] = duration_text(source.every);
  if (!source.completes.empty()) {
    out["completes"] = source.completes;
    out["missed_after"] = duration_text(source.missed_after);
  }
  return out;
}

Json step_definition(const Step& step, const Catalog& catalog, OnFailure standard) {
  Json out = {{"id", step.id}, {"use", step.use}, {"with", settings(step.with, catalog.step(step.use))}};
  if (!step.connection.empty()) out["connection"] = step.connection;
  if (!step.when.empty()) out["when"] = step.when;
  if (!step.once.empty()) out["once"] = step.once;
  out["retry"] = {{"attempts", step.retry.attempts}, {"within", duration_text(step.retry.within)}};
  out["on_failure"] = text_of(step.on_failure.value_or(standard));
  out["late"] = step.late_run ? "run" : "skip";
  if (step.batch) out["batch"] = {{"size", step.batch->size}, {"wait", duration_text(step.batch->wait)}};
  return out;
}

Json event_definition(const Pipeline& pipeline) {
  const EventMapping& event = pipeline.event;
  Json out = Json::object();
  const auto put = [&](const char* key, const std::string& text) {
    if (!text.empty()) out[key] = text;
  };
  put("id", event.id);
  put("revision", event.revision);
  put("type", event.type);
  put("subject", pipeline.subject_none ? "none" : event.subject);
  put("actor", event.actor);
  put("reason", event.reason);
  put("time", event.time);
  return out;
}

}  // namespace

Json canonical(const Json& value) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const auto& element : value) out.push_back(canonical(element));
    return out;
  }
  if (!value.is_object()) return value;
  std::vector<const Json::object_t::value_type*> members;
  for (const auto& member : value.get_ref<const Json::object_t&>()) members.push_back(&member);
  std::ranges::sort(members, {}, [](const auto* member) -> const std::string& { return member->first; });
  Json out = Json::object();
  auto& object = out.get_ref<Json::object_t&>();
  object.reserve(members.size());
  for (const auto* member : members) object.emplace_back(member->first, canonical(member->second));
  return out;
}

std::string digest(const Json& value) { return canonical_digest(canonical(value)); }

Json effective_definition(const Pipeline& pipeline, const std::map<std::string, const Json*>& schemas,
                          const Catalog& catalog) {
  Json sources = Json::array(), steps = Json::array();
  for (const auto& source : pipeline.sources) sources.push_back(source_definition(source, catalog));
  for (const auto& step : pipeline.steps) steps.push_back(step_definition(step, catalog, pipeline.on_failure));
  Json out = canonical(Json{{"pipeline", pipeline.name},
                            {"description", pipeline.description},
                            {"owner", pipeline.owner},
                            {"source", std::move(sources)},
                            {"event", event_definition(pipeline)},
                            {"steps", std::move(steps)},
                            {"on_failure", text_of(pipeline.on_failure)},
                            {"schemas", Json::object()}});
  // They are canonical already, and long.
  for (const auto& [path, schema] : schemas) out["schemas"][path] = *schema;
  return out;
}

std::string canonical_digest(const Json& value) { return telemetry::hex(telemetry::sha256(text(value))); }

}  // namespace milepost::config
