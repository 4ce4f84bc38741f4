#include "plugins/hubspot/sandbox/sandbox.hpp"

#include "plugins/hubspot/sandbox/webhooks.hpp"

namespace milepost::hubspot::sandbox {
namespace {

using namespace std::chrono_literals;
using testing::json_answer;
using testing::Params;

constexpr std::string_view kToken = "sandbox-token";
/// `pat-scopes:crm.objects.contacts.read,…` carries just these scopes; any other token that begins with `pat-` carries
/// all.
constexpr std::string_view kScoped = "pat-scopes:";

std::string lower(std::string text) {
  for (auto& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

}  // namespace

HubspotSandbox::HubspotSandbox(Host host) : host_(host) { add_routes(); }

void HubspotSandbox::reset() {
  crm_ = Crm();
  limits_ = {};
  windows_.clear();
  searches_ = {limits_.search, 1s};
  used_today_ = 0;
  day_ends_ = {};
  correlations_ = 0;
  next_event_ = 1;
}

Result<std::vector<HttpRequest>> HubspotSandbox::emit(const Json& event) {
  return webhooks(event, host_.clock().now(), next_event_);
}

/// Each route under v3 (associations: v4) and under the dated families.
void HubspotSandbox::on(const std::string& method, const std::string& kind, const std::string& rest,
                        const std::string& scope, Do handler) {
  const auto go = [this, scope, handler](const HttpRequest& request, const Params& params) {
    return enter(request, params, scope, handler);
  };
  const bool association = rest.find("/associations/") != rest.npos;
  routes_.on(method, (association ? "/crm/v4/" : "/crm/v3/") + kind + "/{type}" + rest, go);
  routes_.on(method, "/crm/" + kind + "/{version}/{type}" + rest, go);
}

void HubspotSandbox::add_routes() {
  using S = HubspotSandbox;
  on("POST", "objects", "/batch/read", "read", &S::batch_read);
  on("POST", "objects", "/batch/upsert", "write", &S::batch_upsert);
  on("POST", "objects", "/batch/create", "write", &S::batch_create);
  on("POST", "objects", "/batch/update", "write", &S::batch_update);
  on("POST", "objects", "/batch/archive", "write", &S::batch_archive);
  on("POST", "objects", "/search", "read", &S::search);
  on("GET", "objects", "", "read", &S::list);
  on("POST", "objects", "", "write", &S::create);
  on("GET", "objects", "/{id}", "read", &S::get_one);
  on("PATCH", "objects", "/{id}", "write", &S::update);
  on("DELETE", "objects", "/{id}", "write", &S::remove);
  on("GET", "objects", "/{id}/associations/{to}", "read", &S::associations);
  on("PUT", "objects", "/{id}/associations/default/{to}/{to_id}", "write", &S::associate);
  on("PUT", "objects", "/{id}/associations/{to}/{to_id}", "write", &S::associate_labelled);
  on("GET", "properties", "/groups", "read", &S::property_groups);
  on("GET", "properties", "", "read", &S::properties);
  on("POST", "properties", "", "schema", &S::create_property);
  on("GET", "properties", "/{name}", "read", &S::property);
  on("GET", "pipelines", "", "read", &S::pipelines);
  on("GET", "pipelines", "/{id}", "read", &S::pipeline);
  // Not HubSpot's: for tests that need more, or less, than an account has. {"burst": 5, "daily": 100, "search": 2,
  // "index_lag_ms": 5000, "time_zone": "America/New_York"}
  routes_.on("POST", "/_limits", [this](const HttpRequest& request, const Params& params) {
    return set_limits({"", params, {}, read_json(request.body).value_or(Json()), false});
  });
  routes_.otherwise([this](const HttpRequest&, int status) {
    return refuse({status, status == 404 ? "OBJECT_NOT_FOUND" : "METHOD_NOT_ALLOWED", "resource not found"});
  });
}

HttpResponse HubspotSandbox::handle(const HttpRequest& request) {
  if (testing::path(request) == "/_limits") return routes_.handle(request);
  token_ = testing::bearer(request).value_or("");
  if (token_ != kToken && !token_.starts_with("pat-"))
    return refuse({401, "INVALID_AUTHENTICATION",
                   "Authentication credentials not found. This API supports OAuth 2.0 authentication."});

  const auto now = host_.clock().now();
  // A day of the account's ends at its own midnight (usage guidelines, read 2026-11).
  if (now >= day_ends_) {
    used_today_ = 0;
    day_ends_ = day_ends(now);
  }
  auto& window = windows_.try_emplace(token_, limits_.burst, 10s).first->second;
  if (used_today_ >= limits_.daily) return limited("DAILY");
  if (!window.take(now)) return limited("TEN_SECONDLY_ROLLING");
  // The search has a limit of its own, and its answers tell of none (search page, read 2026-11).
  const bool search = testing::path(request).ends_with("/search");
  if (search && !searches_.take(now)) return limited("SECONDLY");
  ++used_today_;

  auto response = routes_.handle(request);
  if (search) return response;
  const auto header = [&](const char* name, std::size_t value) {
    response.headers.emplace_back(name, std::to_string(value));
  };
  header("X-HubSpot-RateLimit-Max", window.most());
  header("X-HubSpot-RateLimit-Remaining", window.remaining());
  header("X-HubSpot-RateLimit-Interval-Milliseconds", static_cast<std::size_t>(window.interval().count()));
  header("X-HubSpot-RateLimit-Daily", limits_.daily);
  header("X-HubSpot-RateLimit-Daily-Remaining", limits_.daily - used_today_);
  if (response.header("X-HubSpot-Correlation-Id").empty())
    response.headers.emplace_back("X-HubSpot-Correlation-Id", correlation());
  return response;
}

Time HubspotSandbox::day_ends(Time now) const {
  return host_.clock().next_midnight(limits_.time_zone).value_or(now + 24h);
}

HttpResponse HubspotSandbox::enter(const HttpRequest& request, const Params& params, const std::string& scope,
                                   Do handler) {
  Ask ask{crm_.type_of(params["type"]).value_or(""), params, testing::query(request), Json::object(),
          params.has("version")};
  if (ask.dated && params["version"] != "2026-03" && params["version"] != "2026-09")
    return refuse({404, "OBJECT_NOT_FOUND", "resource not found"});
  if (ask.type.empty()) return refuse({404, "OBJECT_NOT_FOUND", "Unable to infer object type from: " + params["type"]});
  if (!may(scope, ask.type))
    return refuse({403, "MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call."});
  if (!request.body.empty()) {
    auto body = read_json(request.body);
    if (!body || !(body->is_object() || body->is_array()))
      return refuse({400, "VALIDATION_ERROR", "Invalid input JSON"});
    ask.body = std::move(*body);
  }
  return (this->*handler)(ask);
}

/// Notes and mailed pieces are covered by the contacts' scopes.
bool HubspotSandbox::may(const std::string& scope, const std::string& type) const {
  if (!token_.starts_with(kScoped)) return true;
  const std::string about = type == "notes" || type == "postal_mail" ? "contacts" : type == "p_loan" ? "custom" : type;
  const auto wanted = scope == "schema" ? "crm.schemas." + about + ".write" : "crm.objects." + about + "." + scope;
  return ("," + token_.substr(kScoped.size()) + ",").find("," + wanted + ",") != std::string::npos;
}

std::string HubspotSandbox::correlation() {
  auto id = testing::hex(testing::sha256("correlation " + std::to_string(++correlations_))).substr(0, 32);
  for (const std::size_t at : {8u, 13u, 18u, 23u}) id.insert(at, "-");
  return id;
}

HttpResponse HubspotSandbox::refuse(const Problem& problem) {
  const auto id = correlation();
  Json body{{"status", "error"}, {"message", problem.message}, {"correlationId", id}, {"category", problem.category}};
  if (!problem.sub_category.empty()) body["subCategory"] = problem.sub_category;
  if (!problem.code.empty())
    body["errors"] = Json::array({{{"message", problem.message},
                                   {"code", problem.code},
                                   {"context", {{"propertyName", Json::array({problem.property})}}}}});
  return json_answer(problem.status, body, {{"X-HubSpot-Correlation-Id", id}});
}

/// No Retry-After: the CRM's 429 has none.
HttpResponse HubspotSandbox::limited(const std::string& policy) {
  const auto id = correlation();
  const Json body{{"status", "error"},
                  {"message", "You have reached your " + lower(policy) + " limit."},
                  {"errorType", "RATE_LIMIT"},
                  {"category", "RATE_LIMITS"},
                  {"policyName", policy},
                  {"correlationId", id},
                  {"requestId", id}};
  return json_answer(429, body, {{"X-HubSpot-Correlation-Id", id}});
}

HttpResponse HubspotSandbox::set_limits(const Ask& ask) {
  limits_.burst = get<std::size_t>(ask.body, "/burst").value_or(limits_.burst);
  limits_.daily = get<std::size_t>(ask.body, "/daily").value_or(limits_.daily);
  if (const auto zone = get<std::string>(ask.body, "/time_zone")) {
    limits_.time_zone = *zone;
    day_ends_ = day_ends(host_.clock().now());
  }
  limits_.search = get<std::size_t>(ask.body, "/search").value_or(limits_.search);
  limits_.index_lag = std::chrono::milliseconds(get<long long>(ask.body, "/index_lag_ms").value_or(0));
  windows_.clear();
  searches_ = {limits_.search, 1s};
  return testing::empty_answer(204);
}

}  // namespace milepost::hubspot::sandbox
