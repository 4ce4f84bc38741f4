// What a person does with the folder that a host runs: plans, applies and takes back changes, and looks at what ran when.
#include "host/api/routes.hpp"
#include "host/deploy/live.hpp"
#include "host/plugins/registry.hpp"

namespace milepost::api {
namespace {

constexpr std::size_t kHistory = 50;

Json told(const std::vector<deploy::KeyChange>& keys) {
  Json out = Json::array();
  for (const auto& key : keys) {
    Json one{{"path", key.path}};
    if (!key.before.empty()) one["before"] = key.before;
    if (!key.after.empty()) one["after"] = key.after;
    out.push_back(std::move(one));
  }
  return out;
}

Json told(const deploy::Change& change) {
  Json out{{"name", change.name}, {"kind", std::string(name(change.kind))}, {"file", change.file}, {"restarts", change.restarts}};
  if (!change.before.empty()) out["before"] = change.before;
  if (!change.after.empty()) out["after"] = change.after;
  if (!change.keys.empty()) out["keys"] = told(change.keys);
  if (!change.others.empty()) out["others"] = change.others;
  return out;
}

Json told(const deploy::Plan& plan) {
  Json out{{"hash", plan.hash}, {"pipelines", Json::array()}, {"connections", Json::array()}, {"loans", told(plan.loans)}, {"next_start", told(plan.next_start)}};
  for (const auto& change : plan.pipelines) out["pipelines"].push_back(told(change));
  for (const auto& change : plan.connections) out["connections"].push_back(told(change));
  return out;
}

Json told(const deploy::Lived& lived) {
  Json out{{"version", lived.row.version}, {"at", telemetry::to_text(lived.audit.time)}, {"user", lived.audit.user}, {"action", lived.audit.action},
           {"outcome", lived.audit.outcome}, {"file", lived.row.file}, {"audit", lived.row.audit}, {"text_kept", !lived.row.source.empty()}};
  if (!lived.reason.empty()) out["reason"] = lived.reason;
  return out;
}

http::Outgoing no_host() {
  return http::problem(409, "Conflict", "no host runs: the next `milepost run` takes the folder as it stands, and writes that down");
}

http::Outgoing applied(const Result<deploy::Plan>& plan) { return plan ? json_answer({{"plan", told(*plan)}}) : refusal(plan.error()); }

std::string body_text(const Request& request, const char* member) { return get<std::string>(request.body, member).value_or(""); }

}  // namespace

http::Outgoing make_plan(const Sources& sources, const Request&) {
  auto* planner = sources.planner ? sources.planner() : nullptr;
  if (planner == nullptr) return no_host();
  const auto planned = planner->plan();
  Json out{{"running", sources.live != nullptr}, {"sound", planned.sound()}, {"faults", api::to_json(planned.deployment->faults)}, {"plan", told(planned.plan)}};
  out["mail"] = Json::object();  // which steps of what would run are pieces of mail
  for (const auto& program : planned.deployment->programs)
    for (const auto& step : program->steps)
      if (step.mail) out["mail"][program->pipeline.name].push_back(step.definition.id);
  out["under_way"] = Json::object();
  const auto under_way = sources.store->under_way();
  for (const auto& change : planned.plan.pipelines) {
    const auto found = under_way.find(change.name);
    const auto count = found == under_way.end() ? journal::UnderWay{} : found->second;
    out["under_way"][change.name] = {{"open", count.open}, {"waiting", count.waiting}, {"in_doubt", count.in_doubt}};
  }
  return json_answer(out);
}

http::Outgoing apply_plan(const Sources& sources, const Request& request) {
  if (sources.live == nullptr) return no_host();
  return applied(sources.live->apply(body_text(request, "/hash"), request.user, body_text(request, "/reason")));
}

http::Outgoing revert_pipeline(const Sources& sources, const Request& request) {
  if (sources.live == nullptr) return no_host();
  return applied(sources.live->revert({.pipeline = request.key, .version = body_text(request, "/to"), .user = request.user,
                                       .reason = body_text(request, "/reason"), .discard = get<bool>(request.body, "/discard").value_or(false)}));
}

http::Outgoing pipeline_history(const Sources& sources, const Request& request) {
  const auto lived = deploy::history(*sources.store, request.key, request.query.number("limit", kHistory));
  if (lived.empty()) return http::problem(404, "Not Found", "No pipeline \"" + request.key + "\" has ever run here.");
  Json list = Json::array();
  for (const auto& one : lived) list.push_back(told(one));
  return json_answer({{"pipeline", request.key}, {"history", std::move(list)}});
}

/// Two versions; without `to` what went live last, without `from` the one before it.
http::Outgoing pipeline_diff(const Sources& sources, const Request& request) {
  const auto lived = deploy::history(*sources.store, request.key, 500);
  if (lived.empty()) return http::problem(404, "Not Found", "No pipeline \"" + request.key + "\" has ever run here.");
  std::string versions[2];
  const char* names[2] = {"from", "to"};
  for (int i : {1, 0}) {
    if (const auto wanted = request.query.text(names[i])) {
      const auto found = deploy::find_version(*sources.store, request.key, *wanted);
      if (!found) return http::problem(404, "Not Found", found.error().message);
      versions[i] = found->row.version;
      continue;
    }
    for (const auto& one : lived)
      if (versions[i].empty() && !one.row.version.empty() && (i == 1 || one.row.version != versions[1])) versions[i] = one.row.version;
  }
  Json definitions[2];
  const auto registry = sources.registry ? sources.registry() : nullptr;
  for (int i : {0, 1}) {
    const auto body = versions[i].empty() ? std::nullopt : sources.store->definition(versions[i]);
    definitions[i] = deploy::shown(body ? read_json(*body).value_or(nullptr) : Json::object(), registry.get());
  }
  return json_answer({{"pipeline", request.key}, {"from", versions[0]}, {"to", versions[1]}, {"keys", told(deploy::compare(definitions[0], definitions[1]))}});
}

}  // namespace milepost::api
