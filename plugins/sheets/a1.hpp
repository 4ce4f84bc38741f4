// Cells and ranges as Sheets writes them: 'Loan log'!A2:H2. Pure. [any]
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace milepost::sheets {

/// 0 -> "A", 26 -> "AA".
std::string column_letters(std::size_t column);
/// "A" -> 0. nullopt: no letters, or past ZZZ.
std::optional<std::size_t> column_index(std::string_view letters);

/// `'Loan log'!A:A`: quoted, so that a tab named like a cell is still a tab. No cells: the whole tab.
std::string range_of(std::string_view tab, std::string_view cells);
/// "B5:D5"; `row` from 1, columns from 0, both included.
std::string cells_of(std::size_t row, std::size_t first, std::size_t last);

/// Where a range begins: "'Loan log'!B5:D6", "Loans!B5", "B5".
struct Corner {
  std::size_t row = 0;     ///< from 1
  std::size_t column = 0;  ///< from 0
};
std::optional<Corner> corner_of(std::string_view range);

/// For a path's segment or a query's value: everything but letters, digits and -._~ escaped.
std::string escaped(std::string_view text);

}  // namespace milepost::sheets
