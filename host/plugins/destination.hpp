// Where a plugin's request goes, and whether the connection's credentials may go with it.
#pragma once

#include <string>
#include <string_view>

#include "host/http/url.hpp"
#include "milepost/error.hpp"

namespace milepost::plugins {

struct Destination {
  std::string url;    ///< absolute
  bool ours = false;  ///< lies below base_url: same scheme, host, port, and path up to a "/"
};

/// A connection's base_url.
class Base {
 public:
  /// "": the connection has none; then only absolute URLs can be asked for, without credentials.
  static Result<Base> parse(const std::string& base_url);

  /// `target` is a path and query below the base, or an absolute URL. `permanent` says what is wrong and quotes
  /// nothing: a query may hold what must not show. Segments that climb (".", "..", escaped or not) are refused: they
  /// could leave the base unseen. [any]
  Result<Destination> resolve(std::string_view target) const;

 private:
  std::string text_;  // without a trailing "/"
  http::Url url_;
  std::string path_;  // as in text_; "" for the root
};

}  // namespace milepost::plugins
