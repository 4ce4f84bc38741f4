// Small things that messages are made of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/config/fault.hpp"

namespace milepost::config {

/// The text in quotes, cut after 60 bytes, and without the characters that could steer a terminal.
inline std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool starts = (byte & 0xC0) != 0x80;  // of a code point
    if (starts && i >= kLongest) return out + "…\"";
    // C1 controls (U+0080 to U+009F) are two bytes: C2 80 to C2 9F.
    const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) ++i;
    if (c1 || byte < 0x20 || byte == 0x7F)
      out += '?';
    else
      out += text[i];
  }
  return out + "\"";
}

/// "; did you mean "use"?", or "" when no valid name is near.
inline std::string did_you_mean(const std::string& name, const std::vector<std::string>& valid) {
  const std::string near = nearest(name, valid);
  return near.empty() ? "" : "; did you mean " + in_quotes(near) + "?";
}

/// "a, b, c": at most twelve, then how many more.
inline std::string listed(const std::vector<std::string>& words) {
  constexpr std::size_t kMost = 12;
  std::string out;
  for (std::size_t i = 0; i < words.size() && i < kMost; ++i) out += (i == 0 ? "" : ", ") + words[i];
  if (words.size() > kMost) out += " and " + std::to_string(words.size() - kMost) + " more";
  return out;
}

/// "steps[2]" and "with" make "steps[2].with".
inline std::string join(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}
/// A key for a path: as it is, unless it could mislead.
inline std::string in_path(const std::string& key) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return key.size() <= 60 && key.find_first_not_of(kPlain) == key.npos ? key : in_quotes(key);
}
inline std::string item(const std::string& path, std::size_t index) { return path + "[" + std::to_string(index) + "]"; }

}  // namespace milepost::config
