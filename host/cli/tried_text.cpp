// What was tried, as a person and as a program reads it.
#include <fmt/core.h>

#include <algorithm>

#include "host/cli/story.hpp"
#include "host/cli/tried.hpp"
#include "milepost/http.hpp"

namespace milepost::cli {
namespace {

constexpr std::size_t kValueWidth = 100;
constexpr std::size_t kBodyWidth = 400;

std::string value_text(const Json& value) {
  if (value.is_null()) return "nothing";
  return value.is_string() ? value.get<std::string>() : text(value);
}

void add_members(std::string& out, const Json& members, const std::string& indent, bool quoted) {
  if (!members.is_object()) return;
  std::size_t width = 0;
  for (const auto& [key, value] : members.items()) width = std::max(width, key.size());
  for (const auto& [key, value] : members.items())
    out += fmt::format("{}{:<{}}  {}\n", indent, key, width, shortened(quoted && value.is_string() ? text(value) : value_text(value), kValueWidth));
}

struct Line {
  const char* mark;
  std::string says;
};
Line line_of(const TriedStep& step) {
  const bool action = !step.connection.empty();
  const std::string because = step.reason.empty() ? "" : ": " + step.reason;
  if (step.outcome == "not_reached") return {"·", "not reached"};
  if (step.outcome == "not_run") return {"–", "would not run"};
  if (step.outcome == "failed") return {"✗", "fails" + because};
  if (step.outcome == "in_doubt") return {"?", "in doubt" + because};
  if (step.outcome == "skipped" || step.outcome == "superseded") return {"–", step.outcome + because};
  return {"✓", action ? "would run" : "passes"};
}

/// What came of it when the event ran: what later steps see here.
void add_past(std::string& out, const Json& past) {
  if (!past.is_object()) return;
  const auto word = [&](const char* key) { return get<std::string>(past, key).value_or(""); };
  out += "      then: " + word("/outcome") + (word("/reason").empty() ? "" : ": " + shortened(word("/reason"), kValueWidth)) + "\n";
  if (const Json* answer = find(past, "/answer")) add_members(out, *answer, "        ", true);
}

void add_gate(std::string& out, const Json& gate) {
  if (!gate.is_object()) return;
  const auto word = [&](const char* key) { return get<std::string>(gate, key).value_or(""); };
  out += "      mail gate: " + word("/outcome") + (word("/reason").empty() ? "" : ": " + word("/reason")) + "\n";
  if (const Json* seen = find(gate, "/seen")) add_members(out, *seen, "        ", true);
}

void add_links(std::string& out, const KnownLinks& links) {
  for (const auto& one : links.asked())
    out += fmt::format("link  {}:{}:{} → {}\n", one.system, one.type, one.id,
                       !one.subject.empty() ? one.subject : links.has_store() ? "nothing is linked to it" : "nothing: there is no store here to ask");
}

void add_request(std::string& out, const cases::Reached& request) {
  out += fmt::format("      → {} {}\n", request.method, request.url);
  if (!request.body.empty()) out += "        " + shortened(request.body, kBodyWidth) + "\n";
}

void add_step(std::string& out, const TriedStep& step, std::size_t width) {
  const auto line = line_of(step);
  const std::string label = step.id.starts_with(step.use + "-") ? step.use : step.id + "  " + step.use;
  out += fmt::format("  {} {:<{}}  {}\n", line.mark, label, width, line.says);
  if (!step.when.empty() && step.outcome != "not_reached") {
    out += "      when: " + shortened(step.when, kValueWidth) + "\n";
    add_members(out, step.values, "        ", true);
  }
  add_gate(out, step.gate);
  add_members(out, step.with, "      ", false);
  for (const auto& name : step.missing) out += fmt::format("      ! {} must be there, and is nothing for this event\n", name);
  for (const auto& request : step.requests) add_request(out, request);
  add_past(out, step.past);
}

Json request_json(const cases::Reached& request) {
  Json headers = Json::object();
  for (const auto& [name, value] : request.headers) headers[name] = value;
  return {{"method", request.method}, {"url", request.url}, {"headers", std::move(headers)}, {"body", request.body}, {"status", request.status}};
}

}  // namespace

std::string tried_text(const Tried& tried, const std::string& only) {
  const auto& event = tried.event;
  std::string out = fmt::format("event {}  type {}  subject {}\n", event.id, event.type.empty() ? "none" : event.type, event.subject.empty() ? "none" : event.subject);
  if (!event.subject.empty()) {
    out += "loan  ";
    if (tried.known.loan.is_object() && !tried.known.loan.empty()) out += shortened(text(tried.known.loan), kValueWidth) + "  (" + tried.known.from + ")\n";
    else out += "nothing is known of it (" + tried.known.from + "); --loan FILE tells of one\n";
  }
  add_links(out, *tried.known.links);
  out += "\n";
  std::size_t width = 0;
  for (const auto& step : tried.steps)
    width = std::max(width, step.id.starts_with(step.use + "-") ? step.use.size() : step.id.size() + step.use.size() + 2);
  for (const auto& step : tried.steps)
    if (only.empty() || step.id == only) add_step(out, step, width);
  if (!tried.opening.empty() && only.empty()) {
    out += "\n  to open connections\n";
    for (const auto& request : tried.opening) out += fmt::format("      → {} {}\n", request.method, request.url);
  }
  out += fmt::format("\n{}; nothing was sent\n", tried.end);
  if (!tried.whole) out += tried.why_not_whole + "\n";
  else if (std::ranges::any_of(tried.steps, [](const auto& step) { return !step.requests.empty(); }))
    out += tried.known.past.empty() ? "what vendors answer is what their doubles answer\n"
                                    : "settings show what vendors answered then, requests what their doubles answer\n";
  return out;
}

Json to_json(const Tried& tried, const std::string& only) {
  const auto& event = tried.event;
  Json steps = Json::array();
  for (const auto& step : tried.steps) {
    if (!only.empty() && step.id != only) continue;
    Json one{{"id", step.id}, {"use", step.use}, {"connection", step.connection}, {"outcome", step.outcome}, {"reason", step.reason}, {"with", step.with}, {"key", step.key}};
    if (!step.when.empty()) {
      one["when"] = step.when;
      one["values"] = step.values;
    }
    if (!step.missing.empty()) one["missing"] = step.missing;
    if (!step.gate.is_null()) one["gate"] = step.gate;
    if (!step.past.is_null()) one["then"] = step.past;
    one["requests"] = Json::array();
    for (const auto& request : step.requests) one["requests"].push_back(request_json(request));
    steps.push_back(std::move(one));
  }
  Json opening = Json::array();
  for (const auto& request : tried.opening) opening.push_back(request_json(request));
  Json links = Json::array();
  for (const auto& link : tried.known.links->asked())
    links.push_back({{"system", link.system}, {"type", link.type}, {"id", link.id}, {"subject", link.subject.empty() ? Json(nullptr) : Json(link.subject)}});
  return {{"event", {{"id", event.id}, {"type", event.type}, {"subject", event.subject}, {"actor", event.actor}}},
          {"loan", tried.known.loan}, {"loan_from", tried.known.from}, {"links", std::move(links)}, {"steps", std::move(steps)},
          {"opening", std::move(opening)}, {"requests_known", tried.whole}, {"end", tried.end}};
}

std::string explained_text(const Json& explained) {
  const Json& value = explained["value"];
  std::string out = fmt::format("{}\n  = {}\n", explained["expression"].get<std::string>(), value.is_string() ? text(value) : value_text(value));
  if (!explained["values"].empty()) out += "\n";
  add_members(out, explained["values"], "  ", true);
  return out;
}

}  // namespace milepost::cli
