// Whether an object names a key twice, without comparing each with each.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace milepost::detail {

/// A mark for each key of one object. Many keys share a mark: one that was set says only that a look at the others is needed.
class KeyMarks {
 public:
  /// Sets the key's mark. Returns whether it was set before.
  bool set(std::string_view key) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(key[i])); };
    const auto size = static_cast<unsigned>(key.size());
    const unsigned hash = key.empty() ? 0 : (at(0) * 31 + at(key.size() / 2) * 131 + at(key.size() - 1) * 17 + size * 7) % 1024;
    const std::uint64_t mark = std::uint64_t{1} << (hash % 64);
    const bool before = (marks_[hash / 64] & mark) != 0;
    marks_[hash / 64] |= mark;
    return before;
  }

 private:
  std::array<std::uint64_t, 16> marks_{};
};

}  // namespace milepost::detail
