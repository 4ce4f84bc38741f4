// Serves vendors' doubles on a socket: each under /<vendor>/, and /_sandbox/ for whoever tests against them: requests, state, faults,
// emit, reset. Faults are here, not in the doubles: so every vendor has all of them.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/cases/vendor_fault.hpp"
#include "host/http/client.hpp"
#include "host/http/server.hpp"
#include "host/plugins/registry.hpp"

namespace milepost::cli {

class SandboxServer {
 public:
  /// `secret_headers`: what connections prove themselves by, beside Authorization; the log shows them as "***".
  SandboxServer(std::map<std::string, std::unique_ptr<Sandbox>> vendors, std::vector<std::string> secret_headers)
      : vendors_(std::move(vendors)), secret_headers_(std::move(secret_headers)) {}

  /// For the http::Server. The doubles run one request at a time.
  http::Admission admit(const http::Incoming& head) const;
  void handle(http::Incoming&& request, http::Responder respond);

 private:
  http::Outgoing control(const http::Incoming& request);
  http::Outgoing add_fault(const std::string& body);
  http::Outgoing emit(const std::string& body);
  void serve(const std::string& vendor, http::Incoming&& request, const http::Responder& respond);

  bool is_secret(const std::string& header) const;

  std::map<std::string, std::unique_ptr<Sandbox>> vendors_;
  const std::vector<std::string> secret_headers_;
  http::Client client_;
  std::mutex mutex_;  ///< doubles, faults and the log
  std::map<std::string, cases::VendorFaults> faults_;  ///< by vendor
  std::deque<Json> log_;
};

}  // namespace milepost::cli
