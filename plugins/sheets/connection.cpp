#include "plugins/sheets/connection.hpp"

#include <utility>

namespace milepost::sheets {
namespace {

/// Over all tabs, empty cells included (limits page, read 2026-11).
constexpr long long kMostCells = 10'000'000;

/// Letters, digits, - and _ : what stands in a spreadsheet's address.
bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 200 &&
         text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == text.npos;
}

}  // namespace

const Settings<Account>& account_settings() {
  static const auto spec = [] {
    Settings<Account> settings("A Google spreadsheet, written and read by a service account.");
    settings
        .required("spreadsheet", &Account::spreadsheet,
                  "The spreadsheet's id: what stands between /d/ and /edit in its address.")
        .secret("key", "The service account's key file (JSON), whole.")
        .optional("create_columns", &Account::create_columns, false,
                  "Add a column that a step names and the header lacks; else that is an error.")
        .optional("base_url", &Account::base_url, "https://sheets.googleapis.com", "API root.")
        .optional("token_url", &Account::token_url, "",
                  "Token endpoint, a URL or a path below base_url; empty: the key file's token_uri.");
    return settings;
  }();
  return spec;
}

SheetsConnection::SheetsConnection(Account account, Host host)
    : account_(std::move(account)), client_(account_.spreadsheet, host), host_(host) {}

Result<Json> SheetsConnection::ask(const Call& call) const {
  if (!is_id(account_.spreadsheet))
    return fail(ErrorKind::permanent,
                "spreadsheet: expected its id, which is what stands between /d/ and /edit in its address");
  auto tabs = client_.tabs(call);
  if (!tabs) return tabs;
  const auto* sheets = find(*tabs, "/sheets");
  if (sheets == nullptr || !sheets->is_array() || sheets->empty())
    return fail(nonsense({"sheets: GET tabs", Intent::read, ""}, "the answer names no tab"));
  return Json(*sheets);
}

Status SheetsConnection::open(const Call& call) {
  const auto sheets = ask(call);
  if (!sheets) return fail(sheets.error());
  tab_ids_.clear();
  long long cells = 0;
  for (const auto& sheet : *sheets) {
    cells += get<long long>(sheet, "/properties/gridProperties/rowCount").value_or(0) *
             get<long long>(sheet, "/properties/gridProperties/columnCount").value_or(0);
    const auto* id = find(sheet, "/properties/sheetId");
    const auto title = get<std::string>(sheet, "/properties/title");
    if (title && id != nullptr && is_number(*id)) tab_ids_[*title] = number_text(*id);
  }
  if (cells >= kMostCells / 5 * 4) host_.log().warn("spreadsheet_nearly_full", {{"cells", cells}, {"of", kMostCells}});
  return {};
}

Status SheetsConnection::probe(const Call& call) {
  const auto sheets = ask(call);
  return sheets ? Status() : Status(fail(sheets.error()));
}

std::string SheetsConnection::address(const std::string& tab, std::size_t row) const {
  const auto id = tab_ids_.find(tab);
  const auto place = "https://docs.google.com/spreadsheets/d/" + account_.spreadsheet + "/edit";
  return id == tab_ids_.end()
             ? place
             : place + "#gid=" + id->second + "&range=" + std::to_string(row) + ":" + std::to_string(row);
}

}  // namespace milepost::sheets
