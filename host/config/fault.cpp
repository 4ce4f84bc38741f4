#include "host/config/fault.hpp"

#include <algorithm>
#include <numeric>

namespace milepost::config {
namespace {

/// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours count one each.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

std::string to_string(const Fault& fault) {
  std::string out = fault.at.file;
  if (fault.at.line > 0) out += ":" + std::to_string(fault.at.line) + ":" + std::to_string(fault.at.column);
  if (!out.empty()) out += ": ";
  out += fault.code;
  if (fault.warning) out += " warning";
  if (!fault.path.empty()) out += " " + fault.path;
  return out + ": " + fault.message;
}

std::string nearest(const std::string& name, const std::vector<std::string>& valid) {
  constexpr std::size_t kLongest = 128;  // nobody misspells a longer name, and the work grows with its square
  if (name.size() > kLongest) return {};
  std::size_t best = name.size() / 3 + 1;
  std::string found;
  for (const auto& candidate : valid) {
    const std::size_t apart =
        candidate.size() > name.size() ? candidate.size() - name.size() : name.size() - candidate.size();
    if (apart >= best) continue;
    if (const auto edits = distance(name, candidate); edits < best) {
      best = edits;
      found = candidate;
    }
  }
  return found;
}

}  // namespace milepost::config
