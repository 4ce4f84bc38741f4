#include "plugins/hubspot/sandbox/webhooks.hpp"

#include <algorithm>

#include "milepost/testing/sandbox.hpp"

namespace milepost::hubspot::sandbox {
namespace {

constexpr std::size_t kMostEvents = 100;
constexpr std::string_view kSecret = "sandbox-client-secret";

}  // namespace

std::string decoded_uri(std::string_view uri) {
  constexpr std::pair<std::string_view, char> escapes[] = {{"%3A", ':'}, {"%2F", '/'}, {"%3F", '?'},  {"%40", '@'},
                                                           {"%21", '!'}, {"%24", '$'}, {"%27", '\''}, {"%28", '('},
                                                           {"%29", ')'}, {"%2A", '*'}, {"%2C", ','},  {"%3B", ';'}};
  std::string out;
  for (std::size_t i = 0; i < uri.size(); ++i) {
    char c = uri[i];
    for (const auto& [escape, plain] : escapes) {
      if (!uri.substr(i).starts_with(escape)) continue;
      c = plain;
      i += 2;
      break;
    }
    out += c;
  }
  return out;
}

std::string signature_v1(std::string_view secret, std::string_view body) {
  return testing::hex(testing::sha256(std::string(secret).append(body)));
}

std::string signature_v2(std::string_view secret, std::string_view method, std::string_view uri,
                         std::string_view body) {
  return testing::hex(testing::sha256(std::string(secret).append(method).append(uri).append(body)));
}

std::string signature_v3(std::string_view secret, std::string_view method, std::string_view uri, std::string_view body,
                         std::string_view timestamp) {
  return testing::base64(
      testing::hmac_sha256(secret, std::string(method).append(decoded_uri(uri)).append(body).append(timestamp)));
}

Result<std::vector<HttpRequest>> webhooks(const Json& order, Time now, long long& first_id) {
  auto target = get<std::string>(order, "/target");
  if (!target) target = get<std::string>(order, "/url");
  if (!target) return fail(target.error());
  // An old account's: "v1" or "v2" alone.
  const auto version = get<std::string>(order, "/version").value_or("v3");
  const auto repeats = std::clamp<long long>(get<long long>(order, "/duplicates").value_or(0), 0, 10);
  const auto secret = get<std::string>(order, "/secret").value_or(std::string(kSecret));
  const auto uri = get<std::string>(order, "/uri").value_or(*target);
  const long long now_ms = std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count();

  std::vector<Json> events;
  if (const auto* list = find(order, "/events"); list != nullptr && list->is_array()) {
    events.assign(list->begin(), list->end());
  } else {
    Json one = order;
    for (const char* ours : {"target", "url", "secret", "uri", "version", "duplicates"}) one.erase(ours);
    events.push_back(std::move(one));
  }
  std::vector<HttpRequest> requests;
  Json array = Json::array();
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (!events[i].is_object()) return fail(ErrorKind::permanent, "events: expected objects");
    Json event{{"eventId", first_id++}, {"subscriptionId", 2001},  {"portalId", 62515},
               {"appId", 1160452},      {"occurredAt", now_ms},    {"subscriptionType", "deal.propertyChange"},
               {"attemptNumber", 0},    {"changeSource", "CRM_UI"}};
    event.update(events[i]);
    array.push_back(std::move(event));
    if (array.size() < kMostEvents && i + 1 < events.size()) continue;
    HttpRequest request{"POST",
                        *target,
                        {{"Content-Type", "application/json"}},
                        text(std::exchange(array, Json::array())),
                        Intent::repeatable};
    const auto timestamp = std::to_string(now_ms);
    request.headers.emplace_back("X-HubSpot-Signature-Version", version == "v2" ? "v2" : "v1");
    request.headers.emplace_back("X-HubSpot-Signature", version == "v2"
                                                            ? signature_v2(secret, "POST", uri, request.body)
                                                            : signature_v1(secret, request.body));
    if (version == "v3") {
      request.headers.emplace_back("X-HubSpot-Request-Timestamp", timestamp);
      request.headers.emplace_back("X-HubSpot-Signature-v3",
                                   signature_v3(secret, "POST", uri, request.body, timestamp));
    }
    requests.insert(requests.end(), static_cast<std::size_t>(repeats), request);
    requests.push_back(std::move(request));
  }
  return requests;
}

}  // namespace milepost::hubspot::sandbox
