#include "host/engine/glance.hpp"

#include <optional>

namespace milepost::engine {
namespace {

/// Skips values of a text that has been found sound once; what it cannot make out it leaves to read_json().
class Skimmer {
 public:
  explicit Skimmer(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  std::optional<Json> members(const std::set<std::string>& wanted) {
    Json found = Json::object();
    if (!take('{')) return std::nullopt;
    if (take('}')) return found;
    while (found.size() < wanted.size()) {
      const auto key = string();
      if (!key || key->find('\\') != key->npos || !take(':')) return std::nullopt;
      const auto value = skip();
      if (!value) return std::nullopt;
      if (const std::string name(*key); wanted.contains(name)) {
        auto read = read_json(*value);
        if (!read) return std::nullopt;
        found[name] = std::move(*read);
      }
      if (take('}')) return found;
      if (!take(',')) return std::nullopt;
      blanks();
    }
    return found;
  }

 private:
  void blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool take(char c) {
    blanks();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    blanks();
    return true;
  }
  std::string_view since(const char* begin) const { return {begin, static_cast<std::size_t>(at_ - begin)}; }

  /// Between its quotes, as it is written.
  std::optional<std::string_view> string() {
    if (at_ == end_ || *at_ != '"') return std::nullopt;
    const char* const begin = ++at_;
    for (; at_ != end_ && *at_ != '"'; ++at_)
      if (*at_ == '\\' && ++at_ == end_) return std::nullopt;
    if (at_ == end_) return std::nullopt;
    const auto text = since(begin);
    ++at_;
    return text;
  }
  std::optional<std::string_view> skip() {
    const char* const begin = at_;
    for (std::size_t depth = 0; at_ != end_;) {
      const char c = *at_;
      if (c == '"') {
        if (!string()) return std::nullopt;
        if (depth == 0) return since(begin);
        continue;
      }
      if (depth == 0 && (c == ',' || c == '}')) return since(begin);
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return since(begin);
    }
    return std::nullopt;
  }

  const char* at_;
  const char* const end_;
};

}  // namespace

Json glance(std::string_view text, const std::set<std::string>& members) {
  if (auto found = Skimmer(text).members(members)) return *std::move(found);
  return read_json(text).value_or(nullptr);
}

}  // namespace milepost::engine
