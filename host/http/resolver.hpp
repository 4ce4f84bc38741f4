// Names to addresses under a deadline. getaddrinfo() cannot be interrupted, so it runs in a thread that may outlive its
// caller.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "host/http/address.hpp"
#include "host/http/client.hpp"
#include "host/http/deadline.hpp"

namespace milepost::http {

/// A Failure before anyone knows whether the request had left: `cause` names neither host nor path.
struct Fault {
  Failure::Kind kind;
  std::string cause;
};

class Resolver {
 public:
  Resolver();
  /// In the order of RFC 6724, as the system sorts them; never empty. At most 16 look-ups run at once, hung ones
  /// included. [any]
  std::expected<std::vector<Address>, Fault> resolve(const std::string& host, std::uint16_t port, Deadline& deadline);

 private:
  struct Shared;  // outlives the Resolver where a look-up hangs
  std::shared_ptr<Shared> shared_;
};

/// What a Deadline's verdict means to an exchange. REQUIRES: not go_on.
Fault to_fault(Deadline::Verdict verdict);

}  // namespace milepost::http
