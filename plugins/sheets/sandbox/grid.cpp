#include "plugins/sheets/sandbox/grid.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace milepost::sheets::sandbox {
namespace {

std::string letters(std::size_t column) {
  std::string out;
  for (++column; column > 0; column = (column - 1) / 26)
    out.insert(out.begin(), static_cast<char>('A' + (column - 1) % 26));
  return out;
}

/// "AB12", "AB", "12": column and row, from 0; false: none of these.
bool parse_cell(std::string_view text, std::optional<std::size_t>& column, std::optional<std::size_t>& row) {
  std::size_t i = 0, number = 0;
  for (; i < text.size() && std::isalpha(static_cast<unsigned char>(text[i])); ++i) {
    const auto letter = static_cast<std::size_t>(std::toupper(static_cast<unsigned char>(text[i])) - 'A' + 1);
    column = (column ? *column + 1 : 0) * 26 + letter - 1;
  }
  if (i > 3 || text.empty()) return false;
  const auto digits = i;
  for (; i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])); ++i)
    number = number * 10 + static_cast<std::size_t>(text[i] - '0');
  if (i != text.size() || (i > digits && number == 0) || i - digits > 9) return false;
  if (i > digits) row = number - 1;
  return column || row;
}

}  // namespace

const Json* Grid::at(std::size_t row, std::size_t column) const {
  const auto found = cells.find({row, column});
  return found == cells.end() ? nullptr : &found->second;
}

void Grid::put(std::size_t row, std::size_t column, Json value) {
  if (value.is_null() || value == Json(""))
    cells.erase({row, column});
  else
    cells[{row, column}] = std::move(value);
}

void Grid::shift(bool by_rows, std::size_t from, long long count) {
  const auto removed = count < 0 ? static_cast<std::size_t>(-count) : 0;
  decltype(cells) moved;
  for (auto& [place, value] : cells) {
    auto [row, column] = place;
    auto& line = by_rows ? row : column;
    if (line >= from && line < from + removed) continue;
    if (line >= from) line = static_cast<std::size_t>(static_cast<long long>(line) + count);
    moved[{row, column}] = std::move(value);
  }
  cells = std::move(moved);
  auto& size = by_rows ? rows : columns;
  size = static_cast<std::size_t>(static_cast<long long>(size) + count);
}

std::optional<Box> Grid::table(const Box& search) const {
  std::optional<Box> found;
  for (const auto& [place, value] : cells) {
    const auto [row, column] = place;
    if (row < search.top || row > search.bottom || column < search.left || column > search.right) continue;
    found = Box{row, column, row, column};
    break;
  }
  for (bool grown = found.has_value(); grown;) {
    grown = false;
    for (const auto& [place, value] : cells) {
      const auto [row, column] = place;
      if (row + 1 < found->top || row > found->bottom + 1 || column + 1 < found->left || column > found->right + 1)
        continue;
      const Box next{std::min(row, found->top), std::min(column, found->left), std::max(row, found->bottom),
                     std::max(column, found->right)};
      grown = grown || next.top != found->top || next.left != found->left || next.bottom != found->bottom ||
              next.right != found->right;
      found = next;
    }
  }
  return found;
}

Json Grid::properties(std::size_t index) const {
  return {{"sheetId", id},
          {"title", title},
          {"index", index},
          {"sheetType", "GRID"},
          {"gridProperties", {{"rowCount", rows}, {"columnCount", columns}}}};
}

Grid* Spreadsheet::named(std::string_view wanted) {
  const auto found = std::ranges::find(grids, wanted, &Grid::title);
  return found == grids.end() ? nullptr : &*found;
}

Grid* Spreadsheet::numbered(long long wanted) {
  const auto found = std::ranges::find(grids, wanted, &Grid::id);
  return found == grids.end() ? nullptr : &*found;
}

std::size_t Spreadsheet::cells() const {
  std::size_t out = 0;
  for (const auto& grid : grids) out += grid.rows * grid.columns;
  return out;
}

Json Spreadsheet::resource() const {
  Json sheets = Json::array();
  for (std::size_t i = 0; i < grids.size(); ++i) sheets.push_back({{"properties", grids[i].properties(i)}});
  return {{"spreadsheetId", id},
          {"properties",
           {{"title", title}, {"locale", "en_US"}, {"autoRecalc", "ON_CHANGE"}, {"timeZone", "America/New_York"}}},
          {"sheets", std::move(sheets)},
          {"spreadsheetUrl", "https://docs.google.com/spreadsheets/d/" + id + "/edit"}};
}

