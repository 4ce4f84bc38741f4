#include "host/cases/coverage.hpp"

#include <algorithm>

namespace milepost::cases {

Coverage::Coverage(const std::vector<std::shared_ptr<const engine::Program>>& programs) {
  for (const auto& program : programs) {
    Pipeline pipeline{program->pipeline.name, 0, {}};
    for (const auto& step : program->steps)
      pipeline.steps.push_back({step.definition.id, step.definition.use, step.definition.when});
    pipelines_.push_back(std::move(pipeline));
  }
}

void Coverage::add(const std::string& name, const Json& steps) {
  const auto pipeline = std::ranges::find(pipelines_, name, &Pipeline::name);
  if (pipeline == pipelines_.end()) return;
  ++pipeline->events;
  for (const auto& story : steps) {
    const auto step = std::ranges::find(pipeline->steps, get<std::string>(story, "/step").value_or(""), &Step::id);
    if (step == pipeline->steps.end()) continue;
    const auto outcome = get<std::string>(story, "/outcome").value_or("");
    if (outcome == "not_run")
      ++step->passed_by;
    else if (outcome != "not_reached")
      ++step->ran;
  }
}

std::size_t Coverage::Pipeline::steps_run() const {
  return static_cast<std::size_t>(std::ranges::count_if(steps, [](const Step& step) { return step.ran > 0; }));
}
std::size_t Coverage::Pipeline::conditions() const {
  return 2 * static_cast<std::size_t>(std::ranges::count_if(steps, [](const Step& step) { return !step.when.empty(); }));
}
std::size_t Coverage::Pipeline::conditions_seen() const {
  std::size_t seen = 0;
  for (const auto& step : steps)
    if (!step.when.empty()) seen += (step.ran > 0 ? 1u : 0u) + (step.passed_by > 0 ? 1u : 0u);
  return seen;
}

std::vector<std::string> Coverage::Pipeline::gaps() const {
  std::vector<std::string> out;
  for (const auto& step : steps) {
    if (step.ran == 0)
      out.push_back(step.id + " never ran" + (step.when.empty() ? "" : ": no event met  when: " + step.when));
    else if (!step.when.empty() && step.passed_by == 0)
      out.push_back(step.id + " always ran: every event met  when: " + step.when);
  }
  return out;
}

Json Coverage::json() const {
  Json out = Json::object();
  for (const auto& pipeline : pipelines_) {
    Json steps = Json::object();
    for (const auto& step : pipeline.steps) {
      Json entry{{"ran", step.ran}};
      if (!step.when.empty()) {
        entry["when"] = step.when;
        entry["passed_by"] = step.passed_by;
      }
      steps[step.id] = std::move(entry);
    }
    out[pipeline.name] = {{"events", pipeline.events}, {"steps", std::move(steps)}};
  }
  return out;
}

}  // namespace milepost::cases
