#include "plugins/hubspot/client.hpp"

namespace milepost::hubspot {

Reply Client::read(const std::string& operation, const std::string& target, const Call& call,
                   const std::string& shown) const {
  return exchange(operation, {"GET", target, {}, {}, Intent::read}, {}, call, shown);
}

Reply Client::send(const std::string& operation, const std::string& method, const std::string& target, const Json& body,
                   Intent intent, const std::vector<std::string>& names, const Call& call) const {
  HttpRequest request{method, target, {}, {}, intent};
  if (!body.is_null()) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = text(body);
  }
  return exchange(operation, std::move(request), names, call);
}

Reply Client::exchange(const std::string& operation, HttpRequest request, const std::vector<std::string>& names,
                       const Call& call, const std::string& shown) const {
  const Asked asked{
      !shown.empty() ? shown : "hubspot: " + request.method + ' ' + request.target.substr(0, request.target.find('?')),
      request.intent, names};
  const auto started = host_.clock().now();
  const auto response = host_.http().send(request, call);
  const auto now = host_.clock().now();
  host_.metrics().seconds("request", std::chrono::duration<double>(now - started).count(), {{"operation", operation}});
  if (!response) {
    Error error = response.error();
    if (error.origin.empty() || !shown.empty()) error.origin = asked.origin;
    return std::unexpected(Refusal{std::move(error), 0, {}});
  }
  if (auto refused = refusal(*response, asked, now)) return std::unexpected(until_midnight(std::move(*refused), time_zone_, host_.clock()));
  if (response->body.empty()) return Json(nullptr);
  auto body = read_json(response->body);
  if (!body) {
    // A 2xx that cannot be read: whether a write was done is unknown, unless it may simply be sent again.
    const auto kind = request.intent == Intent::once ? ErrorKind::indeterminate : ErrorKind::retryable;
    return std::unexpected(
        Refusal{{kind, "the answer is no JSON", asked.origin + " -> " + std::to_string(response->status), {}}, 0, {}});
  }
  if (get<std::string>(*body, "/status").value_or("") == "error") return std::unexpected(of_item(*body, asked));
  return std::move(*body);
}

}  // namespace milepost::hubspot
