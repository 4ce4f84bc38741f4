// The address that a sender called, where it signs that too.
#pragma once

#include <optional>
#include <string>

#include "host/http/server.hpp"

namespace milepost::intake {

/// `url` of a verifier.
struct SignedAddress {
  std::string shown;   ///< `public`: scheme, host and perhaps a path, as behind a proxy; "": as it reached us
  std::string decode;  ///< characters whose escapes (%2F, upper case) the sender decodes before it signs

  /// nullopt: the request names no host, or several. [any]
  std::optional<std::string> of(const http::Incoming& request) const;
};

}  // namespace milepost::intake