std::optional<Range> parse_range(Spreadsheet& in, const std::string& text, BadRange& why) {
  const auto unparsable = [&] {
    why = {"Unable to parse range: " + text};
    return std::nullopt;
  };
  std::string title, cells = text;
  if (text.starts_with('\'')) {
    std::size_t i = 1;
    for (; i < text.size(); ++i) {
      if (text[i] == '\'' && (i + 1 >= text.size() || text[i + 1] != '\'')) break;
      if (text[i] == '\'') ++i;
      title += text[i];
    }
    if (i >= text.size() || (i + 1 < text.size() && text[i + 1] != '!')) return unparsable();
    cells = i + 1 < text.size() ? text.substr(i + 2) : "";
  } else if (const auto mark = text.find('!'); mark != text.npos) {
    title = text.substr(0, mark), cells = text.substr(mark + 1);
  } else if (in.named(text) != nullptr) {
    title = text, cells = "";
  }
  Grid* const grid = title.empty() ? &in.grids.front() : in.named(title);
  if (grid == nullptr) return unparsable();
  Range out{grid, {0, 0, grid->rows - 1, grid->columns - 1}, true};
  if (cells.empty()) return title.empty() ? unparsable() : std::optional(out);
  const auto colon = cells.find(':');
  std::optional<std::size_t> left, top, right, bottom;
  if (!parse_cell(std::string_view(cells).substr(0, colon), left, top)) return unparsable();
  if (colon == cells.npos) {
    if (!left || !top) return unparsable();
    right = left, bottom = top;
  } else if (!parse_cell(std::string_view(cells).substr(colon + 1), right, bottom)) {
    return unparsable();
  }
  out.open = colon == cells.npos || !right || !bottom;
  out.box = {top.value_or(0), left.value_or(0), bottom.value_or(grid->rows - 1), right.value_or(grid->columns - 1)};
  if (out.box.top > out.box.bottom && bottom) std::swap(out.box.top, out.box.bottom);
  if (out.box.left > out.box.right && right) std::swap(out.box.left, out.box.right);
  if (out.box.top >= grid->rows || out.box.left >= grid->columns) {
    why = {"Range (" + text + ") exceeds grid limits. Max rows: " + std::to_string(grid->rows) +
           ", max columns: " + std::to_string(grid->columns)};
    return std::nullopt;
  }
  out.box.bottom = std::min(out.box.bottom, grid->rows - 1);
  out.box.right = std::min(out.box.right, grid->columns - 1);
  return out;
}

std::string range_text(const Grid& grid, const Box& box) {
  const bool plain =
      std::ranges::all_of(grid.title, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; });
  std::string title;
  for (const char c : grid.title) title.append(c == '\'' ? 2 : 1, c);
  const auto corner = [](std::size_t row, std::size_t column) { return letters(column) + std::to_string(row + 1); };
  std::string out = (plain ? title : "'" + title + "'") + "!" + corner(box.top, box.left);
  if (box.top != box.bottom || box.left != box.right) out += ":" + corner(box.bottom, box.right);
  return out;
}

std::optional<Json> taken(const Json& value, bool user_entered) {
  if (value.is_structured()) return std::nullopt;
  if (!user_entered || !value.is_string()) return value;
  // As far as injection shows: typed numbers and truth values become such, what begins with "=" lives.
  const auto& text = value.get_ref<const std::string&>();
  if (text.starts_with('=') && text.size() > 1) return Json::object({{"formula", text}});
  if (text.starts_with('\'')) return Json(text.substr(1));
  if (text == "TRUE" || text == "FALSE") return Json(text == "TRUE");
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const bool all = !text.empty() && end == text.c_str() + text.size() && std::isfinite(number);
  return all && text.find_first_of("xXnN") == text.npos ? Json(number) : value;
}

Json shown(const Json& cell, std::string_view render) {
  if (cell.is_object()) return render == "FORMULA" ? cell["formula"] : Json("#EVALUATED!");
  if (is_number(cell)) {  // a cell keeps a double
    const double number = std::strtod(number_text(cell).c_str(), nullptr);
    const bool whole = number == std::floor(number) && std::fabs(number) < 1e15;
    const Json value = whole ? Json(static_cast<long long>(number)) : Json(number);
    return render == "FORMATTED_VALUE" ? Json(value.dump()) : value;
  }
  if (cell.is_boolean() && render == "FORMATTED_VALUE") return cell.get<bool>() ? "TRUE" : "FALSE";
  return cell;
}

}  // namespace milepost::sheets::sandbox
