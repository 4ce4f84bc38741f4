#include "plugins/sheets/table.hpp"

#include "plugins/sheets/a1.hpp"
#include "plugins/sheets/entry.hpp"

namespace milepost::sheets {
namespace {

std::string without_blanks(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::string whole_column(std::size_t column) { return column_letters(column) + ":" + column_letters(column); }

/// The lines of a range that was read by columns: the one cell of each is the header's.
Json first_cells(const Json& columns) {
  Json out = Json::array();
  for (const auto& column : columns) out.push_back(column.empty() ? Json("") : column[0]);
  return out;
}

}  // namespace

Header::Header(const Json& cells) {
  for (const auto& cell : cells) titles_.push_back(without_blanks(key_text(cell)));
  while (!titles_.empty() && titles_.back().empty()) titles_.pop_back();
  while (first_ < titles_.size() && titles_[first_].empty()) ++first_;
}

Result<std::optional<std::size_t>> Header::column(const std::string& title) const {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < titles_.size(); ++i) {
    if (titles_[i] != title) continue;
    if (found)
      return fail(ErrorKind::permanent, "two columns have the title \"" + title + "\" (" + column_letters(*found) +
                                            " and " + column_letters(i) + "): rename one");
    found = i;
  }
  return found;
}

Result<Table> TableReader::read(const std::string& tab, const std::string& key_column, const Call& call) {
  const auto place = std::pair(tab, key_column);
  // Both in one request: a column that a person moves in between would give another's cells for keys.
  for (int i = 0; i < 2; ++i) {
    const auto guess = guesses_.find(place);
    std::vector<std::string> ranges{"1:1"};
    if (guess != guesses_.end()) ranges.push_back(whole_column(guess->second));
    const auto cells = client_.read(tab, ranges, true, Render::unformatted, call);
    if (!cells) {
      const bool stale = i == 0 && guess != guesses_.end() && cells.error().kind == ErrorKind::permanent;
      guesses_.erase(place);
      if (stale) continue;  // the column may be gone: what was asked for then lies outside of the tab
      return fail(cells.error());
    }
    Table out{Header(first_cells((*cells)[0])), std::nullopt, {}};
    const auto at = out.header.column(key_column);
    if (!at) return fail(at.error());
    out.key_at = *at;
    if (!out.key_at) return out;
    const bool right = guess != guesses_.end() && guess->second == *out.key_at;
    guesses_[place] = *out.key_at;
    if (!right) continue;
    const auto& column = (*cells)[1];
    for (std::size_t row = 1; !column.empty() && row < column[0].size(); ++row)
      if (auto key = key_text(column[0][row]); !key.empty()) out.rows[std::move(key)].push_back(row + 1);
    return out;
  }
  return fail(ErrorKind::retryable, "the columns of tab \"" + tab + "\" were moved while they were read");
}

}  // namespace milepost::sheets
