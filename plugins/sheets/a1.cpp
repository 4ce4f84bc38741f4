#include "plugins/sheets/a1.hpp"

#include <charconv>

namespace milepost::sheets {
namespace {

constexpr std::size_t kMostColumns = 18'278;  // ZZZ (secondary sources, read 2026-11)

}  // namespace

std::string column_letters(std::size_t column) {
  std::string out;
  for (std::size_t left = column + 1; left > 0; left = (left - 1) / 26)
    out.insert(out.begin(), static_cast<char>('A' + (left - 1) % 26));
  return out;
}

std::optional<std::size_t> column_index(std::string_view letters) {
  if (letters.empty() || letters.size() > 3) return std::nullopt;
  std::size_t out = 0;
  for (const char c : letters) {
    if (c < 'A' || c > 'Z') return std::nullopt;
    out = out * 26 + static_cast<std::size_t>(c - 'A' + 1);
  }
  return out <= kMostColumns ? std::optional(out - 1) : std::nullopt;
}

std::string range_of(std::string_view tab, std::string_view cells) {
  std::string out = "'";
  for (const char c : tab) out.append(c == '\'' ? 2 : 1, c);
  return cells.empty() ? out + "'" : out.append("'!").append(cells);
}

std::string cells_of(std::size_t row, std::size_t first, std::size_t last) {
  const auto number = std::to_string(row);
  return column_letters(first) + number + ":" + column_letters(last) + number;
}

std::optional<Corner> corner_of(std::string_view range) {
  if (const auto mark = range.rfind('!'); mark != range.npos) range.remove_prefix(mark + 1);
  range = range.substr(0, range.find(':'));
  const auto digits = range.find_first_of("0123456789");
  if (digits == range.npos) return std::nullopt;
  const auto column = column_index(range.substr(0, digits));
  Corner out;
  const auto [stop, fault] = std::from_chars(range.data() + digits, range.data() + range.size(), out.row);
  if (!column || fault != std::errc() || stop != range.data() + range.size() || out.row == 0) return std::nullopt;
  out.column = *column;
  return out;
}

std::string escaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
        c == '_' || c == '~') {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace milepost::sheets
