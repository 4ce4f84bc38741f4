// Every route of the admin API: the one table that requests are matched against and that OpenAPI is written from.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/api/admin.hpp"
#include "host/api/query.hpp"

namespace milepost::api {

struct Request {
  std::string key;  ///< what stands for {…} in the route's path
  Query query;
  Json body = nullptr;    ///< of a POST: as the route's schema wants it
  std::string user = {};  ///< who asks, as audit rows name him: "key:owner"
};

struct Route {
  enum class Access { open, key };
  enum class Where { listener, worker };  ///< worker: it reads the store, or takes its time

  std::string_view path;       ///< "/api/v1/events/{id}": at most one {…}
  std::string_view operation;  ///< OpenAPI's operationId
  std::string_view summary;
  std::vector<Parameter> parameters;
  std::string_view key_description;  ///< of the {…}
  std::string_view answer;           ///< name of the answer's schema; "" when it is no JSON
  http::Outgoing (*respond)(const Sources&, const Request&);
  Access access = Access::key;
  Where where = Where::worker;
  std::string_view body = {};  ///< name of the body's schema: a POST. Else it is read by GET
  std::string_view method() const { return body.empty() ? "GET" : "POST"; }
};

std::span<const Route> routes();

/// The route of a method (HEAD as GET) and a decoded path, and what its {…} stands for. nullptr when there is none; `allow`
/// then lists the methods that this path has.
const Route* find_route(std::string_view method, std::string_view path, std::string& key, std::string& allow);

/// 200 with a JSON body.
http::Outgoing json_answer(const Json& body, int status = 200);
/// What could not be done: 409 where it cannot be (`permanent`), else 503 with Retry-After.
http::Outgoing refusal(const Error& error);
/// A time as a person writes it: RFC 3339, or how long ago ("2d"). `permanent`, naming `what`.
Result<telemetry::Time> time_of(const Sources& sources, std::string_view what, const std::string& text);
Json to_json(const config::Faults& faults);
/// By receipt, else by its sender's id, in the pipeline that the query names: the newest of that id where one pipeline alone
/// has it. Else the 404 or 400 to answer.
std::expected<journal::Event, http::Outgoing> find_event(const Sources& sources, const Request& request);
/// An event with its payload, effects, steps and audit rows.
http::Outgoing event_detail(const Sources& sources, const journal::Event& event);

/// What is known of a loan now, as expressions see it; and its stays in the stages, oldest first.
Json loan_view(const Sources& sources, const journal::LoanRevision& revision);
Json loan_path(const Sources& sources, const journal::LoanRevision& revision);

// What the routes answer, by file. event_routes.cpp:
http::Outgoing list_events(const Sources& sources, const Request& request);
http::Outgoing show_event(const Sources& sources, const Request& request);
http::Outgoing list_dead_letters(const Sources& sources, const Request& request);
http::Outgoing list_in_doubt(const Sources& sources, const Request& request);
http::Outgoing list_audit(const Sources& sources, const Request& request);
http::Outgoing why_subject(const Sources& sources, const Request& request);
// loan_routes.cpp:
http::Outgoing list_loans(const Sources& sources, const Request& request);
http::Outgoing show_loan(const Sources& sources, const Request& request);
http::Outgoing loan_history(const Sources& sources, const Request& request);
http::Outgoing show_signals(const Sources& sources, const Request& request);
http::Outgoing list_suppressions(const Sources& sources, const Request& request);
http::Outgoing find_link(const Sources& sources, const Request& request);
http::Outgoing add_suppression(const Sources& sources, const Request& request);
http::Outgoing remove_suppression(const Sources& sources, const Request& request);
// recovery_routes.cpp:
http::Outgoing show_dead_letter(const Sources& sources, const Request& request);
http::Outgoing retry_dead_letter(const Sources& sources, const Request& request);
http::Outgoing retry_dead_letters(const Sources& sources, const Request& request);
http::Outgoing resolve_in_doubt(const Sources& sources, const Request& request);
http::Outgoing replay_events(const Sources& sources, const Request& request);
http::Outgoing replay_plan(const Sources& sources, const Request& request);
// deploy_routes.cpp:
http::Outgoing make_plan(const Sources& sources, const Request& request);
http::Outgoing apply_plan(const Sources& sources, const Request& request);
http::Outgoing revert_pipeline(const Sources& sources, const Request& request);
http::Outgoing pipeline_history(const Sources& sources, const Request& request);
http::Outgoing pipeline_diff(const Sources& sources, const Request& request);
// host_routes.cpp:
http::Outgoing live(const Sources& sources, const Request& request);
http::Outgoing ready(const Sources& sources, const Request& request);
http::Outgoing metrics(const Sources& sources, const Request& request);
http::Outgoing list_pipelines(const Sources& sources, const Request& request);
http::Outgoing list_connections(const Sources& sources, const Request& request);
http::Outgoing pause_connection(const Sources& sources, const Request& request);
http::Outgoing resume_connection(const Sources& sources, const Request& request);
http::Outgoing probe_connection(const Sources& sources, const Request& request);
http::Outgoing list_plugins(const Sources& sources, const Request& request);
http::Outgoing describe_api(const Sources& sources, const Request& request);

}  // namespace milepost::api
