// The head of an answer, as bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/http/server.hpp"

namespace milepost::http {

struct Framing {
  std::optional<std::size_t> length;  ///< unset: the body ends with the connection, or there is none (1xx, 204, 304)
  bool keep_alive = true;
  bool version_1_0 = false;  ///< the request's: keep-alive must then be said
  std::string_view date;     ///< IMF-fixdate
};

/// Appends. Headers that are the server's own, or that could end their line, are left out.
void append_head(std::string& out, const Outgoing& response, const Framing& framing);

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string imf_date(long long unix_seconds);

}  // namespace milepost::http
