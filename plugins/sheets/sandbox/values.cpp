// The double's calls about values.
#include "plugins/sheets/sandbox/sandbox.hpp"

namespace milepost::sheets::sandbox {
namespace {

using testing::json_answer;

std::string render_of(const testing::Params& query, const char* name) {
  return query[name].empty() ? "FORMATTED_VALUE" : query[name];
}

/// Without blanks at the ends of lines and of the whole.
Json value_range(const Range& range, const std::string& major, const std::string& render) {
  const bool columns = major == "COLUMNS";
  const auto& box = range.box;
  const auto lines = columns ? box.right - box.left + 1 : box.bottom - box.top + 1;
  std::vector<std::map<std::size_t, Json>> found(lines);
  for (const auto& [place, cell] : range.grid->cells) {
    const auto [row, column] = place;
    if (row < box.top || row > box.bottom || column < box.left || column > box.right) continue;
    found[columns ? column - box.left : row - box.top][columns ? row - box.top : column - box.left] =
        shown(cell, render);
  }
  while (!found.empty() && found.back().empty()) found.pop_back();
  Json values = Json::array();
  for (const auto& line : found) {
    Json cells = Json::array();
    for (std::size_t i = 0; !line.empty() && i <= line.rbegin()->first; ++i)
      cells.push_back(line.contains(i) ? line.at(i) : Json(""));
    values.push_back(std::move(cells));
  }
  Json out{{"range", range_text(*range.grid, box)}, {"majorDimension", columns ? "COLUMNS" : "ROWS"}};
  if (!values.empty()) out["values"] = std::move(values);
  return out;
}

/// Rows of a ValueRange, whichever way it lies. nullopt: no list of lists.
std::optional<std::vector<std::vector<Json>>> rows_of(const Json& body) {
  std::vector<std::vector<Json>> out;
  const auto* values = find(body, "/values");
  if (values == nullptr) return out;
  if (!values->is_array()) return std::nullopt;
  const bool columns = get<std::string>(body, "/majorDimension").value_or("ROWS") == "COLUMNS";
  for (std::size_t i = 0; i < values->size(); ++i) {
    const auto& line = (*values)[i];
    if (!line.is_array()) return std::nullopt;
    for (std::size_t j = 0; j < line.size(); ++j) {
      const auto row = columns ? j : i, column = columns ? i : j;
      if (out.size() <= row) out.resize(row + 1);
      if (out[row].size() <= column) out[row].resize(column + 1);
      out[row][column] = line[j];
    }
    if (!columns && out.size() <= i) out.resize(i + 1);
  }
  return out;
}

/// Null leaves a cell alone. An error as Google says it; nothing is written then.
std::optional<HttpResponse> write(Grid& grid, const Range& range, const std::vector<std::vector<Json>>& rows,
                                  const std::string& option, Json& written) {
  if (option != "RAW" && option != "USER_ENTERED")
    return invalid(
        option.empty()
            ? "'valueInputOption' is required but not specified"
            : "Invalid value at 'value_input_option' (type.googleapis.com/google.apps.sheets.v4.ValueInputOption), \"" +
                  option + "\"");
  std::size_t width = 0, cells = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    width = std::max(width, rows[i].size());
    for (std::size_t j = 0; j < rows[i].size(); ++j) {
      const auto value = taken(rows[i][j], option == "USER_ENTERED");
      if (!value)
        return invalid("Invalid values[" + std::to_string(i) + "][" + std::to_string(j) +
                       "]: " + (rows[i][j].is_array() ? "list_value " : "struct_value ") + text(rows[i][j]));
      if (value->is_string() && value->get_ref<const std::string&>().size() > 50'000)
        return invalid("Your input contains more than the maximum of 50000 characters in a single cell.");
      const auto row = range.box.top + i, column = range.box.left + j;
      if (!range.open && (row > range.box.bottom || column > range.box.right))
        return invalid(
            "Requested writing within range [" + range_text(grid, range.box) + "], but tried writing to " +
            (row > range.box.bottom ? "row [" + std::to_string(row + 1) : "column [" + std::to_string(column)) + "]");
      if (row >= grid.rows || column >= grid.columns)
        return invalid("Range (" + range_text(grid, {row, column, row, column}) + ") exceeds grid limits. Max rows: " +
                       std::to_string(grid.rows) + ", max columns: " + std::to_string(grid.columns));
      if (!value->is_null()) ++cells;
    }
  }
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = 0; j < rows[i].size(); ++j)
      if (!rows[i][j].is_null())
        grid.put(range.box.top + i, range.box.left + j, *taken(rows[i][j], option == "USER_ENTERED"));
  const auto last_row = range.box.top + std::max<std::size_t>(rows.size(), 1) - 1,
             last = range.box.left + std::max<std::size_t>(width, 1) - 1;
  written = {{"updatedRange", range_text(grid, {range.box.top, range.box.left, last_row, last})},
             {"updatedRows", rows.size()},
             {"updatedColumns", width},
             {"updatedCells", cells}};
  return std::nullopt;
}

}  // namespace

HttpResponse SheetsSandbox::get(const Ask& ask, const std::string& range) {
  BadRange why;
  const auto found = parse_range(ask.in, range, why);
  if (!found) return invalid(why.message);
  return json_answer(200, value_range(*found, ask.query["majorDimension"], render_of(ask.query, "valueRenderOption")));
}

HttpResponse SheetsSandbox::batch_get(const Ask& ask) {
  Json ranges = Json::array();
  for (const auto& [name, range] : ask.query.all()) {
    if (name != "ranges") continue;
    BadRange why;
    const auto found = parse_range(ask.in, range, why);
    if (!found) return invalid(why.message);
    ranges.push_back(value_range(*found, ask.query["majorDimension"], render_of(ask.query, "valueRenderOption")));
  }
  return json_answer(200, {{"spreadsheetId", ask.in.id}, {"valueRanges", std::move(ranges)}});
}

