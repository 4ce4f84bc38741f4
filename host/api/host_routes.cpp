// What the host says about itself: health, figures, pipelines, connections, plugins.
#include <algorithm>

#include "host/api/routes.hpp"
#include "host/deploy/live.hpp"
#include "host/engine/engine.hpp"
#include "host/plugins/overdue.hpp"
#include "host/plugins/registry.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::api {
namespace {

engine::Snapshot snapshot(const Sources& sources) { return sources.engine ? sources.engine() : engine::Snapshot{}; }

Json to_json(const config::Fault& fault) {
  Json out{{"code", fault.code},        {"file", fault.at.file}, {"line", fault.at.line},
           {"column", fault.at.column}, {"path", fault.path},    {"message", fault.message}};
  if (!fault.remedy.empty()) out["remedy"] = fault.remedy;
  if (fault.warning) out["warning"] = true;
  return out;
}

std::vector<plugins::ChildStatus> children(const Sources& sources) {
  const auto registry = sources.registry ? sources.registry() : nullptr;
  return registry != nullptr ? registry->children() : std::vector<plugins::ChildStatus>();
}

Json to_json(const plugins::ChildStatus& child) {
  Json out{{"plugin", child.plugin}, {"running", child.running}, {"ended", child.ended}};
  if (!child.connection.empty()) out["connection"] = child.connection;
  if (!child.source.empty()) out["source"] = child.source;
  if (!child.reason.empty()) out["reason"] = child.reason;
  return out;
}

Json to_json(const engine::ConnectionStatus& connection) {
  Json out{{"name", connection.name},
           {"connector", connection.connector},
           {"state", connection.state},
           {"in_flight", connection.in_flight}};
  if (!connection.reason.empty()) out["reason"] = connection.reason;
  if (!connection.warning.empty()) out["warning"] = connection.warning;
  return out;
}

Json to_json(const intake::SourceStatus& source) {
  Json out{{"pipeline", source.pipeline}, {"source", source.source}, {"connection", source.connection}, {"state", source.state}};
  if (!source.reason.empty()) out["reason"] = source.reason;
  if (source.last) out["last"] = telemetry::to_text(*source.last);
  return out;
}

Json to_json(const engine::PipelineStatus& pipeline) {
  return {{"name", pipeline.name},   {"version", pipeline.version},       {"description", pipeline.description},
          {"owner", pipeline.owner}, {"running", pipeline.running},       {"sources", pipeline.sources},
          {"steps", pipeline.steps}, {"faults", api::to_json(pipeline.faults)}};
}

Json refused_plugins(const Sources& sources) {
  Json out = Json::array();
  const auto registry = sources.registry ? sources.registry() : nullptr;
  if (registry == nullptr) return out;
  for (const auto& refused : registry->refused())
    out.push_back({{"connector", refused.connector}, {"path", refused.path}, {"reason", refused.reason}});
  return out;
}

}  // namespace

Json to_json(const config::Faults& faults) {
  Json out = Json::array();
  for (const auto& fault : faults) out.push_back(to_json(fault));
  return out;
}

http::Outgoing live(const Sources&, const Request&) { return json_answer({{"status", "live"}}); }

/// Deliveries are accepted while the store works and the host is not stopping. One pipeline, plugin or connection that
/// does not work makes it degraded, not unready: the others would stop with it.
http::Outgoing ready(const Sources& sources, const Request&) {
  const auto now = snapshot(sources);
  const auto health = sources.store != nullptr ? sources.store->health() : journal::Store::Health{};
  Json pipelines = Json::array(), connections = Json::array();
  for (const auto& pipeline : now.pipelines)
    if (!pipeline.running) pipelines.push_back({{"name", pipeline.name}, {"faults", to_json(pipeline.faults)}});
  for (const auto& connection : now.connections)
    if (connection.state == "paused" || connection.state == "failing" || connection.state == "breaker_open" || !connection.warning.empty()) connections.push_back(to_json(connection));
  Json plugins = refused_plugins(sources), polling = Json::array();
  for (const auto& source : sources.polling ? sources.polling() : std::vector<intake::SourceStatus>())
    if (source.state == "paused" || source.state == "failing") polling.push_back(to_json(source));
  Json ailing = Json::array();
  for (const auto& child : children(sources))
    if (child.ailing) ailing.push_back(to_json(child));

  Json overdue = Json::array();
  for (const auto& call : plugins::overdue_calls())
    overdue.push_back({{"plugin", call.plugin},
                       {"connection", call.connection},
                       {"function", call.function},
                       {"late_ms", call.late.count()}});

  const auto closed = sources.intake ? sources.intake() : intake::Admission::Verdict{};
  Json intake{{"open", closed.cause.empty()}};
  if (!closed.cause.empty()) {
    intake["cause"] = closed.cause;
    intake["remedy"] = closed.remedy;
  }

  const auto trouble = sources.live != nullptr ? sources.live->trouble() : std::nullopt;
  Json folder{{"taken", !trouble.has_value()}};
  if (trouble) folder.update({{"since", telemetry::to_text(trouble->since)}, {"reason", trouble->reason}, {"faults", to_json(trouble->faults)}});

  const bool accepts = health.ok && closed.cause.empty() && !now.stopping && (now.pipelines.empty() || pipelines.size() < now.pipelines.size());
  const bool degraded = !pipelines.empty() || !connections.empty() || !polling.empty() || !plugins.empty() || !ailing.empty() || !overdue.empty() || trouble;
  Json store{{"ok", health.ok}};
  if (!health.message.empty()) store["message"] = health.message;
  return json_answer({{"status", !accepts   ? "unavailable"
                                 : degraded ? "degraded"
                                            : "ready"},
                      {"stopping", now.stopping},
                      {"store", std::move(store)},
                      {"intake", std::move(intake)},
                      {"folder", std::move(folder)},
                      {"pipelines", std::move(pipelines)},
                      {"connections", std::move(connections)},
                      {"sources", std::move(polling)},
                      {"plugins", std::move(plugins)},
                      {"children", std::move(ailing)},
                      {"overdue", std::move(overdue)}},
                     accepts ? 200 : 503);
}

