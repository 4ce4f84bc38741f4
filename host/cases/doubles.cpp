#include "host/cases/doubles.hpp"

#include "host/http/url.hpp"

namespace milepost::cases {

Doubles::~Doubles() = default;

void Doubles::add(const std::string& name, std::unique_ptr<Sandbox> twin, std::vector<VendorFault> faults) {
  auto& vendor = vendors_[name] = std::make_unique<Vendor>();
  vendor->twin = std::move(twin);
  for (auto& fault : faults) vendor->faults.add(std::move(fault));
}

Doubles::Vendor* Doubles::at(const std::string& name) const {
  const auto found = vendors_.find(name);
  return found == vendors_.end() ? nullptr : found->second.get();
}

/// As long as an answer takes, this thread waits, and nobody else.
void Doubles::pass(std::chrono::milliseconds time, const http::Options& options) {
  std::unique_lock lock(late_);
  clock_.wait_until(lock, nobody_, stop_.get_token(), clock_.now() + time,
                    [&] { return options.stopped && options.stopped(); });
}

std::expected<http::Response, http::Failure> Doubles::exchange(const http::Request& request,
                                                               const http::Options& options) {
  using Kind = http::Failure::Kind;
  const auto url = http::parse_url(request.url);
  if (!url) return std::unexpected(http::Failure{Kind::malformed, false, url.error()});
  const auto failed = [&](Kind kind, bool sent, const std::string& cause) {
    return std::unexpected(http::Failure{kind, sent, url->authority + ": " + cause});
  };
  Vendor* const vendor = at(options.connector);
  if (vendor == nullptr)
    return failed(Kind::connect, false, "no double of " + options.connector + " is installed");

  std::string target = url->target;
  const std::string served = "/" + options.connector;
  if (target.starts_with(served) && (target.size() == served.size() || target[served.size()] == '/' || target[served.size()] == '?'))
    target.erase(0, served.size());
  if (!target.starts_with('/')) target.insert(0, 1, '/');

  std::unique_lock turn(vendor->turn);
  const auto fault = vendor->faults.strike(request.method, target.substr(0, target.find('?')));
  http::Response answer;
  bool cut = false;
  if (fault && fault->answer) {
    answer = {fault->answer->status, fault->answer->headers, fault->answer->body};
  } else if (fault && fault->cut == VendorFault::Cut::before) {
    cut = true;
  } else {
    HttpHeaders headers{{"Host", url->authority}};  // as the client that this stands for sends it
    headers.insert(headers.end(), request.headers.begin(), request.headers.end());
    auto given = vendor->twin->handle({request.method, target, std::move(headers), request.body, Intent::once});
    answer = {given.status, {given.headers.begin(), given.headers.end()}, std::move(given.body)};
    cut = fault && fault->cut == VendorFault::Cut::after;
  }
  const bool late = fault && fault->delay >= options.timeout;
  vendor->reached.push_back({request.method, target, request.body, cut || late ? 0 : answer.status, request.url,
                             request.headers, mark_ ? mark_() : ""});
  turn.unlock();

  if (fault && fault->delay.count() > 0) pass(std::min(fault->delay, options.timeout), options);
  if (options.stopped && options.stopped()) return failed(Kind::cancelled, true, "stopped");
  if (late) return failed(Kind::timeout, true, "no answer in time");
  if (cut) return failed(Kind::reset, true, "the connection was cut before the answer");
  return answer;
}

std::optional<HttpResponse> Doubles::ask(const std::string& name, const HttpRequest& request) {
  Vendor* const vendor = at(name);
  if (vendor == nullptr) return std::nullopt;
  const std::lock_guard turn(vendor->turn);
  return vendor->twin->handle(request);
}

Result<std::vector<HttpRequest>> Doubles::emit(const std::string& name, const Json& event) {
  Vendor* const vendor = at(name);
  if (vendor == nullptr) return fail(ErrorKind::permanent, "no double of " + name + " is installed");
  const std::lock_guard turn(vendor->turn);
  return vendor->twin->emit(event);
}

std::vector<std::string> Doubles::names() const {
  std::vector<std::string> out;
  for (const auto& [name, vendor] : vendors_) out.push_back(name);
  return out;
}

std::vector<Reached> Doubles::reached(const std::string& name) const {
  const Vendor* const vendor = at(name);
  if (vendor == nullptr) return {};
  const std::lock_guard turn(vendor->turn);
  return vendor->reached;
}

Json Doubles::state(const std::string& name) const {
  const Vendor* const vendor = at(name);
  if (vendor == nullptr) return nullptr;
  const std::lock_guard turn(vendor->turn);
  return vendor->twin->state();
}

}  // namespace milepost::cases
