// Quantities as people write them: "10s", "1 MiB", "100 per 10s". The errors (`permanent`) say what is wanted.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "milepost/error.hpp"

namespace milepost::config {

/// A whole number and ms, s, m, h, d or w: "200ms", "7d".
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
/// The shortest text that parse_duration reads back as the same: "7d", "90s".
std::string duration_text(std::chrono::milliseconds duration);

/// A whole number and B, KiB, MiB or GiB (1024 each), with or without a space between: "64 KiB". In bytes.
Result<std::size_t> parse_size(std::string_view text);
/// The shortest text that parse_size reads back as the same: "1 MiB".
std::string size_text(std::size_t bytes);

struct Rate {
  unsigned count = 0;
  std::chrono::milliseconds per{};
};
/// "100 per 10s".
Result<Rate> parse_rate(std::string_view text);

}  // namespace milepost::config
