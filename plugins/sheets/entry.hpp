// A delivery as a row: which tab, which key, which cells. Pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "milepost/connector.hpp"
#include "milepost/settings.hpp"

namespace milepost::sheets {

struct AppendSettings {
  std::string tab;
  Json row;
  std::string key;
  std::string key_column;
};
const Settings<AppendSettings>& append_settings();

struct UpsertSettings {
  std::string tab;
  Json key;
  Json row;
};
const Settings<UpsertSettings>& upsert_settings();

struct Entry {
  std::string tab, key_column, key;
  std::vector<std::pair<std::string, Json>> cells;  ///< column -> text, number, truth value, or null: leave it alone
  bool overwrite = false;                           ///< write to the row that has the key; else it stays as it is
};

/// `permanent` names the setting or the column that is wrong, never a value.
Result<Entry> to_append(const Delivery& delivery);
Result<Entry> to_upsert(const Delivery& delivery);

/// What goes into a cell under RAW. Numbers of up to 15 digits are numbers, which is what a cell keeps; longer ones,
/// and those past a double's range, go as text, so that no digit is lost.
Result<Json> to_cell(const Json& value, const std::string& column);

/// The text by which keys are compared: a person may have typed the number 1001 where we wrote the text.
std::string key_text(const Json& cell);

}  // namespace milepost::sheets