HttpResponse SheetsSandbox::update(const Ask& ask, const std::string& range) {
  BadRange why;
  const auto found = parse_range(ask.in, range, why);
  if (!found) return invalid(why.message);
  const auto rows = rows_of(ask.body);
  if (!rows) return invalid("Invalid value at 'data.values' (type.googleapis.com/google.protobuf.ListValue)");
  Json written;
  if (auto refused = write(*found->grid, *found, *rows, ask.query["valueInputOption"], written)) return *refused;
  Json out{{"spreadsheetId", ask.in.id}};
  out.update(written);
  if (ask.query["includeValuesInResponse"] == "true")
    out["updatedData"] = value_range(*found, "ROWS", render_of(ask.query, "responseValueRenderOption"));
  return json_answer(200, out);
}

HttpResponse SheetsSandbox::append(const Ask& ask, const std::string& range) {
  BadRange why;
  const auto found = parse_range(ask.in, range, why);
  if (!found) return invalid(why.message);
  const auto rows = rows_of(ask.body);
  if (!rows) return invalid("Invalid value at 'data.values' (type.googleapis.com/google.protobuf.ListValue)");
  Grid& grid = *found->grid;
  const auto table = grid.table(found->box);
  const auto top = table ? table->bottom + 1 : found->box.top, left = table ? table->left : found->box.left;
  std::size_t width = 1;
  for (const auto& row : *rows) width = std::max(width, row.size());
  const bool insert = ask.query["insertDataOption"] == "INSERT_ROWS";
  // Tried on a copy: what is refused leaves nothing behind.
  Grid tried = grid;
  if (insert && table && top < tried.rows) tried.shift(true, top, static_cast<long long>(rows->size()));
  tried.rows = std::max(tried.rows, top + rows->size());
  tried.columns = std::max(tried.columns, left + width);
  if (ask.in.cells() - grid.rows * grid.columns + tried.rows * tried.columns > kMostCells) return full();
  Json written;
  const Range at{&tried, {top, left, tried.rows - 1, tried.columns - 1}, true};
  if (auto refused = write(tried, at, *rows, ask.query["valueInputOption"], written)) return *refused;
  grid = std::move(tried);
  Json updates{{"spreadsheetId", ask.in.id}};
  updates.update(written);
  if (ask.query["includeValuesInResponse"] == "true" && !rows->empty())
    updates["updatedData"] = value_range({&grid, {top, left, top + rows->size() - 1, left + width - 1}, false}, "ROWS",
                                         render_of(ask.query, "responseValueRenderOption"));
  Json out{{"spreadsheetId", ask.in.id}};
  if (table) out["tableRange"] = range_text(grid, *table);
  out["updates"] = std::move(updates);
  return json_answer(200, out);
}

HttpResponse SheetsSandbox::clear(const Ask& ask, const std::vector<std::string>& ranges, bool batch) {
  std::vector<Range> found;
  for (const auto& range : ranges) {
    BadRange why;
    const auto one = parse_range(ask.in, range, why);
    if (!one) return invalid(why.message);
    found.push_back(*one);
  }
  Json cleared = Json::array();
  for (const auto& range : found) {
    std::erase_if(range.grid->cells, [&](const auto& cell) {
      const auto [row, column] = cell.first;
      return row >= range.box.top && row <= range.box.bottom && column >= range.box.left && column <= range.box.right;
    });
    cleared.push_back(range_text(*range.grid, range.box));
  }
  Json out{{"spreadsheetId", ask.in.id}};
  if (batch)
    out["clearedRanges"] = std::move(cleared);
  else
    out["clearedRange"] = cleared[0];
  return json_answer(200, out);
}

HttpResponse SheetsSandbox::batch_update_values(const Ask& ask) {
  const auto* data = find(ask.body, "/data");
  Spreadsheet tried = ask.in;  // all or nothing
  Json responses = Json::array();
  long long rows = 0, columns = 0, cells = 0;
  std::map<long long, bool> sheets;
  for (std::size_t i = 0; data != nullptr && data->is_array() && i < data->size(); ++i) {
    BadRange why;
    const auto found = parse_range(tried, milepost::get<std::string>((*data)[i], "/range").value_or(""), why);
    if (!found) return invalid("Invalid data[" + std::to_string(i) + "]: " + why.message);
    const auto given = rows_of((*data)[i]);
    if (!given)
      return invalid("Invalid value at 'data[" + std::to_string(i) +
                     "].values' (type.googleapis.com/google.protobuf.ListValue)");
    Json written;
    if (auto refused = write(*found->grid, *found, *given,
                             milepost::get<std::string>(ask.body, "/valueInputOption").value_or(""), written))
      return *refused;
    Json one{{"spreadsheetId", ask.in.id}};
    one.update(written);
    responses.push_back(std::move(one));
    rows += written["updatedRows"].get<long long>(), columns += written["updatedColumns"].get<long long>();
    cells += written["updatedCells"].get<long long>(), sheets[found->grid->id] = true;
  }
  ask.in = std::move(tried);
  return json_answer(200, {{"spreadsheetId", ask.in.id},
                           {"totalUpdatedRows", rows},
                           {"totalUpdatedColumns", columns},
                           {"totalUpdatedCells", cells},
                           {"totalUpdatedSheets", sheets.size()},
                           {"responses", std::move(responses)}});
}

}  // namespace milepost::sheets::sandbox
