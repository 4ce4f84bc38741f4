#include "host/api/admin.hpp"

#include <exception>
#include <optional>
#include <utility>

#include "host/api/routes.hpp"
#include "host/api/worker.hpp"
#include "host/telemetry/log.hpp"
#include "milepost/http.hpp"

namespace milepost::api {
namespace {

/// Requests that wait for the worker. A person's page, a probe and a scraper need few.
constexpr std::size_t kMostWaiting = 64;
/// Nothing here reads a body yet.
constexpr std::size_t kBodyLimit = 4096;

bool has_key(const Sources& sources, const http::Incoming& request) {
  if (request.peer == "unix") return true;
  const std::string* given = nullptr;
  for (const auto& [name, value] : request.headers) {
    if (!same_header(name, "Authorization")) continue;
    if (given != nullptr) return false;  // two of them: nobody should have to guess
    given = &value;
  }
  return given != nullptr && sources.keys != nullptr && sources.keys->recognise(*given).has_value();
}

/// What keeps a request from its route; status 0: nothing.
http::Admission check(const Sources& sources, const http::Incoming& request) {
  std::string key;
  const Route* route = find_route(request.path, key);
  // Who has no key does not learn which addresses there are.
  if ((route == nullptr || route->access == Route::Access::key) && !has_key(sources, request))
    return {401,
            "Unauthorized",
            "Send the key of data/owner.key as Authorization: Bearer mp_….",
            0,
            {{"WWW-Authenticate", "Bearer"}}};
  if (route == nullptr)
    return {404, "Not Found", "There is nothing at this address; /api/v1/openapi.json lists what there is.", 0, {}};
  if (request.method != "GET" && request.method != "HEAD")
    return {405, "Method Not Allowed", "This address is read by GET.", 0, {{"Allow", "GET, HEAD"}}};
  return {0, "", "", kBodyLimit, {}};
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
  std::string key;
  const Route& route = *find_route(request.path, key);
  auto query = Query::read(request.query, route.parameters);
  if (!query) return respond(http::problem(400, "Bad Request", query.error().message));

  Request read{std::move(key), std::move(*query)};
  if (route.where == Route::Where::listener) return respond(answer(route, state_->sources, read));
  const bool posted = state_->worker.post(
      [&route, &sources = state_->sources, read = std::move(read), respond] { respond(answer(route, sources, read)); });
  if (!posted) respond(busy("Too many requests wait for an answer."));
}

}  // namespace milepost::api
