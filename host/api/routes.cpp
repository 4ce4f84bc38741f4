#include "host/api/routes.hpp"

#include <limits>

#include "host/config/units.hpp"

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
const Parameter kStep{"step", "The step at which it stands."};
const Parameter kSince{"since", "Accepted at or after: a time (RFC 3339), or how long ago, such as 2d."};
const Parameter kUntil{"until", "Accepted before: a time, or how long ago."};

constexpr std::string_view kReceipt = "The receipt that the sender was given, or the event's own id.";

constexpr std::string_view kPipelineName = "The pipeline's name.";
constexpr std::string_view kLoan = "The loan's name: the subject of its events.";

constexpr std::string_view kConnection = "The connection's name.";

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
       {kPipeline, kSubject, kId, kState, kType, kStep, kSince, kUntil, kBefore, kLimit},
       "",
       "EventPage",
       list_events},
      {"/api/v1/events/{id}",
       "showEvent",
       "One event with its payload, what became of each step, and its audit rows.",
       {kPipeline},
       kReceipt,
       "EventDetail",
       show_event},
      {"/api/v1/dead-letters",
       "listDeadLetters",
       "Events that wait for a person, newest first.",
       {kPipeline, kSubject, kType, kStep, kSince, kUntil, kBefore, kLimit},
       "",
       "EventPage",
       list_dead_letters},
      {"/api/v1/dead-letters/{id}",
       "showDeadLetter",
       "One dead letter with its payload, the reason, and each attempt.",
       {kPipeline},
       kReceipt,
       "EventDetail",
       show_dead_letter},
      {"/api/v1/dead-letters/{id}/retry",
       "retryDeadLetter",
       "Opens a dead letter at the step that failed; done steps keep their answers.",
       {kPipeline},
       kReceipt,
       "Opened",
       retry_dead_letter,
       Access::key,
       Where::worker,
       "Retry"},
      {"/api/v1/dead-letters/retry",
       "retryDeadLetters",
       "Opens the dead letters that are selected, oldest first, some thousand a call.",
       {},
       "",
       "Retried",
       retry_dead_letters,
       Access::key,
       Where::worker,
       "RetrySome"},
      {"/api/v1/in-doubt",
       "listInDoubt",
       "Events with an effect whose outcome is not known, newest first.",
       {kPipeline, kSubject, kType, kStep, kSince, kUntil, kBefore, kLimit},
       "",
       "EventPage",
       list_in_doubt},
      {"/api/v1/in-doubt/{id}/resolve",
       "resolveInDoubt",
       "Settles an event whose effect nobody could settle: it was done, it is to be tried again, or it is abandoned.",
       {kPipeline},
       kReceipt,
       "Opened",
       resolve_in_doubt,
       Access::key,
       Where::worker,
       "Resolution"},
      {"/api/v1/subjects/{subject}/why",
       "whySubject",
       "Each event of a subject, oldest first: each decision with the values that it saw, each effect, and the steps that did not run.",
       {kPipeline, kLimit},
       "What the events are about, such as L-1001.",
       "Why",
       why_subject},
      {"/api/v1/loans",
       "listLoans",
       "Loans as they stand now, by name.",
       {{"stage", "Only those in this stage."},
        {"branch", "Only of this branch."},
        {"broker", "Only of this broker."},
        {"type", "Only of this loan type."},
        {"stuck", "Past the service level of their stage, or not.", 0, 0, {"yes", "no"}},
        {"overdue", "With an overdue task, or without.", 0, 0, {"yes", "no"}},
        {"after", "Only loans after this one: `next` of the page before."},
        kLimit},
       "",
       "LoanPage",
       list_loans},
      {"/api/v1/loans/{subject}/history",
       "loanHistory",
       "A loan's revisions, newest first.",
       {{"before", "Only older ones: `next` of the page before.", 1, kLastSequence}, kLimit},
       kLoan,
       "LoanHistory",
       loan_history},
      {"/api/v1/loans/{subject}",
       "showLoan",
       "One loan: its state, its way through the stages, its mail.",
       {},
       kLoan,
       "Loan",
       show_loan},
      {"/api/v1/signals",
       "showSignals",
       "Days in stage, overdue rate, mismatch rate, mail-to-close latency and automation coverage of a period (docs/signals.md).",
       {{"by", "A group for each.", 0, 0, {"branch", "broker", "loan_type"}},
        {"since", "Its begin: a time, or how long ago. Default: 30 days ago."},
        {"until", "Its end. Default: now."},
        {"branch", "Only loans of this branch."},
        {"broker", "Only loans of this broker."},
        {"type", "Only loans of this type."}},
       "",
       "Signals",
       show_signals},
      {"/api/v1/links",
       "findLink",
       "What a vendor's record is linked to: name it by system, type and id.",
       {{"system", "The vendor, as its records name it."}, {"type", "Of the record, such as deal."}, {"id", "The vendor's own."}},
       "",
       "Links",
       find_link},
      {"/api/v1/suppressions",
       "listSuppressions",
       "Who gets no mail, by name.",
       {{"after", "Only those after this one: `next` of the page before."}, kLimit},
       "",
       "SuppressionPage",
       list_suppressions},
      {"/api/v1/suppressions/add",
       "addSuppression",
       "From now on no mail goes to whoever this names.",
       {},
       "",
       "Suppressed",
       add_suppression,
       Access::key,
       Where::worker,
       "Suppress"},
      {"/api/v1/suppressions/remove",
       "removeSuppression",
       "Mail may go there again.",
       {},
       "",
       "Suppressed",
       remove_suppression,
       Access::key,
       Where::worker,
       "Suppress"},
      {"/api/v1/replay",
       "replayEvents",
       "Runs ended events through today's definitions with their recorded answers: tells what would differ, and with apply does what never ran.",
       {},
       "",
       "Replayed",
       replay_events,
       Access::key,
       Where::worker,
       "Replay"},
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
      {"/api/v1/pipelines/{name}/history",
       "pipelineHistory",
       "Which version of a pipeline went live when, by whom and why; newest first.",
       {kLimit},
       kPipelineName,
       "History",
       pipeline_history},
      {"/api/v1/pipelines/{name}/diff",
       "pipelineDiff",
       "The settings in which two versions of a pipeline differ.",
       {{"from", "A version, or its beginning; without it, the one before the other."}, {"to", "A version, or its beginning; without it, the latest."}},
       kPipelineName,
       "Diff",
       pipeline_diff},
      {"/api/v1/pipelines/{name}/revert",
       "revertPipeline",
       "Takes an earlier version of a pipeline back: writes its file as it was, and runs it.",
       {},
       kPipelineName,
       "Applied",
       revert_pipeline,
       Access::key,
       Where::worker,
       "Revert"},
      {"/api/v1/plan",
       "makePlan",
       "What the folder would change, against what runs. Changes nothing.",
       {},
       "",
       "Planned",
       make_plan,
       Access::key,
       Where::worker,
       "MakePlan"},
      {"/api/v1/plan/replay",
       "replayPlan",
       "What past events would have done with a plan's definitions, against what they did. Sends nothing.",
       {},
       "",
       "Replayed",
       replay_plan,
       Access::key,
       Where::worker,
       "PlanReplay"},
      {"/api/v1/apply",
       "applyPlan",
       "Applies exactly that plan, or refuses since something moved.",
       {},
       "",
       "Applied",
       apply_plan,
       Access::key,
       Where::worker,
       "Apply"},
      {"/api/v1/connections",
       "listConnections",
       "Connections and their state.",
       {},
       "",
       "Connections",
       list_connections},
      {"/api/v1/connections/{name}/pause",
       "pauseConnection",
       "Holds a connection's deliveries until it is resumed, also after a restart.",
       {},
       kConnection,
       "ConnectionState",
       pause_connection,
       Access::key,
       Where::worker,
       "Reason"},
      {"/api/v1/connections/{name}/resume",
       "resumeConnection",
       "Lets a paused connection go on.",
       {},
       kConnection,
       "ConnectionState",
       resume_connection,
       Access::key,
       Where::worker,
       "Reason"},
      {"/api/v1/connections/{name}/probe",
       "probeConnection",
       "Asks the vendor whether the account works; changes nothing.",
       {},
       kConnection,
       "Probed",
       probe_connection,
       Access::key,
       Where::worker,
       "Probe"},
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

