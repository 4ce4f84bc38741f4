#include "host/api/admin.hpp"

#include <exception>
#include <optional>
#include <utility>

#include "host/api/routes.hpp"
#include "host/api/schemas.hpp"
#include "host/api/worker.hpp"
#include "host/config/json_schema.hpp"
#include "host/telemetry/log.hpp"
#include "milepost/http.hpp"

namespace milepost::api {
namespace {

/// Requests that wait for the worker. A person's page, a probe and a scraper need few.
constexpr std::size_t kMostWaiting = 64;
constexpr std::size_t kBodyLimit = 256 << 10;
constexpr std::size_t kNoBodyLimit = 4096;

/// Health may be asked by anyone, in whatever way.
bool open_to_all(std::string_view path) {
  std::string key, allow;
  const Route* route = find_route("GET", path, key, allow);
  return route != nullptr && route->access == Route::Access::open;
}

/// Who asks, as audit rows name him; nullopt without a key that is known.
std::optional<std::string> user_of(const Sources& sources, const http::Incoming& request) {
  if (request.peer == "unix") return "key:owner";
  const std::string* given = nullptr;
  for (const auto& [name, value] : request.headers) {
    if (!same_header(name, "Authorization")) continue;
    if (given != nullptr) return std::nullopt;  // two of them: nobody should have to guess
    given = &value;
  }
  if (given == nullptr || sources.keys == nullptr) return std::nullopt;
  const auto principal = sources.keys->recognise(*given);
  return principal ? std::optional("key:" + principal->name) : std::nullopt;
}

/// What keeps a request from its route; status 0: nothing.
http::Admission check(const Sources& sources, const http::Incoming& request) {
  std::string key, allow;
  const Route* route = find_route(request.method, request.path, key, allow);
  const bool open = route == nullptr ? open_to_all(request.path) : route->access == Route::Access::open;
  // Who has no key does not learn which addresses there are.
  if (!open && !user_of(sources, request))
    return {401,
            "Unauthorized",
            "Send the key of data/owner.key as Authorization: Bearer mp_….",
            0,
            {{"WWW-Authenticate", "Bearer"}}};
  if (route == nullptr && allow.empty())
    return {404, "Not Found", "There is nothing at this address; /api/v1/openapi.json lists what there is.", 0, {}};
  if (route == nullptr)
    return {405, "Method Not Allowed", "This address takes " + allow + ".", 0, {{"Allow", allow}}};
  return {0, "", "", route->body.empty() ? kNoBodyLimit : kBodyLimit, {}};
}

/// The body of a POST as its schema wants it.
Result<Json> body_of(const Route& route, const std::string& text) {
  auto body = read_json(text.empty() ? "{}" : text);
  if (!body) return fail(ErrorKind::permanent, "the body is " + body.error().message);
  const auto schema = config::JsonSchema::compile(schemas().at(std::string(route.body)));
  if (!schema) return fail(schema.error());
  std::string faults;
  for (const auto& violation : schema->check(*body))
    faults.append(faults.empty() ? "" : "; ").append(violation.pointer.empty() ? "" : violation.pointer.substr(1) + ": ").append(violation.message);
  if (!faults.empty()) return fail(ErrorKind::permanent, std::move(faults));
  return body;
}

http::Outgoing to_problem(const http::Admission& refusal) {
  auto out = http::problem(refusal.status, refusal.title, refusal.detail);
  out.headers.insert(out.headers.end(), refusal.headers.begin(), refusal.headers.end());
  return out;
}

http::Outgoing busy(const std::string& detail) {
  auto out = http::problem(503, "Service Unavailable", detail);
  out.headers.emplace_back("Retry-After", "1");
  return out;
}

http::Outgoing answer(const Route& route, const Sources& sources, const Request& request) {
  try {
    return route.respond(sources, request);
  } catch (const std::exception& error) {
    telemetry::log(telemetry::Level::error, "api.failed",
                   {{"route", std::string(route.path)}, {"error", error.what()}});
    return busy("The store could not be read; /health/ready may say why.");
  }
}

}  // namespace

struct Admin::State {
  explicit State(Sources given) : sources(std::move(given)), worker(kMostWaiting) {}
  const Sources sources;
  Worker worker;  // last: its tasks read the sources
};

Admin::Admin(Sources sources) : state_(std::make_unique<State>(std::move(sources))) {}
Admin::~Admin() = default;

http::Admission Admin::admit(const http::Incoming& head) const { return check(state_->sources, head); }

void Admin::handle(http::Incoming&& request, http::Responder respond) const {
  if (const auto refusal = check(state_->sources, request); refusal.status != 0) return respond(to_problem(refusal));
  std::string key, allow;
  const Route& route = *find_route(request.method, request.path, key, allow);
  auto query = Query::read(request.query, route.parameters);
  if (!query) return respond(http::problem(400, "Bad Request", query.error().message));
  Request read{std::move(key), std::move(*query)};
  if (!route.body.empty()) {
    auto body = body_of(route, request.body);
    if (!body) return respond(http::problem(400, "Bad Request", body.error().message));
    read.body = std::move(*body);
    read.user = user_of(state_->sources, request).value_or("");
  }
  if (route.where == Route::Where::listener) return respond(answer(route, state_->sources, read));
  const bool posted = state_->worker.post(
      [&route, &sources = state_->sources, read = std::move(read), respond] { respond(answer(route, sources, read)); });
  if (!posted) respond(busy("Too many requests wait for an answer."));
}

}  // namespace milepost::api
