// Every route of the admin API: the one table that requests are matched against and that OpenAPI is written from.
#pragma once

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
};

struct Route {
  enum class Access { open, key };
  enum class Where { listener, worker };  ///< worker: it reads the store, or takes its time

  std::string_view path;       ///< "/api/v1/events/{id}": at most one {…}, at its end
  std::string_view operation;  ///< OpenAPI's operationId
  std::string_view summary;
  std::vector<Parameter> parameters;
  std::string_view key_description;  ///< of the {…}
  std::string_view answer;           ///< name of the answer's schema; "" when it is no JSON
  http::Outgoing (*respond)(const Sources&, const Request&);
  Access access = Access::key;
  Where where = Where::worker;
};

std::span<const Route> routes();

/// The route of a decoded path, and what its {…} stands for; nullptr when there is none.
const Route* find_route(std::string_view path, std::string& key);

/// 200 with a JSON body.
http::Outgoing json_answer(const Json& body, int status = 200);

// What the routes answer, by file. event_routes.cpp:
http::Outgoing list_events(const Sources& sources, const Request& request);
http::Outgoing show_event(const Sources& sources, const Request& request);
http::Outgoing list_dead_letters(const Sources& sources, const Request& request);
http::Outgoing list_in_doubt(const Sources& sources, const Request& request);
http::Outgoing list_audit(const Sources& sources, const Request& request);
// host_routes.cpp:
http::Outgoing live(const Sources& sources, const Request& request);
http::Outgoing ready(const Sources& sources, const Request& request);
http::Outgoing metrics(const Sources& sources, const Request& request);
http::Outgoing list_pipelines(const Sources& sources, const Request& request);
http::Outgoing list_connections(const Sources& sources, const Request& request);
http::Outgoing list_plugins(const Sources& sources, const Request& request);
http::Outgoing describe_api(const Sources& sources, const Request& request);

}  // namespace milepost::api
