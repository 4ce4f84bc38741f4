#include "plugins/sheets/entry.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace milepost::sheets {
namespace {

/// Of a cell (Drive help, read 2026-11).
constexpr std::size_t kMostCharacters = 50'000;
constexpr std::size_t kMostKeyBytes = 200;
/// What a double keeps exactly.
constexpr std::size_t kMostDigits = 15;

/// UTF-16 units, the larger way to count.
std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    count += (byte & 0xC0) != 0x80 ? (byte >= 0xF0 ? 2u : 1u) : 0u;
  }
  return count;
}

bool keeps_its_digits(const std::string& number) {
  std::string digits;
  for (const char c : number.substr(0, number.find_first_of("eE")))
    if (c >= '0' && c <= '9' && (c != '0' || !digits.empty())) digits += c;
  while (digits.ends_with('0')) digits.pop_back();
  return digits.size() <= kMostDigits && std::isfinite(std::strtod(number.c_str(), nullptr));
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

Result<Entry> finish(Entry entry, const Json& row, const Json& key) {
  if (entry.tab.empty()) return fail(ErrorKind::permanent, "tab: is empty");
  if (entry.key_column.empty() || trimmed(entry.key_column) != entry.key_column)
    return fail(ErrorKind::permanent, "the key's column has an empty name, or one with blanks around it");
  const auto cell = to_cell(key, entry.key_column);
  if (!cell) return fail(cell.error());
  entry.key = key_text(*cell);
  if (entry.key.empty()) return fail(ErrorKind::permanent, "key: is empty, so that no row could be told by it");
  if (entry.key.size() > kMostKeyBytes)
    return fail(ErrorKind::permanent, "key: longer than " + std::to_string(kMostKeyBytes) + " bytes");
  for (const auto& [column, value] : row.items()) {
    if (column.empty() || trimmed(column) != column)
      return fail(ErrorKind::permanent, "row: a column's name is empty, or has blanks around it");
    auto made = to_cell(value, column);
    if (!made) return fail(made.error());
    if (column != entry.key_column)
      entry.cells.emplace_back(column, std::move(*made));
    else if (key_text(*made) != entry.key)
      return fail(ErrorKind::permanent, "row." + column + ": the key's own column, with another value than the key");
  }
  return entry;
}

}  // namespace

const Settings<AppendSettings>& append_settings() {
  static const auto spec = [] {
    Settings<AppendSettings> settings("Adds a row, once for each delivery.");
    settings.required("tab", &AppendSettings::tab, "The tab's title.")
        .required("row", &AppendSettings::row, "What to write: {column's title: value}. Null leaves the cell empty.",
                  {{"type", "object"}, {"minProperties", 1}})
        .optional("key", &AppendSettings::key, "",
                  "The row's key; empty: the delivery's own, so that each event of each step is one row.")
        .optional("key_column", &AppendSettings::key_column, "milepost_key", "Title of the column that holds the key.");
    return settings;
  }();
  return spec;
}

const Settings<UpsertSettings>& upsert_settings() {
  static const auto spec = [] {
    Settings<UpsertSettings> settings("Writes the row that has a key, or adds it.");
    settings.required("tab", &UpsertSettings::tab, "The tab's title.")
        .required("key", &UpsertSettings::key,
                  "The column that tells rows apart, with this row's value: {Loan: L-1001}.",
                  {{"type", "object"}, {"minProperties", 1}, {"maxProperties", 1}})
        .optional("row", &UpsertSettings::row, Json::object(),
                  "What to write: {column's title: value}. Null leaves a cell as it is, an empty text empties it.",
                  {{"type", "object"}});
    return settings;
  }();
  return spec;
}

Result<Json> to_cell(const Json& value, const std::string& column) {
  if (value.is_null() || value.is_boolean()) return value;
  if (is_number(value)) {
    auto digits = number_text(value);
    return keeps_its_digits(digits) ? Result<Json>(value) : Result<Json>(Json(std::move(digits)));
  }
  if (!value.is_string())
    return fail(ErrorKind::permanent, "column " + column + ": expected a text, a number or true or false, found " +
                                          (value.is_array() ? "a list" : "an object"));
  if (characters(value.get_ref<const std::string&>()) > kMostCharacters)
    return fail(ErrorKind::permanent,
                "column " + column + ": longer than the " + std::to_string(kMostCharacters) + " characters of a cell");
  return value;
}

std::string key_text(const Json& cell) {
  if (cell.is_string()) return cell.get<std::string>();
  if (is_number(cell)) return number_text(cell);
  return cell.is_boolean() ? (cell.get<bool>() ? "TRUE" : "FALSE") : "";
}

Result<Entry> to_append(const Delivery& delivery) {
  auto settings = append_settings().parse(delivery.with);
  if (!settings) return fail(settings.error());
  if (!settings->row.is_object() || settings->row.empty())
    return fail(ErrorKind::permanent, "row: expected {column's title: value}");
  const auto key = settings->key.empty() ? delivery.idempotency_key : settings->key;
  return finish({settings->tab, settings->key_column, "", {}, false}, settings->row, key);
}

Result<Entry> to_upsert(const Delivery& delivery) {
  auto settings = upsert_settings().parse(delivery.with);
  if (!settings) return fail(settings.error());
  if (!settings->key.is_object() || settings->key.size() != 1)
    return fail(ErrorKind::permanent, "key: expected one column with its value, such as {Loan: L-1001}");
  if (!settings->row.is_object()) return fail(ErrorKind::permanent, "row: expected {column's title: value}");
  const auto key = settings->key.begin();
  return finish({settings->tab, key.key(), "", {}, true}, settings->row, key.value());
}

}  // namespace milepost::sheets
