#include "host/api/routes.hpp"

#include <limits>

namespace milepost::api {
namespace {

constexpr std::uint64_t kLastSequence = std::numeric_limits<std::int64_t>::max();

const Parameter kPipeline{"pipeline", "Name of the pipeline."};
const Parameter kSubject{"subject", "What the event is about, such as L-1001."};
const Parameter kType{"type", "The event's type, such as stage.changed."};
const Parameter kId{"id", "The event's own id, as its sender gave it."};
const Parameter kState{"state", "Where the event stands.", 0, 0, {"open", "waiting", "in_doubt", "dead", "done"}};
const Parameter kBefore{"before", "Only older ones: `next` of the page before.", 1, kLastSequence};
const Parameter kLimit{"limit", "How many at most.", 1, 500};

using Access = Route::Access;
using Where = Route::Where;

const std::vector<Route>& table() {
  static const std::vector<Route> routes = {
      {"/health/live", "live", "The process answers.", {}, "", "Live", live, Access::open, Where::listener},
      {"/health/ready",
       "ready",
       "Deliveries are accepted (200) or not (503), and what does not run.",
       {},
       "",
       "Ready",
       ready,
       Access::open,
       Where::listener},
      {"/metrics", "metrics", "Figures in the Prometheus text format.", {}, "", "", metrics},
      {"/api/v1/events",
       "listEvents",
       "Events, newest first.",
       {kPipeline, kSubject, kId, kState, kType, kBefore, kLimit},
       "",
       "EventPage",
       list_events},
      {"/api/v1/events/{id}",
       "showEvent",
       "One event with its payload, its effects and its audit rows.",
       {kPipeline},
       "The receipt that the sender was given, or the event's own id.",
       "EventDetail",
       show_event},
      {"/api/v1/dead-letters",
       "listDeadLetters",
       "Events that wait for a person, newest first.",
       {kPipeline, kSubject, kType, kBefore, kLimit},
       "",
       "EventPage",
       list_dead_letters},
      {"/api/v1/in-doubt",
       "listInDoubt",
       "Events with an effect whose outcome is not known, newest first.",
       {kPipeline, kSubject, kType, kBefore, kLimit},
       "",
       "EventPage",
       list_in_doubt},
      {"/api/v1/audit",
       "listAudit",
       "Rows of the audit trail, oldest first.",
       {{"after", "Only rows after this sequence: `next` of the page before.", 0, kLastSequence},
        kLimit,
        kSubject,
        kPipeline,
        {"event", "The receipt of the event that the row is about."},
        {"kind", "What the row records.", 0, 0, {"event", "intent", "outcome", "decision", "admin"}}},
       "",
       "AuditPage",
       list_audit},
      {"/api/v1/pipelines",
       "listPipelines",
       "Pipelines, and why one does not run.",
       {},
       "",
       "Pipelines",
       list_pipelines},
      {"/api/v1/connections",
       "listConnections",
       "Connections and their state.",
       {},
       "",
       "Connections",
       list_connections},
      {"/api/v1/plugins",
       "listPlugins",
       "Installed plugins, and those that were refused.",
       {},
       "",
       "Plugins",
       list_plugins},
      {"/api/v1/openapi.json",
       "describeApi",
       "This description.",
       {},
       "",
       "OpenApi",
       describe_api,
       Access::key,
       Where::listener},
  };
  return routes;
}

}  // namespace

std::span<const Route> routes() { return table(); }

const Route* find_route(std::string_view path, std::string& key) {
  for (const auto& route : table()) {
    const auto brace = route.path.find('{');
    if (brace == route.path.npos ? path == route.path
                                 : path.starts_with(route.path.substr(0, brace)) && path.size() > brace) {
      // An event's own id may hold a slash.
      key = brace == route.path.npos ? "" : path.substr(brace);
      return &route;
    }
  }
  return nullptr;
}

http::Outgoing json_answer(const Json& body, int status) {
  return {status, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, text(body)};
}

http::Outgoing describe_api(const Sources&, const Request&) {
  static const Json document = openapi();
  return json_answer(document);
}

}  // namespace milepost::api
