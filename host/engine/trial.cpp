#include "host/engine/trial.hpp"

#include "host/engine/run.hpp"
#include "host/loans/reconcile.hpp"
#include "host/loans/loan_state.hpp"

namespace milepost::engine {
namespace {

/// Puts ‹steps.a.b› wherever a text of the later steps reads steps.a.b.
void imagine(Json& answer, const std::string& id, const std::string& source) {
  const std::string start = "steps." + id + ".";
  for (std::size_t at = 0; (at = source.find(start, at)) != source.npos;) {
    std::size_t end = at + start.size();
    Json* into = &answer;
    while (true) {
      std::size_t stop = end;
      while (stop < source.size() && (std::isalnum(static_cast<unsigned char>(source[stop])) || source[stop] == '_')) ++stop;
      if (stop == end) break;
      if (!into->is_object()) *into = Json::object();
      into = &(*into)[source.substr(end, stop - end)];
      if (stop >= source.size() || source[stop] != '.') {
        if (into->is_null()) *into = "‹" + source.substr(at, stop - at) + "›";
        break;
      }
      end = stop + 1;
    }
    at += start.size();
  }
}

void each_text(const Json& value, const std::function<void(const std::string&)>& visit) {
  if (value.is_string()) visit(value.get_ref<const std::string&>());
  else if (value.is_structured())
    for (const auto& member : value) each_text(member, visit);
}

Json imagined_answer(const Program& program, std::size_t step) {
  Json answer = Json::object();
  const std::string& id = program.steps[step].definition.id;
  for (std::size_t i = step + 1; i < program.steps.size(); ++i) {
    const auto& later = program.steps[i].definition;
    imagine(answer, id, later.when);
    imagine(answer, id, later.once);
    each_text(later.with.json, [&](const std::string& source) { imagine(answer, id, source); });
  }
  answer["effect"] = "created";
  return answer;
}

}  // namespace

Trial try_event(const Program& program, const journal::NewEvent& event, telemetry::Time now, const Recorded* recorded, const loans::Model* model) {
  Trial trial;
  if (!event.quarantine.empty()) {
    trial.end = "dead letter: " + event.quarantine;
    return trial;
  }
  const Json payload = read_json(event.payload).value_or(nullptr);
  Json head{{"id", event.id}, {"type", event.type}, {"subject", event.subject}, {"actor", event.actor}, {"reason", event.reason},
            {"revision", event.revision}, {"pipeline", event.pipeline}, {"time", telemetry::to_text(event.time)}, {"late", false}};
  if (recorded != nullptr) {
    head["receipt"] = recorded->receipt;
    head["accepted_at"] = telemetry::to_text(recorded->accepted_at);
    head["late"] = recorded->late;
  }
  for (auto& value : head)
    if (value.is_string() && value.get_ref<const std::string&>().empty()) value = nullptr;
  Json answers = Json::object();
  const Json loan = recorded != nullptr ? recorded->loan : Json(nullptr);
  const auto known = [&](const std::string& step) -> const Json* {
    if (recorded == nullptr) return nullptr;
    const auto found = recorded->answers.find(step);
    return found == recorded->answers.end() ? nullptr : &found->second;
  };
  expression::Machine machine;
  const expression::Scope scope{.payload = &payload, .event = &head, .loan = &loan, .steps = &answers, .params = nullptr, .link = recorded != nullptr ? recorded->link : decltype(Recorded::link)(), .now = now};
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const auto& step = program.steps[i];
    TrialStep shown{step.definition.id, step.definition.use, step.definition.connection, "would run", "", nullptr, ""};
    std::string fault;
    bool runs = true;
    if (step.when) {
      const auto holds = machine.test(*step.when, scope);
      if (!holds) fault = "when: " + holds.error().message;
      runs = holds && *holds;
    }
    if (!runs && fault.empty()) {
      shown.outcome = "skipped";
      shown.reason = "when: " + step.definition.when;
    } else if (fault.empty() && step.kind == ProgramStep::Kind::validate) {
      fault = step.validation->refusal(machine, scope);
      shown.outcome = "passes";
    } else if (fault.empty()) {
      auto with = step.with.render(machine, scope);
      if (!with) fault = with.error().message;
      else shown.with = std::move(*with);
      if (step.kind == ProgramStep::Kind::set && with) answers[shown.id] = known(shown.id) ? *known(shown.id) : shown.with;
      if (step.kind == ProgramStep::Kind::compare && with) {
        const auto compared = loans::compare(shown.with, model != nullptr ? *model : *loans::Model::standard(), program.pipeline.name);
        if (!compared) fault = compared.error().message;
        else answers[shown.id] = known(shown.id) ? *known(shown.id) : compared->answer();
      }
      if (step.kind == ProgramStep::Kind::action && with) {
        shown.key = idempotency_key(event.pipeline, event.id, shown.id);
        if (step.once) {
          const auto once = step.once->render(machine, scope);
          if (once && *once && (*once)->is_string()) shown.key = once_key(shown.use, shown.connection, (*once)->get<std::string>());
          else fault = "once: " + (once ? std::string("it gives no text") : once.error().message);
        }
        answers[shown.id] = known(shown.id) ? *known(shown.id) : imagined_answer(program, i);
      }
    }
    if (!fault.empty()) {
      shown.outcome = "fails";
      shown.reason = fault;
    }
    const bool ends = !fault.empty() && step.fails_on;
    trial.steps.push_back(std::move(shown));
    if (ends) {
      trial.end = "dead letter: " + step.definition.id + ": " + fault;
      return trial;
    }
  }
  trial.end = "done";
  return trial;
}

}  // namespace milepost::engine
