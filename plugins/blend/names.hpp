// Ids and texts as Blend has them: which may stand in a path, and how the rest is escaped.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "milepost/json.hpp"

namespace milepost::blend {

/// An id that may stand in a path as it is: Blend's are uuids, but nothing promises that of every kind.
inline bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

/// A value in a query.
inline std::string escaped(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_id(std::string_view(&c, 1)) || c == '.' || c == '~') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

/// Text of a scalar: numbers by their source text, since ids come as numbers too. nullopt for null, lists, objects.
inline std::optional<std::string> scalar_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (is_number(value)) return number_text(value);
  return std::nullopt;
}

/// A text or a number at `pointer`; "" when there is neither.
inline std::string text_at(const Json& value, std::string_view pointer) {
  const auto* found = find(value, pointer);
  return found != nullptr ? scalar_text(*found).value_or("") : "";
}

/// An id at `pointer`; "" when there is none that may stand in a path.
inline std::string id_at(const Json& value, std::string_view pointer) {
  auto text = text_at(value, pointer);
  return is_id(text) ? text : std::string();
}

inline std::string lower(std::string text) {
  for (auto& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return text;
}

/// An enum's value as it was meant: the published files have stray apostrophes inside some ("ACCOUNT_OPENING'").
inline std::string word_at(const Json& value, std::string_view pointer) {
  auto text = text_at(value, pointer);
  while (!text.empty() && (text.back() == '\'' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace milepost::blend
