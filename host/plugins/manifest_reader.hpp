// Reads a manifest's fields and keeps the first thing that is wrong: the field, what was expected, what came.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "milepost/json.hpp"
#include "milepost/settings.hpp"

namespace milepost::plugins {

class ManifestReader {
 public:
  explicit ManifestReader(const Json& manifest) : manifest_(manifest) {}

  /// "" when nothing is wrong.
  const std::string& reason() const { return reason_; }

  void wrong(const std::string& at, const std::string& expected, const std::string& found) {
    if (!reason_.empty()) return;
    reason_ = "has a faulty manifest: " + (at.empty() ? std::string("it") : shown(at)) + ": expected " + expected +
              ", found " + shown(found);
  }

  /// The value at a JSON pointer, or nullptr.
  const Json* at(const std::string& pointer) const { return find(manifest_, pointer); }

  const Json* object(const std::string& pointer) {
    return typed(pointer, "an object", [](const Json& j) { return j.is_object(); });
  }
  const Json* optional_array(const std::string& pointer) {
    if (at(pointer) == nullptr) return nullptr;
    return typed(pointer, "a list", [](const Json& j) { return j.is_array(); });
  }
  std::optional<bool> boolean(const std::string& pointer) {
    const Json* value = typed(pointer, "true or false", [](const Json& j) { return j.is_boolean(); });
    return value == nullptr ? std::nullopt : std::optional(value->get<bool>());
  }
  std::optional<bool> optional_boolean(const std::string& pointer) {
    return at(pointer) == nullptr ? std::nullopt : boolean(pointer);
  }
  std::optional<std::string> words(const std::string& pointer, std::size_t most, bool may_be_empty = false) {
    const Json* value = typed(pointer, "text", [](const Json& j) { return j.is_string(); });
    if (value == nullptr) return std::nullopt;
    const auto& text = value->get_ref<const std::string&>();
    if (text.size() <= most && (may_be_empty || !text.empty())) return text;
    wrong(pointer, "text of " + std::string(may_be_empty ? "at most " : "1 to ") + std::to_string(most) + " bytes",
          std::to_string(text.size()));
    return std::nullopt;
  }
  std::optional<std::string> one_of(const std::string& pointer, std::initializer_list<std::string_view> words_) {
    auto value = words(pointer, 64);
    if (!value || std::find(words_.begin(), words_.end(), *value) != words_.end()) return value;
    std::string list;
    for (const auto word : words_) list += (list.empty() ? "" : ", ") + std::string(word);
    wrong(pointer, words_.size() == 1 ? list : "one of " + list, "\"" + *value + "\"");
    return std::nullopt;
  }
  void integer(const std::string& pointer, std::int64_t least, std::int64_t most) {
    const auto value = get<std::int64_t>(manifest_, pointer);
    if (value && *value >= least && *value <= most) return;
    const Json* found = at(pointer);
    wrong(pointer, "a whole number from " + std::to_string(least) + " to " + std::to_string(most),
          found == nullptr ? "nothing" : text(*found));
  }
  void name(const std::string& pointer) {
    const auto value = words(pointer, 64);
    if (value && !is_name(*value, true))
      wrong(pointer, "a name of lower-case letters, digits, \"_\" and \"-\" that begins with a letter",
            "\"" + *value + "\"");
  }
  /// A JSON pointer as a text; "" is the whole, or none.
  void pointer(const std::string& place) {
    const auto value = words(place, 256, true);
    if (value && !value->empty() && value->front() != '/')
      wrong(place, "a JSON pointer such as \"/id\"", "\"" + *value + "\"");
  }

  static bool is_name(std::string_view text, bool dashes) {
    if (text.empty() || text.size() > 64 || text.front() < 'a' || text.front() > 'z') return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (dashes && c == '-');
    });
  }
  /// A key as a token of a JSON pointer.
  static std::string escaped(std::string_view key) {
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

 private:
  template <class Is>
  const Json* typed(const std::string& pointer, const char* expected, Is is) {
    const Json* value = at(pointer);
    if (value != nullptr && is(*value)) return value;
    wrong(pointer, expected, value == nullptr ? "nothing" : value->type_name());
    return nullptr;
  }

  /// In one line of bearable length: keys and values are a stranger's.
  static std::string shown(std::string text) {
    constexpr std::size_t kMost = 120;
    if (text.size() > kMost) {
      std::size_t end = kMost;
      while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
      text.resize(end);
      text += "…";
    }
    for (char& c : text)
      if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
    return text;
  }

  const Json& manifest_;
  std::string reason_;
};

}  // namespace milepost::plugins
