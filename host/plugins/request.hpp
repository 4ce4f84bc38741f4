// HTTP messages as they cross the boundary.
#pragma once

#include <string>

#include "milepost/host.hpp"

namespace milepost::plugins {

/// Part 0 of RECEIVE and of the sandbox's HANDLE; the body is part 1.
inline std::string request_head(const HttpRequest& request) {
  std::string out = R"({"method":)";
  detail::append_quoted(out, request.method);
  out += R"(,"target":)";
  detail::append_quoted(out, request.target);
  out += R"(,"headers":[)";
  for (const auto& [name, value] : request.headers) {
    out += out.back() == '[' ? "[" : ",[";
    detail::append_quoted(out, name);
    out += ',';
    detail::append_quoted(out, value);
    out += ']';
  }
  return out + "]}";
}

}  // namespace milepost::plugins
