// The vendors of one world: stands where the HTTP client stands, and hands each connector's requests to its double. No
// socket, no name that is looked up; a request that no double takes is a connection that is refused.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "host/cases/vendor_fault.hpp"
#include "host/http/client.hpp"
#include "host/telemetry/clock.hpp"
#include "milepost/connector.hpp"

namespace milepost::cases {

/// One request that reached a vendor.
struct Reached {
  std::string method, target, body;
  int status = 0;       ///< of the answer; 0: there was none
  std::string url;      ///< as it would have left the host
  http::Headers headers;  ///< credentials included
  std::string mark;     ///< what mark_by() gave then
};

class Doubles : public http::Client {
 public:
  /// Time passes by `clock`, which outlives this.
  explicit Doubles(telemetry::Clock& clock) : clock_(clock) {}
  ~Doubles() override;

  /// Before the first request: the double that stands for everything the connector `name` calls.
  void add(const std::string& name, std::unique_ptr<Sandbox> twin, std::vector<VendorFault> faults);
  /// Asked at each request, for whoever must tell them apart; before the first one.
  void mark_by(std::function<std::string()> mark) { mark_ = std::move(mark); }
  /// Whoever waits for a late answer gets it now, and later ones are not late.
  void stop() { stop_.request_stop(); }

  /// The path that a connection's base_url has for `milepost sandbox` (/NAME/…) is taken off. [any]
  std::expected<http::Response, http::Failure> exchange(const http::Request& request,
                                                        const http::Options& options) override;
  /// Past its faults and its log; nullopt: there is no such double. [any]
  std::optional<HttpResponse> ask(const std::string& name, const HttpRequest& request);
  /// The webhooks that it sends of an event. [any]
  Result<std::vector<HttpRequest>> emit(const std::string& name, const Json& event);

  std::vector<std::string> names() const;
  std::vector<Reached> reached(const std::string& name) const;  ///< in order; what ask() asked aside [any]
  Json state(const std::string& name) const;                    ///< what the double holds [any]

 private:
  struct Vendor {
    mutable std::mutex turn;  ///< a double takes one request at a time
    std::unique_ptr<Sandbox> twin;
    VendorFaults faults;
    std::vector<Reached> reached;
  };
  Vendor* at(const std::string& name) const;
  void pass(std::chrono::milliseconds time, const http::Options& options);

  telemetry::Clock& clock_;
  std::stop_source stop_;
  std::mutex late_;
  std::condition_variable_any nobody_;
  std::function<std::string()> mark_;
  std::map<std::string, std::unique_ptr<Vendor>> vendors_;
};

}  // namespace milepost::cases
