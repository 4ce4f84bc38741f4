// The double's other batches: all or nothing, unless each input names a trace id of its own.
#include <set>

#include "plugins/hubspot/sandbox/sandbox.hpp"

namespace milepost::hubspot::sandbox {
namespace {

constexpr std::size_t kMostOfABatch = 100;

std::string word_at(const Json& json, const char* pointer) { return get<std::string>(json, pointer).value_or(""); }

std::optional<Problem> refused_inputs(const Json* inputs) {
  if (inputs == nullptr || !inputs->is_array() || inputs->empty())
    return Problem{400, "VALIDATION_ERROR", "Invalid input JSON: inputs is missing"};
  if (inputs->size() > kMostOfABatch)
    return Problem{400, "VALIDATION_ERROR", "The maximum number of inputs supported in a batch request is 100."};
  return std::nullopt;
}

/// Failures come back item by item only where each input has a trace id (batch guide, read 2026-11).
bool traced(const Json& inputs) {
  std::set<std::string> traces;
  for (const auto& input : inputs)
    if (const auto trace = word_at(input, "/objectWriteTraceId"); trace.empty() || !traces.insert(trace).second)
      return false;
  return true;
}

Json entry_of(const Problem& problem, const std::string& trace) {
  return {{"status", "error"},
          {"category", problem.category},
          {"message", problem.message},
          {"context", {{"objectWriteTraceId", Json::array({trace})}}}};
}

}  // namespace

HttpResponse HubspotSandbox::batch_create(const Ask& ask) {
  const auto* inputs = find(ask.body, "/inputs");
  if (auto problem = refused_inputs(inputs)) return refuse(*problem);
  const bool partial = traced(*inputs);
  const auto before = crm_;
  Json results = Json::array(), errors = Json::array();
  for (const auto& input : *inputs) {
    const auto trace = word_at(input, "/objectWriteTraceId");
    const auto* properties = find(input, "/properties");
    auto problem = properties == nullptr || !properties->is_object()
                       ? std::optional(Problem{400, "VALIDATION_ERROR", "Invalid input JSON: properties is missing"})
                       : crm_.check(ask.type, *properties, nullptr);
    if (problem && !partial) {
      crm_ = before;
      return refuse(*problem);
    }
    if (problem) {
      errors.push_back(entry_of(*problem, trace));
      continue;
    }
    results.push_back(shown(ask.type, crm_.create(ask.type, *properties, host_.clock().now())));
    if (!trace.empty()) results.back()["objectWriteTraceId"] = trace;
  }
  auto response = batch(ask, std::move(results), std::move(errors));
  if (response.status == 200) response.status = 201;
  return response;
}

HttpResponse HubspotSandbox::batch_update(const Ask& ask) {
  const auto* inputs = find(ask.body, "/inputs");
  if (auto problem = refused_inputs(inputs)) return refuse(*problem);
  const bool partial = traced(*inputs);
  const auto before = crm_;
  Json results = Json::array(), errors = Json::array();
  for (const auto& input : *inputs) {
    const auto id = word_at(input, "/id"), key = word_at(input, "/idProperty"),
               trace = word_at(input, "/objectWriteTraceId");
    auto* record = key.empty() ? crm_.find(ask.type, id) : crm_.find_by(ask.type, key, id);
    const auto* properties = find(input, "/properties");
    std::optional<Problem> problem;
    if (properties == nullptr || !properties->is_object())
      problem = Problem{400, "VALIDATION_ERROR", "Invalid input JSON: properties is missing"};
    else if (record == nullptr)
      problem = Problem{404, "OBJECT_NOT_FOUND", "Could not get some " + ask.type + " objects"};
    else
      problem = crm_.check(ask.type, *properties, record);
    if (problem && !partial) {
      crm_ = before;
      return refuse(*problem);
    }
    if (problem) {
      errors.push_back(entry_of(*problem, trace));
      continue;
    }
    crm_.update(ask.type, *record, *properties, host_.clock().now());
    results.push_back(shown(ask.type, *record));
    if (!trace.empty()) results.back()["objectWriteTraceId"] = trace;
  }
  return batch(ask, std::move(results), std::move(errors));
}

HttpResponse HubspotSandbox::batch_archive(const Ask& ask) {
  const auto* inputs = find(ask.body, "/inputs");
  if (auto problem = refused_inputs(inputs)) return refuse(*problem);
  for (const auto& input : *inputs)
    if (auto* record = crm_.find(ask.type, word_at(input, "/id"))) crm_.archive(ask.type, *record);
  return testing::empty_answer(204);  // nothing is said of each
}

}  // namespace milepost::hubspot::sandbox
