// Writing JSON Pointers (RFC 6901).
#pragma once

#include <string>
#include <string_view>

namespace milepost::config {

/// A key as one token of a pointer.
inline std::string pointer_token(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

}  // namespace milepost::config
