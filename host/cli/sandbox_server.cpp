#include "host/cli/sandbox_server.hpp"

#include <thread>

namespace milepost::cli {
namespace {

using cases::VendorFault;

constexpr std::size_t kMostLogged = 20'000;

http::Outgoing json_answer(int status, const Json& body) { return {status, {{"Content-Type", "application/json"}}, text(body)}; }

std::string query_value(const std::string& query, const std::string& key) {
  for (std::size_t at = 0; at < query.size();) {
    const auto end = std::min(query.find('&', at), query.size());
    if (query.compare(at, key.size() + 1, key + "=") == 0) return query.substr(at + key.size() + 1, end - at - key.size() - 1);
    at = end + 1;
  }
  return {};
}

/// "/acme/orders?x" -> "acme" and "/orders?x".
std::pair<std::string, std::string> split_vendor(const std::string& target) {
  const auto end = std::min(target.find('/', 1), target.find('?', 1));
  const std::string vendor = target.substr(1, end == target.npos ? end : end - 1);
  std::string rest = end == target.npos ? "" : target.substr(end);
  if (!rest.starts_with('/')) rest.insert(0, 1, '/');
  return {vendor, rest};
}

}  // namespace

http::Admission SandboxServer::admit(const http::Incoming&) const {
  http::Admission go;
  go.body_limit = 16u << 20;
  return go;
}

void SandboxServer::handle(http::Incoming&& request, http::Responder respond) {
  if (request.path.starts_with("/_sandbox/")) {
    if (request.path == "/_sandbox/emit") {
      // Waits for whoever receives it: not on the listener's thread.
      std::thread([this, body = std::move(request.body), respond] { respond(emit(body)); }).detach();
      return;
    }
    return respond(control(request));
  }
  const auto [vendor, target] = split_vendor(request.target);
  if (!vendors_.contains(vendor)) {
    std::string names;
    for (const auto& [name, double_] : vendors_) names += (names.empty() ? "/" : ", /") + name + "/";
    return respond(http::problem(404, "no such vendor", "this sandbox serves " + names + " and /_sandbox/"));
  }
  request.target = target;
  serve(vendor, std::move(request), respond);
}

bool SandboxServer::is_secret(const std::string& header) const {
  return same_header(header, "Authorization") ||
         std::ranges::any_of(secret_headers_, [&](const auto& secret) { return same_header(secret, header); });
}

void SandboxServer::serve(const std::string& vendor, http::Incoming&& request, const http::Responder& respond) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  http::Outgoing answer;
  std::chrono::milliseconds delay{0};
  bool drop = false;
  {
    const std::lock_guard lock(mutex_);
    const auto fault = faults_[vendor].strike(request.method, path);
    Json entry{{"vendor", vendor}, {"method", request.method}, {"target", request.target}, {"body", request.body}};
    Json headers = Json::object();
    for (const auto& [key, value] : request.headers) headers[key] = is_secret(key) ? std::string("***") : value;
    entry["headers"] = std::move(headers);
    if (fault) delay = fault->delay;
    if (fault && fault->answer) {
      answer = *fault->answer;
      entry["fault"] = "answer";
    } else if (fault && fault->cut == VendorFault::Cut::before) {
      drop = true;
      entry["fault"] = "cut before";
    } else {
      HttpRequest inner{request.method, request.target, {request.headers.begin(), request.headers.end()}, std::move(request.body), Intent::once};
      const auto response = vendors_.at(vendor)->handle(inner);
      answer = {response.status, {response.headers.begin(), response.headers.end()}, response.body};
      drop = fault && fault->cut == VendorFault::Cut::after;
      if (fault) entry["fault"] = drop ? "cut after" : "delay";
    }
    entry["status"] = drop ? 0 : answer.status;
    log_.push_back(std::move(entry));
    if (log_.size() > kMostLogged) log_.pop_front();
  }
  if (drop) answer = {.status = http::kCut, .headers = {}, .body = {}};
  if (delay.count() == 0) return respond(std::move(answer));
  std::thread([respond, delay, answer = std::move(answer)] {
    std::this_thread::sleep_for(delay);
    respond(answer);
  }).detach();
}

http::Outgoing SandboxServer::control(const http::Incoming& request) {
  const std::string what = request.path.substr(10);
  const std::lock_guard lock(mutex_);
  if (request.method == "GET" && what == "requests") {
    const auto vendor = query_value(request.query, "vendor");
    Json list = Json::array();
    for (const auto& entry : log_)
      if (vendor.empty() || entry["vendor"] == vendor) list.push_back(entry);
    return json_answer(200, {{"requests", list}});
  }
  if (request.method == "GET" && what.starts_with("state/")) {
    const auto found = vendors_.find(what.substr(6));
    if (found == vendors_.end()) return http::problem(404, "no such vendor", "\"" + what.substr(6) + "\" is not served here");
    return json_answer(200, found->second->state());
  }
  if (request.method == "POST" && what == "faults") return add_fault(request.body);
  if (request.method == "POST" && what == "reset") {
    for (auto& [name, vendor] : vendors_) vendor->reset();
    faults_.clear();
    log_.clear();
    return json_answer(200, {{"reset", true}});
  }
  return http::problem(404, "not found", "GET requests, GET state/VENDOR, POST faults, POST emit, POST reset");
}

http::Outgoing SandboxServer::add_fault(const std::string& body) {
  const auto bad = [](const std::string& detail) { return http::problem(400, "not a fault", detail); };
  const auto json = read_json(body);
  if (!json) return bad(json.error().message);
  const auto vendor = get<std::string>(*json, "/vendor");
  if (!vendor || !vendors_.contains(*vendor)) return bad("vendor: name one that is served here");
  auto fault = cases::read_vendor_fault(*json);
  if (!fault) return bad(fault.error().message);
  faults_[*vendor].add(std::move(*fault));
  std::size_t count = 0;
  for (const auto& [name, faults] : faults_) count += faults.size();
  return json_answer(200, {{"faults", count}});
}

http::Outgoing SandboxServer::emit(const std::string& body) {
  const auto json = read_json(body);
  if (!json) return http::problem(400, "not an emission", json.error().message);
  const auto vendor = get<std::string>(*json, "/vendor").value_or("");
  const Json* event = find(*json, "/event");
  if (!vendors_.contains(vendor) || event == nullptr) return http::problem(400, "not an emission", "say {\"vendor\": …, \"event\": {…}}");
  Result<std::vector<HttpRequest>> requests = fail(ErrorKind::internal, "");
  {
    const std::lock_guard lock(mutex_);
    requests = vendors_.at(vendor)->emit(*event);
  }
  if (!requests) return http::problem(422, "the double refuses", requests.error().message);
  Json answers = Json::array();
  for (const auto& request : *requests) {
    http::Options options;
    options.allow_private = true;
    const auto answer = client_.exchange({request.method, request.target, {request.headers.begin(), request.headers.end()}, request.body, http::Intent::once}, options);
    answers.push_back(answer ? Json{{"status", answer->status}, {"body", answer->body}} : Json{{"error", answer.error().message}});
  }
  return json_answer(200, {{"deliveries", answers}});
}

}  // namespace milepost::cli
