#include <fmt/core.h>

#include <fstream>
#include <iostream>
#include <iterator>

#include "host/cli/command.hpp"
#include "host/cli/deployment.hpp"
#include "host/engine/trial.hpp"
#include "host/intake/mapping.hpp"

namespace milepost::cli {
namespace {

void print_indented(const Json& value) {
  // dump() does not know exact numbers: print members one by one, each compact.
  if (!value.is_object()) {
    fmt::print("      {}\n", text(value));
    return;
  }
  std::size_t width = 0;
  for (const auto& [key, member] : value.items()) width = std::max(width, key.size());
  for (const auto& [key, member] : value.items()) fmt::print("      {:<{}}  {}\n", key, width, member.is_string() ? member.get<std::string>() : text(member));
}

}  // namespace

int try_payload(const Arguments& arguments) {
  if (arguments.positional.empty() || arguments.positional.size() > 2) return wrong_use("say which pipeline: milepost try PIPELINE [FILE]");
  const auto& name = arguments.positional[0];
  std::string payload;
  if (arguments.positional.size() == 2 && arguments.positional[1] != "-") {
    std::ifstream file(arguments.positional[1], std::ios::binary);
    if (!file) return failed({ErrorKind::permanent, arguments.positional[1] + " cannot be read"});
    payload.assign(std::istreambuf_iterator<char>(file), {});
  } else {
    payload.assign(std::istreambuf_iterator<char>(std::cin), {});
  }
  const auto deployment = load(arguments.folder(), false);
  std::vector<std::string> names;
  std::shared_ptr<const engine::Program> program;
  for (const auto& one : deployment.programs) {
    names.push_back(one->pipeline.name);
    if (one->pipeline.name == name) program = one;
  }
  if (program == nullptr) {
    for (const auto& broken : deployment.broken)
      if (broken.name == name) return failed({ErrorKind::permanent, "the pipeline \"" + name + "\" has faults: see `milepost check`"});
    const auto near = config::nearest(name, names);
    return failed({ErrorKind::permanent, "there is no pipeline \"" + name + "\"" + (near.empty() ? "" : "; did you mean \"" + near + "\"?")});
  }

  telemetry::SystemClock clock;
  const auto& source = program->pipeline.sources.front();
  Event decoded;
  decoded.payload = Document(payload);
  std::string refusal;
  if (const auto info = deployment.registry->source_info(source.use); info && info->webhook) {
    auto decoder = deployment.registry->webhook(source.use, source.with.json.is_null() ? Json::object() : source.with.json, {nullptr, &clock, nullptr});
    if (!decoder) return failed(decoder.error());
    auto events = (*decoder)->receive({"POST", source.path, {{"Content-Type", "application/json"}}, payload, Intent::once});
    if (!events) refusal = events.error().message;
    else if (events->empty()) return failed({ErrorKind::permanent, "the source makes no event of it"});
    else decoded = events->front();
  }
  config::Faults faults;
  const auto mapping = intake::Mapping::compile(program->pipeline, faults);
  expression::Machine machine;
  auto event = mapping->map(machine, name, source.use, decoded, "application/json", clock.now());
  if (!refusal.empty()) event.quarantine = refusal;
  const auto trial = engine::try_event(*program, event, clock.now());

  if (arguments.json()) {
    Json steps = Json::array();
    for (const auto& step : trial.steps)
      steps.push_back({{"id", step.id}, {"use", step.use}, {"connection", step.connection}, {"outcome", step.outcome}, {"reason", step.reason}, {"with", step.with}, {"key", step.key}});
    fmt::print("{}\n", text(Json{{"event", {{"id", event.id}, {"type", event.type}, {"subject", event.subject}, {"actor", event.actor}}}, {"steps", steps}, {"end", trial.end}}));
  } else {
    fmt::print("event {}  type {}  subject {}\n\n", event.id, event.type, event.subject);
    std::size_t width = 0;
    for (const auto& step : trial.steps) width = std::max(width, step.id.size() + step.use.size() + 2);
    for (const auto& step : trial.steps) {
      const std::string label = step.id.starts_with(step.use + "-") ? step.use : step.id + "  " + step.use;
      fmt::print("  {:<{}}  {}{}\n", label, width, step.outcome, step.reason.empty() ? "" : " (" + step.reason + ")");
      if (!step.with.is_null()) print_indented(step.with);
    }
    fmt::print("\n{}; nothing was sent\n", trial.end);
  }
  return trial.end == "done" ? kDone : kFaults;
}

}  // namespace milepost::cli
