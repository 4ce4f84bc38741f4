// Finds `${…}` in a text without compiling it: `$${` is a literal `${`, braces nest, quotes hide them.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace milepost::config {

struct ExpressionScan {
  std::vector<std::string_view> found;            ///< what stands between `${` and `}`, in order
  std::size_t unclosed = std::string_view::npos;  ///< where the one stands that has no end
};

inline ExpressionScan scan_expressions(std::string_view text) {
  ExpressionScan scan;
  for (std::size_t i = text.find('$'); i != text.npos; i = text.find('$', i)) {
    if (text.substr(i).starts_with("$${")) {
      i += 3;
      continue;
    }
    if (!text.substr(i).starts_with("${")) {
      ++i;
      continue;
    }
    std::size_t depth = 1, at = i + 2;
    for (char quote = 0; at < text.size() && depth > 0; ++at) {
      const char c = text[at];
      if (quote != 0) {
        if (c == '\\')
          ++at;
        else if (c == quote)
          quote = 0;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '{') {
        ++depth;
      } else if (c == '}') {
        --depth;
      }
    }
    if (depth > 0) {
      scan.unclosed = i;
      return scan;
    }
    scan.found.push_back(text.substr(i + 2, at - i - 3));
    i = at;
  }
  return scan;
}

inline bool has_expression(std::string_view text) {
  const auto scan = scan_expressions(text);
  return !scan.found.empty() || scan.unclosed != text.npos;
}

}  // namespace milepost::config