/// What stands for the {…} of a route's path; nullopt: another path.
std::optional<std::string> key_in(std::string_view pattern, std::string_view path) {
  const auto brace = pattern.find('{');
  if (brace == pattern.npos) return path == pattern ? std::optional(std::string()) : std::nullopt;
  const auto head = pattern.substr(0, brace), tail = pattern.substr(pattern.find('}') + 1);
  // An event's own id may hold a slash.
  if (path.size() <= head.size() + tail.size() || !path.starts_with(head) || !path.ends_with(tail)) return std::nullopt;
  return std::string(path.substr(head.size(), path.size() - head.size() - tail.size()));
}

}  // namespace

std::span<const Route> routes() { return table(); }

const Route* find_route(std::string_view method, std::string_view path, std::string& key, std::string& allow) {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (const auto& route : table()) {
    auto found = key_in(route.path, path);
    if (!found) continue;
    if (route.method() == wanted) {
      key = *std::move(found);
      return &route;
    }
    const std::string methods = route.method() == "GET" ? "GET, HEAD" : "POST";
    if (allow.find(methods) == allow.npos) allow.append(allow.empty() ? "" : ", ").append(methods);
  }
  return nullptr;
}

http::Outgoing json_answer(const Json& body, int status) {
  return {status, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, text(body)};
}

http::Outgoing refusal(const Error& error) {
  if (error.kind == ErrorKind::permanent) return http::problem(409, "Conflict", error.message);
  auto out = http::problem(503, "Service Unavailable", error.message);
  out.headers.emplace_back("Retry-After", "5");
  return out;
}

Result<telemetry::Time> time_of(const Sources& sources, std::string_view what, const std::string& text) {
  telemetry::Time time{};
  if (telemetry::from_text(text, time)) return time;
  if (const auto ago = config::parse_duration(text); ago && sources.clock != nullptr) return sources.clock->now() - *ago;
  return fail(ErrorKind::permanent, std::string(what) + ": write a time such as 2026-11-20T09:00:00Z, or how long ago: 2d");
}

http::Outgoing describe_api(const Sources&, const Request&) {
  static const Json document = openapi();
  return json_answer(document);
}

}  // namespace milepost::api
