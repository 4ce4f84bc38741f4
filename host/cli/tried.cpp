#include "host/cli/tried.hpp"

#include <algorithm>

#include "host/cases/suite.hpp"
#include "host/config/secrets.hpp"
#include "host/engine/run.hpp"
#include "host/engine/trial.hpp"
#include "host/expression/paths.hpp"
#include "host/intake/mapping.hpp"

namespace milepost::cli {
namespace {

/// No secret of the folder is here, so none can show; *** stands for the doubles' all the same, as for whatever proves who asks.
std::string masked(std::string text, const std::vector<std::string>& hidden) {
  for (const auto& secret : hidden)
    for (std::size_t at = 0; (at = text.find(secret, at)) != text.npos; at += 3) text.replace(at, secret.size(), "***");
  const std::string mark = config::kMadeUp;
  for (std::size_t at = 0; (at = text.find(mark, at)) != text.npos; at += 3) {
    auto end = at + mark.size();
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) || std::string_view("_.-").contains(text[end]))) ++end;
    text.replace(at, end - at, "***");
  }
  return text;
}

cases::Reached masked(cases::Reached request, const std::vector<std::string>& hidden) {
  request.url = masked(std::move(request.url), hidden);
  request.body = masked(std::move(request.body), hidden);
  for (auto& [name, value] : request.headers)
    value = same_header(name, "Authorization") ? "***" : masked(std::move(value), hidden);
  return request;
}

/// A connector of the pipeline that has no double here; "".
std::string without_double(const deploy::Deployment& deployment, const engine::Program& program) {
  for (const auto& step : program.steps) {
    if (step.kind != engine::ProgramStep::Kind::action) continue;
    const auto connector = step.definition.use.substr(0, step.definition.use.find('.'));
    const auto twins = deployment.registry->sandboxes();
    if (std::ranges::none_of(twins, [&](const auto& twin) { return twin.name == connector + "-sandbox"; })) return connector;
  }
  return {};
}

std::vector<std::string> missing_settings(const deploy::Deployment& deployment, const std::string& use, const Json& with) {
  std::vector<std::string> out;
  const auto* component = deployment.registry->step(use);
  const Json* required = component == nullptr ? nullptr : find(component->settings, "/required");
  if (required == nullptr || !required->is_array() || !with.is_object()) return out;
  for (const auto& name : *required)
    if (name.is_string() && !with.contains(name.get<std::string>())) out.push_back(name.get<std::string>());
  return out;
}

/// What the doubles answered, as `steps.<id>` shows it.
std::map<std::string, Json> answers_of(const Json& stories) {
  std::map<std::string, Json> out;
  for (const auto& story : stories) {
    const Json* answer = find(story, "/answer");
    if (answer == nullptr) continue;
    const auto outcome = get<std::string>(story, "/outcome").value_or("");
    out[get<std::string>(story, "/step").value_or("")] = engine::step_view(text(Json{{"effect", outcome}, {"body", *answer}}));
  }
  return out;
}

const Json* story_of_step(const Json& stories, const std::string& id) {
  for (const auto& story : stories)
    if (get<std::string>(story, "/step").value_or("") == id) return &story;
  return nullptr;
}

}  // namespace

std::optional<std::string> KnownLinks::find(const std::string& system, const std::string& type, const std::string& id) {
  for (const auto& one : asked_)
    if (one.system == system && one.type == type && one.id == id) return one.subject.empty() ? std::nullopt : std::optional(one.subject);
  auto subject = ask_ ? ask_(system, type, id) : std::nullopt;
  asked_.push_back({system, type, id, subject.value_or("")});
  return subject;
}

