#include "host/config/from_effective.hpp"

#include "host/config/json_schema.hpp"
#include "host/config/load.hpp"
#include "milepost/settings.hpp"

namespace milepost::config {
namespace {

std::string text_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}
OnFailure failure(const std::string& text) { return text == "continue" ? OnFailure::continue_ : OnFailure::dead_letter; }

Step step_of(const Json& json) {
  Step step;
  step.id = text_at(json, "id");
  step.use = text_at(json, "use");
  step.connection = text_at(json, "connection");
  step.when = text_at(json, "when");
  step.once = text_at(json, "once");
  if (const Json* with = find(json, "/with")) step.with.json = *with;
  step.retry.attempts = get<unsigned>(json, "/retry/attempts").value_or(step.retry.attempts);
  if (const auto within = parse_duration(get<std::string>(json, "/retry/within").value_or(""))) step.retry.within = *within;
  step.on_failure = failure(text_at(json, "on_failure"));
  step.late_run = text_at(json, "late") == "run";
  if (const Json* batch = find(json, "/batch"))
    step.batch = Batch{get<std::size_t>(*batch, "/size").value_or(1),
                       parse_duration(text_at(*batch, "wait")).value_or(std::chrono::milliseconds(200))};
  return step;
}

Source source_of(const Json& json) {
  Source source;
  source.use = text_at(json, "use");
  source.connection = text_at(json, "connection");
  source.path = text_at(json, "path");
  if (const Json* with = find(json, "/with")) source.with.json = *with;
  if (const Json* verify = find(json, "/verify")) source.verify.json = *verify;
  return source;
}

}  // namespace

Result<Restored> from_effective(const Json& effective) {
  const Json* steps = find(effective, "/steps");
  if (!effective.is_object() || steps == nullptr || !steps->is_array() || text_at(effective, "pipeline").empty())
    return fail(ErrorKind::permanent, "the kept definition is no pipeline");
  Restored out;
  auto& pipeline = out.pipeline;
  pipeline.name = text_at(effective, "pipeline");
  pipeline.description = text_at(effective, "description");
  pipeline.owner = text_at(effective, "owner");
  pipeline.on_failure = failure(text_at(effective, "on_failure"));
  for (const auto& step : *steps) pipeline.steps.push_back(step_of(step));
  if (const Json* sources = find(effective, "/source"))
    for (const auto& source : *sources) pipeline.sources.push_back(source_of(source));
  if (const Json* event = find(effective, "/event")) {
    pipeline.event = {.id = text_at(*event, "id"), .revision = text_at(*event, "revision"), .type = text_at(*event, "type"),
                      .subject = text_at(*event, "subject"), .actor = text_at(*event, "actor"), .reason = text_at(*event, "reason"),
                      .time = text_at(*event, "time"), .at = {}};
    pipeline.subject_none = pipeline.event.subject == "none";
    if (pipeline.subject_none) pipeline.event.subject.clear();
  }
  if (const Json* schemas = find(effective, "/schemas"))
    for (const auto& [path, schema] : schemas->items()) {
      auto compiled = JsonSchema::compile(schema);
      if (!compiled) return fail(ErrorKind::permanent, "the kept schema " + path + " is none: " + compiled.error().message);
      out.schemas[path] = std::make_shared<const JsonSchema>(std::move(*compiled));
      pipeline.schemas.push_back(path);
    }
  pipeline.effective = effective;
  pipeline.version = digest(effective);
  return out;
}

}  // namespace milepost::config
