#include <fmt/core.h>

#include <fstream>
#include <iostream>
#include <iterator>

#include "host/cli/command.hpp"
#include "host/deploy/deployment.hpp"
#include "host/config/host_events.hpp"
#include "host/config/links.hpp"
#include "host/engine/trial.hpp"
#include "host/intake/followers.hpp"
#include "host/intake/mapping.hpp"
#include "host/intake/schedules.hpp"

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

Result<std::string> read_payload(const Arguments& arguments) {
  if (arguments.positional.size() < 2 || arguments.positional[1] == "-")
    return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(arguments.positional[1], std::ios::binary);
  if (!file) return fail(ErrorKind::permanent, arguments.positional[1] + " cannot be read");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// One of the host's own events, or one whose payload is to be given.
std::optional<Event> followed_sample(const std::vector<std::string>& types, telemetry::Time now) {
  const auto of_the_host = std::ranges::find_if(config::host_event::kAll, [&](const auto type) {
    return std::ranges::any_of(types, [&](const auto& wanted) { return config::type_fits(wanted, std::string(type)); });
  });
  if (of_the_host == config::host_event::kAll.end()) return std::nullopt;
  const bool about_an_event = *of_the_host == config::host_event::kDeadLetter || *of_the_host == config::host_event::kInDoubt;
  journal::Event event;
  event.receipt = telemetry::new_id(now);
  event.type = *of_the_host;
  event.time = now;
  event.subject = about_an_event ? "L-1001" : "milepost:connection:crm";
  const Json payload =
      about_an_event ? Json{{"pipeline", "loan-milestones"}, {"event", event.receipt}, {"source", "webhook"}, {"id", "e-1"},
                            {"type", "stage.changed"}, {"subject", event.subject}, {"step", "crm"}, {"reason", "crm: the vendor refused it"}}
                     : Json{{"connection", "crm"}, {"connector", "acme"}, {"pipeline", "loan-milestones"}, {"source", "acme.orders"},
                            {"reason", "the vendor answered 401"}};
  return intake::followed_event(event, text(payload));
}

/// The event that a source which nobody calls would bring next; nullopt for other sources.
std::optional<Event> sample_of(const engine::Program& program, telemetry::Time now) {
  const auto& source = program.pipeline.sources.front();
  if (source.use == "events") return followed_sample(config::texts(source.with.json, "/types"), now);
  if (source.use != "schedule") return std::nullopt;
  const auto times = config::Timetable::make(get<std::string>(source.with.json, "/cron").value_or(""),
                                             get<std::string>(source.with.json, "/zone").value_or(""));
  if (!times) return std::nullopt;
  return intake::scheduled_event(program.pipeline.name, *times, times->next(now), 0);
}

}  // namespace

int try_payload(const Arguments& arguments) {
  if (arguments.positional.empty() || arguments.positional.size() > 2) return wrong_use("say which pipeline: milepost try PIPELINE [FILE]");
  const auto& name = arguments.positional[0];
  const auto deployment = deploy::load(arguments.folder(), false);
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
  auto sample = sample_of(*program, clock.now());
  Event decoded;
  if (arguments.positional.size() == 1 && sample) {
    decoded = std::move(*sample);
  } else {
    auto payload = read_payload(arguments);
    if (!payload) return failed(payload.error());
    if (sample) decoded = std::move(*sample);
    decoded.payload = Document(std::move(*payload));
  }
  const std::string payload = decoded.payload.text();
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