http::Outgoing metrics(const Sources&, const Request&) {
  return {200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, telemetry::metrics_text()};
}

http::Outgoing list_pipelines(const Sources& sources, const Request&) {
  Json list = Json::array();
  for (const auto& pipeline : snapshot(sources).pipelines) list.push_back(to_json(pipeline));
  return json_answer({{"pipelines", std::move(list)}});
}

http::Outgoing list_connections(const Sources& sources, const Request&) {
  const auto isolated = children(sources);
  Json list = Json::array();
  for (const auto& connection : snapshot(sources).connections) {
    Json row = to_json(connection), own = Json::array();
    for (const auto& child : isolated)
      if (child.connection == connection.name) own.push_back(to_json(child));
    if (!own.empty()) row["children"] = std::move(own);
    list.push_back(std::move(row));
  }
  return json_answer({{"connections", std::move(list)}});
}

namespace {

using Change = Status (engine::Engine::*)(const std::string&, const std::string&, const std::string&);

/// The running host's connection of the route's name; the 404 or 409 to answer where there is none.
std::expected<engine::ConnectionStatus, http::Outgoing> find_connection(const Sources& sources, const std::string& name) {
  if (sources.running == nullptr)
    return std::unexpected(http::problem(409, "Conflict", "no host runs: connections live in a running one (milepost run)"));
  const auto now = snapshot(sources);
  const auto found = std::ranges::find(now.connections, name, &engine::ConnectionStatus::name);
  if (found != now.connections.end()) return *found;
  std::vector<std::string> names;
  for (const auto& connection : now.connections) names.push_back(connection.name);
  const auto near = config::nearest(name, names);
  return std::unexpected(http::problem(404, "Not Found", "There is no connection \"" + name + "\"" + (near.empty() ? "." : "; did you mean \"" + near + "\"?")));
}

http::Outgoing change(const Sources& sources, const Request& request, Change action) {
  auto found = find_connection(sources, request.key);
  if (!found) return std::move(found.error());
  const auto reason = get<std::string>(request.body, "/reason").value_or("");
  if (const auto changed = (sources.running->*action)(request.key, reason, request.user); !changed) return refusal(changed.error());
  found = find_connection(sources, request.key);
  return found ? json_answer({{"connection", to_json(*found)}}) : std::move(found.error());
}

}  // namespace

http::Outgoing pause_connection(const Sources& sources, const Request& request) {
  return change(sources, request, &engine::Engine::pause_connection);
}
http::Outgoing resume_connection(const Sources& sources, const Request& request) {
  return change(sources, request, &engine::Engine::resume_connection);
}
http::Outgoing probe_connection(const Sources& sources, const Request& request) {
  if (auto found = find_connection(sources, request.key); !found) return std::move(found.error());
  const auto works = sources.running->probe_connection(request.key);
  Json body{{"works", bool(works)}};
  if (!works) body["reason"] = works.error().message;
  return json_answer(body);
}

http::Outgoing list_plugins(const Sources& sources, const Request&) {
  Json list = Json::array();
  if (const auto registry = sources.registry ? sources.registry() : nullptr) {
    for (const auto& plugin : registry->installed())
      list.push_back({{"name", plugin.name},
                      {"version", plugin.version},
                      {"summary", plugin.summary},
                      {"sdk", plugin.sdk},
                      {"abi", plugin.abi},
                      {"path", plugin.path},
                      {"digest", plugin.digest},
                      {"manifest", plugin.manifest}});
  }
  return json_answer({{"plugins", std::move(list)}, {"refused", refused_plugins(sources)}});
}

}  // namespace milepost::api
