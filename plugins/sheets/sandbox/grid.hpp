// Spreadsheets as the double keeps them: tabs with explicit sizes and sparse cells; A1 ranges; what a cell takes and
// shows.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "milepost/json.hpp"

namespace milepost::sheets::sandbox {

/// Rows and columns from 0, all included.
struct Box {
  std::size_t top = 0, left = 0, bottom = 0, right = 0;
};

struct Grid {
  long long id = 0;
  std::string title;
  std::size_t rows = 1000, columns = 26;
  std::map<std::pair<std::size_t, std::size_t>, Json> cells;  // by row, column; a formula is {"formula": "=…"}

  const Json* at(std::size_t row, std::size_t column) const;
  /// "" and null empty a cell.
  void put(std::size_t row, std::size_t column, Json value);
  /// Moves what lies at or behind `from` by `count` (or removes that many there, where it is negative).
  void shift(bool by_rows, std::size_t from, long long count);
  /// The values' table that the box touches, grown over neighbours that are not blank; nullopt: nothing is there.
  std::optional<Box> table(const Box& search) const;
  Json properties(std::size_t index) const;
};

struct Spreadsheet {
  std::string id, title;
  std::vector<Grid> grids;
  std::map<std::string, std::string> shared;  // e-mail -> writer | reader

  Grid* named(std::string_view title);
  Grid* numbered(long long id);
  std::size_t cells() const;
  Json resource() const;
};

struct Range {
  Grid* grid = nullptr;
  Box box;            // within the grid's size
  bool open = false;  // one cell, or an open end: values may reach past it
};

/// Why a range is none, as Google says it.
struct BadRange {
  std::string message;
};
/// `Loans`, `'Loan log'!A2:H`, `B5`, `1:1`. Of what lies outside: an error where it begins there, else cut.
std::optional<Range> parse_range(Spreadsheet& in, const std::string& text, BadRange& why);
/// "'Loan log'!A1:C3".
std::string range_text(const Grid& grid, const Box& box);

/// What a cell holds of a value that was sent. nullopt: Google takes no such value.
std::optional<Json> taken(const Json& value, bool user_entered);
/// FORMATTED_VALUE, UNFORMATTED_VALUE or FORMULA.
Json shown(const Json& cell, std::string_view render);

}  // namespace milepost::sheets::sandbox
