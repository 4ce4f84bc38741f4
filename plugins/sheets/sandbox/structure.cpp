// The double's structural requests: spreadsheets.batchUpdate, of which it knows those that change tabs, rows and
// columns, and updateCells.
#include "plugins/sheets/sandbox/sandbox.hpp"

namespace milepost::sheets::sandbox {
namespace {

long long number(const Json& from, const char* pointer, long long fallback = 0) {
  return get<long long>(from, pointer).value_or(fallback);
}

/// "" or what is wrong.
std::string apply(Spreadsheet& in, const std::string& kind, const Json& with, Json& reply) {
  if (kind == "addSheet") {
    Grid grid;
    grid.title = get<std::string>(with, "/properties/title").value_or("Sheet" + std::to_string(in.grids.size() + 1));
    if (in.named(grid.title) != nullptr)
      return "A sheet with the name \"" + grid.title + "\" already exists. Please enter another name.";
    grid.id = number(with, "/properties/sheetId", 1000 + static_cast<long long>(in.grids.size()));
    grid.rows = static_cast<std::size_t>(number(with, "/properties/gridProperties/rowCount", 1000));
    grid.columns = static_cast<std::size_t>(number(with, "/properties/gridProperties/columnCount", 26));
    in.grids.push_back(std::move(grid));
    reply = {{"addSheet", {{"properties", in.grids.back().properties(in.grids.size() - 1)}}}};
    return "";
  }
  const bool of_range = kind == "insertDimension" || kind == "deleteDimension";
  const auto at = kind == "updateCells"             ? "/start"
                  : kind == "moveDimension"         ? "/source"
                  : kind == "updateSheetProperties" ? "/properties"
                  : of_range                        ? "/range"
                                                    : "";
  Grid* const grid = in.numbered(number(with, (std::string(at) + "/sheetId").c_str()));
  if (grid == nullptr)
    return "No grid with id: " + std::to_string(number(with, (std::string(at) + "/sheetId").c_str()));
  const bool rows = get<std::string>(with, std::string(at) + "/dimension").value_or("") == "ROWS";
  const auto from = static_cast<std::size_t>(number(with, (std::string(at) + "/startIndex").c_str()));
  const auto to = static_cast<std::size_t>(number(with, (std::string(at) + "/endIndex").c_str()));
  auto& size = rows ? grid->rows : grid->columns;
  if (kind == "deleteSheet") {
    std::erase_if(in.grids, [&](const Grid& one) { return one.id == grid->id; });
  } else if (kind == "updateSheetProperties") {
    if (const auto title = get<std::string>(with, "/properties/title")) grid->title = *title;
  } else if (kind == "appendDimension") {
    size += static_cast<std::size_t>(number(with, "/length"));
  } else if (kind == "insertDimension") {
    grid->shift(rows, from, static_cast<long long>(to - from));
  } else if (kind == "deleteDimension") {
    if (to - from >= size)
      return std::string("You can't delete all the ") + (rows ? "rows" : "columns") + " on the sheet.";
    grid->shift(rows, from, -static_cast<long long>(to - from));
  } else if (kind == "moveDimension") {
    // As a person drags it: taken out, then put in before `destinationIndex` of what there was.
    const auto target = static_cast<std::size_t>(number(with, "/destinationIndex"));
    const auto count = to - from, before = target > from ? target - count : target;
    decltype(grid->cells) moved;
    for (auto& [place, value] : grid->cells) {
      auto [row, column] = place;
      auto& line = rows ? row : column;
      const bool taken = line >= from && line < to;
      const auto rest = line >= to ? line - count : line;
      line = taken ? before + (line - from) : rest >= before ? rest + count : rest;
      moved[{row, column}] = value;
    }
    grid->cells = std::move(moved);
  } else if (kind == "updateCells") {
    const auto row = static_cast<std::size_t>(number(with, "/start/rowIndex"));
    const auto column = static_cast<std::size_t>(number(with, "/start/columnIndex"));
    const Json lines = get<Json>(with, "/rows").value_or(Json::array());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const Json cells = get<Json>(lines[i], "/values").value_or(Json::array());
      for (std::size_t j = 0; j < cells.size(); ++j) {
        if (row + i >= grid->rows || column + j >= grid->columns)
          return "Attempting to write column: " + std::to_string(column + j) +
                 ", beyond the last requested column of: " + std::to_string(grid->columns - 1);
        Json value;
        for (const char* type :
             {"/userEnteredValue/stringValue", "/userEnteredValue/numberValue", "/userEnteredValue/boolValue"})
          if (const auto* found = find(cells[j], type)) value = *found;
        grid->put(row + i, column + j, std::move(value));
      }
    }
  } else {
    return "Invalid JSON payload received. Unknown name \"" + kind + "\" at 'requests[0]': Cannot find field.";
  }
  reply = Json::object();
  return "";
}

}  // namespace

HttpResponse SheetsSandbox::batch_update(const Ask& ask) {
  const auto* requests = find(ask.body, "/requests");
  if (requests == nullptr || !requests->is_array() || requests->empty())
    return invalid("Must specify at least one request.");
  Spreadsheet tried = ask.in;  // all or nothing
  Json replies = Json::array();
  for (std::size_t i = 0; i < requests->size(); ++i) {
    if (!(*requests)[i].is_object() || (*requests)[i].size() != 1)
      return invalid("Invalid requests[" + std::to_string(i) + "]");
    const auto request = (*requests)[i].begin();
    Json reply;
    if (auto wrong = apply(tried, request.key(), request.value(), reply); !wrong.empty())
      return invalid(wrong.starts_with("Invalid JSON")
                         ? wrong
                         : "Invalid requests[" + std::to_string(i) + "]." + request.key() + ": " + wrong);
    replies.push_back(std::move(reply));
  }
  if (tried.cells() > kMostCells) return full();
  ask.in = std::move(tried);
  return testing::json_answer(200, {{"spreadsheetId", ask.in.id}, {"replies", std::move(replies)}});
}

}  // namespace milepost::sheets::sandbox
