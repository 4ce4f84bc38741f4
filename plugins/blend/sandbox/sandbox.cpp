#include "plugins/blend/sandbox/sandbox.hpp"

#include <charconv>

namespace milepost::blend::sandbox {
namespace {

using namespace std::chrono_literals;
using testing::json_answer;
using testing::Params;

constexpr std::string_view kToken = "sandbox-token";
constexpr std::string_view kUser = "sandbox-user", kPassword = "sandbox-password";
constexpr std::string_view kClient = "sandbox-client", kClientSecret = "sandbox-client-secret";
constexpr int kStrikes = 3;  // wrong passwords (api-auth-security-details)
constexpr auto kTokenLives = 1h;

int major_of(std::string_view version) {
  int major = 0;
  const auto [stop, fault] = std::from_chars(version.data(), version.data() + version.size(), major);
  const bool semantic = fault == std::errc() && std::count(version.begin(), version.end(), '.') == 2 &&
                        version.find_first_not_of("0123456789.") == version.npos;
  return semantic && major >= 2 && major <= 13 ? major : 0;
}

std::string_view phrase(int status) {
  switch (status) {
    case 400:
      return "Invalid Request";
    case 401:
      return "Authentication required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 409:
      return "Conflict";
    case 422:
      return "The requested update is invalid";
    case 429:
      return "Rate Limited";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

BlendSandbox::BlendSandbox(Host host) : host_(host) {
  add_routes();
  add_admin();
}

void BlendSandbox::reset() {
  switches_ = {};
  window_ = testing::RollingWindow(switches_.rate, 1s);
  for (auto* all : {&applications_, &follow_ups_, &documents_, &events_}) all->clear();
  milestones_.clear();
  export_statuses_.clear();
  tokens_.clear();
  wrong_passwords_ = 0;
  made_ = 0;
}

Json BlendSandbox::state() const {
  Json out{{"applications", applications_.json()},
           {"follow_ups", follow_ups_.json()},
           {"documents", documents_.json()},
           {"events", events_.json()}};
  for (const auto& [name, all] : {std::pair{"milestones", &milestones_}, {"export_statuses", &export_statuses_}}) {
    out[name] = Json::object();
    for (const auto& [id, value] : *all) out[name][id] = value;
  }
  return out;
}

std::string BlendSandbox::uuid() {
  auto id = testing::hex(testing::sha256("blend " + std::to_string(++made_))).substr(0, 32);
  id[12] = '4';
  id[16] = '8';
  for (const std::size_t at : {8u, 13u, 18u, 23u}) id.insert(at, "-");
  return id;
}

std::string BlendSandbox::now() const { return testing::iso_time(host_.clock().now()); }

void BlendSandbox::on(testing::Routes& routes, const std::string& method, const std::string& path, Do handler) {
  routes.on(method, path, [this, handler](const HttpRequest& request, const Params& params) {
    Ask ask{params, testing::query(request), Json::object(), &request};
    if (!request.body.empty() && request.header("Content-Type").find("json") != std::string_view::npos) {
      auto body = read_json(request.body);
      if (!body) return refuse(400, "The body is no JSON: " + request.body);
      ask.body = std::move(*body);
    }
    return (this->*handler)(ask);
  });
}

void BlendSandbox::add_routes() {
  using S = BlendSandbox;
  const std::string all = "/home-lending/applications", one = all + "/{id}";
  on(current_, "GET", "/authentication-status", &S::authenticated);
  on(current_, "POST", all + "/los-milestones", &S::set_milestones);
  on(current_, "GET", all, &S::list_applications);
  on(current_, "POST", all, &S::create_application);
  on(current_, "GET", one, &S::get_application);
  on(current_, "PATCH", one, &S::patch_application);
  on(current_, "GET", one + "/parties", &S::parties);
  on(current_, "GET", one + "/assignees", &S::assignees);
  on(current_, "PATCH", one + "/assignees", &S::add_assignees);
  on(current_, "PUT", one + "/assignees", &S::replace_assignees);
  on(current_, "GET", one + "/los-milestones", &S::get_milestone);
  on(current_, "POST", one + "/export-status", &S::set_export_status);
  on(current_, "GET", one + "/documents", &S::list_documents);
  on(current_, "POST", "/parties", &S::add_party);
  on(current_, "PATCH", "/parties/{id}", &S::patch_party);
  on(current_, "POST", "/follow-ups", &S::create_follow_up);
  on(current_, "GET", "/follow-ups", &S::list_follow_ups);
  on(current_, "POST", "/documents", &S::upload_document);
  on(legacy_, "GET", "/current-user", &S::authenticated);
  on(legacy_, "POST", "/loans/los-milestones", &S::set_milestones);
  on(legacy_, "GET", "/loans", &S::list_loans);
  on(legacy_, "POST", "/loans", &S::create_loan);
  on(legacy_, "GET", "/loans/{id}", &S::get_loan);
  on(legacy_, "PATCH", "/loans/{id}", &S::patch_loan);
  on(legacy_, "GET", "/loans/{id}/los-milestones", &S::get_milestone);
  for (auto* routes : {&current_, &legacy_}) {
    on(*routes, "GET", "/events", &S::list_events);
    on(*routes, "GET", "/events/{id}", &S::get_event);
    on(*routes, "POST", "/events/{id}/status-updates", &S::set_event_status);
    routes->otherwise([this](const HttpRequest&, int status) { return refuse(status, "No such resource"); });
  }
}

void BlendSandbox::add_admin() {
  using S = BlendSandbox;
  on(admin_, "POST", "/_applications", &S::admin_applications);
  on(admin_, "POST", "/_settings", &S::admin_settings);
  admin_.on("POST", "/_events", [this](const HttpRequest& request, const Params&) {
    const auto made = emit(read_json(request.body).value_or(Json()));
    return made ? json_answer(200, {{"deliveries", made->size()}}) : testing::problem(400, made.error().message);
  });
}

/// The general body; `display` may quote what was sent, as a vendor's does: nobody should log it.
HttpResponse BlendSandbox::refuse(int status, const std::string& display) {
  auto response = json_answer(status, {{"error", phrase(status)}, {"display", display}, {"trackingId", uuid()}});
  response.headers.back().second = "application/json; charset=utf-8";
  --made_;  // a refusal makes nothing
  return response;
}

std::optional<std::string> BlendSandbox::tenant_of(const HttpRequest& request) {
  if (const auto token = testing::bearer(request)) {
    if (*token == kToken) return switches_.instance;
    if (*token == "other-token") return "other~default";
    const auto known = tokens_.find(*token);
    if (known != tokens_.end() && host_.clock().now() < known->second) return switches_.instance;
    return std::nullopt;
  }
  const auto pair = testing::basic(request);
  if (!pair || pair->first != kUser || wrong_passwords_ >= kStrikes) return std::nullopt;
  if (pair->second == kPassword) {
    wrong_passwords_ = 0;
    return switches_.instance;
  }
  ++wrong_passwords_;
  return std::nullopt;
}

/// What Blend says before it looks at the path; nullopt: go on.
std::optional<HttpResponse> BlendSandbox::refused(const HttpRequest& request) {
  if (!window_.take(host_.clock().now())) {
    auto response = refuse(429, "Too many requests from this address");
    if (switches_.retry_after) response.headers.emplace_back("Retry-After", "1");
    return response;
  }
  const auto tenant = tenant_of(request);
  if (!tenant) return refuse(401, "Authentication required");
  const auto instance = request.header("blend-target-instance");
  if (instance.empty()) return refuse(switches_.missing_header_status, "blend-target-instance is required");
  if (instance != *tenant) return refuse(403, "This token is not of the tenant " + std::string(instance));
  version_ = request.header("blend-api-version");
  if (version_.empty()) return refuse(switches_.missing_header_status, "blend-api-version is required");
  if (major_of(version_) == 0) return refuse(400, "blend-api-version is unknown");
  return std::nullopt;
}

HttpResponse BlendSandbox::oauth_token(const HttpRequest& request) {
  const auto body = read_json(request.body).value_or(Json::object());
  const auto refuse_login = [](int status, const char* error) { return json_answer(status, {{"error", error}}); };
  if (text(body).find("grant_type") == std::string::npos) return refuse_login(400, "invalid_request");
  if (get<std::string>(body, "/grant_type").value_or("") != "client_credentials")
    return refuse_login(400, "unsupported_grant_type");
  if (get<std::string>(body, "/client_id").value_or("") != kClient ||
      get<std::string>(body, "/client_secret").value_or("") != kClientSecret)
    return refuse_login(401, "invalid_client");
  const auto token = "oauth-" + std::to_string(tokens_.size() + 1);
  tokens_[token] = host_.clock().now() + kTokenLives;
  return json_answer(200, {{"access_token", token}, {"token_type", "Bearer"}, {"expires_in", 3600}});
}

HttpResponse BlendSandbox::handle(const HttpRequest& request) {
  const auto path = testing::path(request);
  if (path.starts_with("/_")) return admin_.handle(request);
  if (path == "/oauth-token" && request.method == "POST") return oauth_token(request);
  if (auto response = refused(request)) return std::move(*response);
  auto response = (major_of(version_) == 2 ? legacy_ : current_).handle(request);
  for (auto& [name, value] : response.headers)
    if (same_header(name, "Content-Type")) value = "application/json; charset=utf-8";
  return response;
}

}  // namespace milepost::blend::sandbox