Result<Tried> play_once(const deploy::Deployment& deployment, const engine::Program& program, const cases::Stimulus& entry,
                        const journal::NewEvent& event, const Known& known) {
  Tried out;
  out.event = event;
  out.known = known;
  out.now = *entry.at;
  out.payload = read_json(event.payload).value_or(nullptr);
  out.head = intake::event_view(event, out.now);
  const auto missing = without_double(deployment, program);
  out.whole = missing.empty();
  if (!out.whole) out.why_not_whole = "the double of " + missing + " is not installed, so what it is asked and answers is not known";

  auto& links = *out.known.links;
  const auto past = answers_of(known.past);
  // Once without the doubles, to learn what is asked of the links: the world that they play in has a store of its own.
  const engine::Recorded before{{}, out.now, false, known.loan, past, links.link()};
  static_cast<void>(engine::try_event(program, event, out.now, &before));
  Json stories = Json::array();
  if (out.whole) {
    const cases::CaseFile file{"", "", nullptr, {program.pipeline.name}, {}, {}};
    cases::Case what;
    what.events = {entry};
    if (known.loan.is_object()) what.loans[event.subject] = known.loan;
    for (const auto& link : links.asked())
      if (!link.subject.empty()) what.links.push_back(link);
    what.suppressed = known.suppressed;
    const cases::Scratch scratch;
    std::mutex at_the_registry;
    out.played = cases::play(file, what, {deployment.registry, deployment.folder.connections, deployment.secrets, deployment.programs, deployment.loans, scratch.path(), at_the_registry}, 0);
    if (!out.played.failure.empty()) return fail(ErrorKind::permanent, out.played.failure);
    if (!out.played.stories.empty()) stories = out.played.stories.front().second;
    const Json* first = find(out.played.outcome, "/events/0");
    const auto state = first == nullptr ? std::string() : get<std::string>(*first, "/state").value_or("");
    const auto reason = first == nullptr ? std::string() : get<std::string>(*first, "/reason").value_or("");
    out.end = state == "dead" ? "dead letter: " + reason : state == "in_doubt" ? "in doubt: " + reason : state.empty() ? "refused: " + reason : state;
  }
  engine::Recorded recorded{{}, out.now, false, known.loan, answers_of(stories), links.link()};
  for (const auto& [step, answer] : past) recorded.answers[step] = answer;  // what it got, and not what a double says
  const auto trial = engine::try_event(program, event, out.now, &recorded, deployment.loans.get());
  if (!out.whole) out.end = trial.end;

  out.answers = Json::object();
  for (const auto& [step, answer] : recorded.answers) out.answers[step] = answer;
  expression::Machine machine;
  const expression::Scope scope{.payload = &out.payload, .event = &out.head, .loan = &out.known.loan, .steps = &out.answers, .params = nullptr, .link = links.link(), .now = out.now};
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const auto& step = program.steps[i];
    TriedStep told{step.definition.id, step.definition.use, step.definition.connection, {}, step.definition.when, {}, {}, nullptr, nullptr, nullptr, nullptr, {}, {}};
    const engine::TrialStep* tried = i < trial.steps.size() ? &trial.steps[i] : nullptr;
    if (const Json* story = story_of_step(stories, told.id)) {
      told.outcome = get<std::string>(*story, "/outcome").value_or("");
      told.reason = get<std::string>(*story, "/reason").value_or("");
      if (const Json* gate = find(*story, "/gate")) told.gate = *gate;
    } else if (tried != nullptr && event.quarantine.empty()) {
      told.outcome = tried->outcome == "skipped" ? "not_run" : tried->outcome == "fails" ? "failed" : step.kind == engine::ProgramStep::Kind::action ? "planned" : "passed";
      told.reason = tried->outcome == "fails" ? tried->reason : "";
    } else {
      told.outcome = "not_reached";
    }
    if (const Json* then = story_of_step(known.past, told.id)) {
      told.past = Json::object();
      for (const char* key : {"outcome", "reason", "answer"})
        if (then->contains(key)) told.past[key] = (*then)[key];
    }
    if (step.when && told.outcome != "not_reached") told.values = expression::values_of(step.when_reads, machine, scope);
    if (tried != nullptr && told.outcome != "not_reached" && told.outcome != "not_run") {
      told.with = tried->with;
      told.key = tried->key;
      told.missing = missing_settings(deployment, told.use, told.with);
    }
    const auto requests = out.played.requests.find(told.use.substr(0, told.use.find('.')));
    if (requests != out.played.requests.end())
      for (const auto& request : requests->second)
        if (request.mark == told.id) told.requests.push_back(masked(request, out.played.hidden));
    out.steps.push_back(std::move(told));
  }
  // Before a step's delivery is written as sent, its connection is opened.
  for (const auto& [vendor, requests] : out.played.requests)
    for (const auto& request : requests) {
      const auto step = std::ranges::find(out.steps, request.mark, &TriedStep::id);
      if (step == out.steps.end() || !step->use.starts_with(vendor + ".")) out.opening.push_back(masked(request, out.played.hidden));
    }
  return out;
}

Result<Json> explain_expression(const std::string& source, const Tried& tried) {
  const auto compiled = expression::Expression::compile(source);
  if (!compiled) return fail(compiled.error());
  expression::Machine machine;
  const expression::Scope scope{.payload = &tried.payload, .event = &tried.head, .loan = &tried.known.loan, .steps = &tried.answers, .params = nullptr, .link = tried.known.links->link(), .now = tried.now};
  const auto value = machine.evaluate(*compiled, scope);
  if (!value) return fail(value.error());
  return Json{{"expression", source}, {"value", *value ? **value : Json(nullptr)}, {"values", expression::values_of(expression::paths_in(source), machine, scope)}};
}

}  // namespace milepost::cli
