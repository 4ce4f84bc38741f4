// An absolute http(s) URL, taken apart strictly: what two readers could understand differently is no URL.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace milepost::http {

struct Url {
  bool tls = false;
  std::string host;  ///< lower case; an IPv6 literal without its brackets
  std::uint16_t port = 80;
  std::string target;     ///< path and query, as written; "/" at least
  std::string authority;  ///< for the Host header: brackets kept, the port only where it is not the scheme's
};

/// The error is one sentence that quotes nothing of the URL, since a query may hold a secret. Refused: other schemes,
/// user information, spaces, control and non-ASCII characters, backslashes, fragments, a port outside 1 to 65535.
std::expected<Url, std::string> parse_url(std::string_view text);

}  // namespace milepost::http
