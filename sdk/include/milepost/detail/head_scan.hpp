// Walks the text of a head that one of our own writers made, without a document. Whatever differs from it in a single byte is left to
// read_head(): this may only ever be too strict.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace milepost::detail {

class HeadScan {
 public:
  explicit HeadScan(std::string_view text) : left_(text) {}

  bool done() const { return left_.empty(); }
  bool take(std::string_view literal) {
    if (!left_.starts_with(literal)) return false;
    left_.remove_prefix(literal.size());
    return true;
  }
  /// A quoted text that reads as it is written.
  std::optional<std::string_view> text() {
    if (!left_.starts_with('"')) return std::nullopt;
    const auto end = std::find_if_not(left_.begin() + 1, left_.end(), [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
    if (end == left_.end() || *end != '"') return std::nullopt;
    const std::string_view found(left_.begin() + 1, end);
    left_.remove_prefix(found.size() + 2);
    return found;
  }
  std::optional<std::int64_t> integer() {
    std::int64_t value = 0;
    const auto [end, fault] = std::from_chars(left_.data(), left_.data() + left_.size(), value);
    if (fault != std::errc()) return std::nullopt;
    if (left_.starts_with("-0") || (left_.starts_with('0') && end != left_.data() + 1)) return std::nullopt;  // no JSON, or a kept one
    left_.remove_prefix(static_cast<std::size_t>(end - left_.data()));
    return value;
  }

 private:
  std::string_view left_;
};

}  // namespace milepost::detail
