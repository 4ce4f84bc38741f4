// A request's target (RFC 9112, 3.2), and percent-decoding that leaves nothing to guess.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace milepost::http {

struct Target {
  std::string path;   ///< decoded; "*" for OPTIONS *
  std::string query;  ///< raw, without '?'
};

/// Takes origin-form, absolute-form (its authority is dropped) and "*". nullopt: another form, a fragment, a byte
/// outside ASCII, a broken escape, or a path that decodes to a control character (NUL too) or to invalid UTF-8.
std::optional<Target> parse_target(std::string_view text);

}  // namespace milepost::http
