#include "plugins/sheets/sandbox/sandbox.hpp"

namespace milepost::sheets::sandbox {
namespace {

using namespace std::chrono_literals;
using testing::json_answer;

constexpr std::string_view kRoot = "/v4/spreadsheets";
constexpr const char* kConsumer = "projects/100000000001";

Grid grid_of(long long id, const std::string& title, const std::vector<std::vector<Json>>& rows) {
  Grid grid;
  grid.id = id, grid.title = title;
  for (std::size_t row = 0; row < rows.size(); ++row)
    for (std::size_t column = 0; column < rows[row].size(); ++column) grid.put(row, column, rows[row][column]);
  return grid;
}

}  // namespace

HttpResponse refuse(int code, const std::string& status, const std::string& message) {
  return json_answer(code, {{"error", {{"code", code}, {"message", message}, {"status", status}}}});
}
HttpResponse invalid(const std::string& message) { return refuse(400, "INVALID_ARGUMENT", message); }
HttpResponse full() {
  return invalid(
      "Invalid requests[0]: This action would increase the number of cells in the workbook above the limit of 10000000 "
      "cells.");
}

void SheetsSandbox::reset() {
  all_.clear();
  tokens_.clear();
  windows_.clear();
  quotas_ = {};
  made_ = 0;
  Spreadsheet first{kSpreadsheet, "Milepost sandbox", {}, {{std::string(kAccount), "writer"}}};
  first.grids.push_back(grid_of(0, "Loans", {{"Loan", "Borrower", "Stage", "Amount", "Updated"}}));
  first.grids.push_back(grid_of(1, "Log", {{"milepost_key", "Event", "Loan", "What"}}));
  first.grids.push_back(grid_of(2, "Input",
                                {{"Request", "Loan", "What", "Amount", "Done"},
                                 {"R-1", "L-1001", "call the borrower", 25000, false},
                                 {"R-2", "L-1002", "order the appraisal", "", false},
                                 {"R-3", "L-1003", "send the card", 310000.5, true}}));
  first.grids.push_back(grid_of(3, "Empty", {}));
  all_[first.id] = std::move(first);
}

Json SheetsSandbox::state() const {
  Json spreadsheets = Json::array(), out = Json::object();
  for (const auto& [id, spreadsheet] : all_) {
    for (const auto& grid : spreadsheet.grids) {
      Json rows = Json::array();
      std::map<std::size_t, std::map<std::size_t, Json>> lines;
      for (const auto& [place, cell] : grid.cells) lines[place.first][place.second] = shown(cell, "FORMULA");
      for (const auto& [number, line] : lines) {
        Json cells = Json::array();
        for (std::size_t i = 0; i <= line.rbegin()->first; ++i)
          cells.push_back(line.contains(i) ? line.at(i) : Json(nullptr));
        rows.push_back(std::move(cells));
      }
      spreadsheets.push_back({{"spreadsheetId", id}, {"title", grid.title}, {"columns", grid.columns}});
      // Of the first spreadsheet, since that is what tests count.
      if (id == kSpreadsheet) out[grid.title] = std::move(rows);
    }
  }
  out["sheets"] = std::move(spreadsheets);
  return out;
}

Result<std::vector<HttpRequest>> SheetsSandbox::emit(const Json&) {
  return fail(ErrorKind::permanent, "Sheets sends no webhooks: write into the spreadsheet, and let the source ask");
}

HttpResponse SheetsSandbox::handle(const HttpRequest& request) {
  const auto path = testing::path(request);
  if (path.starts_with("/_")) return control(request);
  if (path == "/token") {
    if (request.method != "POST") return testing::empty_answer(404);
    return tokens_.exchange(request, host_.clock().now());
  }
  auto response = serve(request);
  response.headers.emplace_back("Vary", "Origin, X-Origin, Referer");
  response.headers.emplace_back("Cache-Control", "private");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return response;
}

/// Not Google's: for tests that need more, or less, than an account has. {"user": 5, "project": 300}, {"share":
/// "none"}.
HttpResponse SheetsSandbox::control(const HttpRequest& request) {
  const auto path = testing::path(request);
  const auto body = read_json(request.body).value_or(Json::object());
  if (request.method == "POST" && path == "/_limits") {
    quotas_.user = milepost::get<std::size_t>(body, "/user").value_or(quotas_.user);
    quotas_.project = milepost::get<std::size_t>(body, "/project").value_or(quotas_.project);
    windows_.clear();
    if (const auto life = milepost::get<long long>(body, "/token_seconds")) tokens_.live(std::chrono::seconds(*life));
    return testing::empty_answer(204);
  }
  if (request.method == "POST" && path == "/_share") {
    for (auto& [id, spreadsheet] : all_)
      spreadsheet.shared[std::string(kAccount)] = milepost::get<std::string>(body, "/role").value_or("none");
    return testing::empty_answer(204);
  }
  return testing::problem(404, "not found", "POST /_limits, POST /_share");
}

/// A minute's quotas for project and user; a batch counts once.
std::optional<HttpResponse> SheetsSandbox::limited(bool writes) {
  const auto now = host_.clock().now();
  const std::string kind = writes ? "Write" : "Read";
  for (const bool user : {true, false}) {
    const auto most = user ? quotas_.user : quotas_.project;
    const auto limit = kind + "RequestsPerMinutePer" + (user ? "User" : "Project");
    auto& window = windows_.try_emplace(limit, most, 60s).first->second;
    if (window.take(now)) continue;
    const std::string metric = std::string("sheets.googleapis.com/") + (writes ? "write_requests" : "read_requests");
    const Json details = Json::array(
        {{{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
          {"reason", "RATE_LIMIT_EXCEEDED"},
          {"domain", "googleapis.com"},
          {"metadata",
           {{"service", "sheets.googleapis.com"},
            {"consumer", kConsumer},
            {"quota_metric", metric},
            {"quota_limit", limit},
            {"quota_limit_value", std::to_string(most)},
            {"quota_unit", user ? "1/min/{project}/{user}" : "1/min/{project}"},
            {"quota_location", "global"}}}},
         {{"@type", "type.googleapis.com/google.rpc.Help"},
          {"links", Json::array({{{"description", "Request a higher quota limit."},
                                  {"url", "https://cloud.google.com/docs/quotas/help/request_increase"}}})}}});
    return json_answer(
        429, {{"error",
               {{"code", 429},
                {"message", "Quota exceeded for quota metric '" + kind + " requests' and limit '" + kind +
                                " requests per minute" + (user ? " per user" : "") +
                                "' of service 'sheets.googleapis.com' for consumer 'project_number:100000000001'."},
                {"status", "RESOURCE_EXHAUSTED"},
                {"details", details}}}});
  }
  return std::nullopt;
}

HttpResponse SheetsSandbox::serve(const HttpRequest& request) {
  const auto* token = tokens_.find(testing::bearer(request).value_or(""), host_.clock().now());
  if (token == nullptr)
    return refuse(
        401, "UNAUTHENTICATED",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
        "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.");
  std::string_view rest = testing::path(request);
  if (!rest.starts_with(kRoot))
    return {404,
            {{"Content-Type", "text/html; charset=UTF-8"}},
            "<!DOCTYPE html><html><title>Error 404 (Not Found)!!1</title></html>"};
  rest.remove_prefix(kRoot.size());
  const bool writes = request.method != "GET";
  if (auto over = limited(writes)) return std::move(*over);
  Json body = Json::object();
  if (writes && !request.body.empty()) {
    auto read = read_json(request.body);
    if (!read || !read->is_object()) return invalid("Invalid JSON payload received. Unexpected token.");
    body = std::move(*read);
  }
  if (writes && !token->writes)
    return refuse(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.");
  if (rest.empty() || rest == "/")
    return request.method == "POST" ? create(body) : refuse(404, "NOT_FOUND", "Method not found.");
  rest.remove_prefix(1);
  const auto id = rest.substr(0, std::min(rest.find_first_of("/:"), rest.size()));
  rest.remove_prefix(id.size());
  const auto found = all_.find(testing::percent_decode(id));
  if (found == all_.end()) return refuse(404, "NOT_FOUND", "Requested entity was not found.");
  const auto role = found->second.shared.find(token->account);
  const bool reads = role != found->second.shared.end() && (role->second == "writer" || role->second == "reader");
  if (!reads || (writes && role->second != "writer"))
    return refuse(403, "PERMISSION_DENIED", "The caller does not have permission");
  return route(request, rest, {found->second, testing::query(request), std::move(body)});
}

/// `rest` is what follows the spreadsheet's id, as it was sent: a range's own ":" is mostly escaped there, a method's
/// is not.
HttpResponse SheetsSandbox::route(const HttpRequest& request, std::string_view rest, const Ask& ask) {
  const auto& method = request.method;
  if (rest.empty() && method == "GET") return json_answer(200, ask.in.resource());
  if (rest == ":batchUpdate" && method == "POST") return batch_update(ask);
  if (rest == "/values:batchGet" && method == "GET") return batch_get(ask);
  if (rest == "/values:batchUpdate" && method == "POST") return batch_update_values(ask);
  if (rest == "/values:batchClear" && method == "POST") {
    std::vector<std::string> ranges;
    for (const auto& range : milepost::get<Json>(ask.body, "/ranges").value_or(Json::array()))
      if (range.is_string()) ranges.push_back(range.get<std::string>());
    return clear(ask, ranges, true);
  }
  if (!rest.starts_with("/values/")) return refuse(404, "NOT_FOUND", "Method not found.");
  rest.remove_prefix(8);
  const auto verb = rest.ends_with(":append") ? ":append" : rest.ends_with(":clear") ? ":clear" : "";
  rest.remove_suffix(std::string_view(verb).size());
  const auto range = testing::percent_decode(rest);
  if (verb == std::string_view(":append") && method == "POST") return append(ask, range);
  if (verb == std::string_view(":clear") && method == "POST") return clear(ask, {range}, false);
  if (verb == std::string_view("") && method == "GET") return get(ask, range);
  if (verb == std::string_view("") && method == "PUT") return update(ask, range);
  return refuse(404, "NOT_FOUND", "Method not found.");
}

HttpResponse SheetsSandbox::create(const Json& body) {
  Spreadsheet made;
  made.id = "1" + testing::hex(testing::sha256("spreadsheet " + std::to_string(++made_))).substr(0, 43);
  made.title = milepost::get<std::string>(body, "/properties/title").value_or("Untitled spreadsheet");
  made.shared[std::string(kAccount)] = "writer";
  const auto sheets = milepost::get<Json>(body, "/sheets").value_or(Json::array());
  for (const auto& sheet : sheets) {
    Grid grid;
    grid.id = static_cast<long long>(made.grids.size());
    grid.title = milepost::get<std::string>(sheet, "/properties/title")
                     .value_or("Sheet" + std::to_string(made.grids.size() + 1));
    grid.rows = milepost::get<std::size_t>(sheet, "/properties/gridProperties/rowCount").value_or(1000);
    grid.columns = milepost::get<std::size_t>(sheet, "/properties/gridProperties/columnCount").value_or(26);
    made.grids.push_back(std::move(grid));
  }
  if (made.grids.empty()) made.grids.push_back(grid_of(0, "Sheet1", {}));
  if (made.cells() > kMostCells) return full();
  const auto id = made.id;
  return json_answer(200, (all_[id] = std::move(made)).resource());
}

}  // namespace milepost::sheets::sandbox
