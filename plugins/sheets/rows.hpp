// A tab as a person's input: its new and changed rows as events. What a row said is remembered while the source runs;
// after a restart every row is told once more, and the host knows by id and revision which of them it has.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plugins/sheets/connection.hpp"
#include "plugins/sheets/table.hpp"

namespace milepost::sheets {

struct RowsSettings {
  std::string tab;
  std::string key_column;
  std::vector<std::string> columns;
  std::string values;
};
const Settings<RowsSettings>& rows_settings();

/// A row as an event: id `tab/key`, revision from its cells, whatever order they stand in.
Event to_event(const std::string& tab, std::size_t row, const std::string& key, const Json& values);

class Rows : public PollingSource {
 public:
  Rows(RowsSettings settings, SheetsConnection& connection, Host host)
      : settings_(std::move(settings)), client_(connection.client()), host_(host) {}

  Result<Page> poll(const Cursor& after, std::size_t limit, const Call& call) override;

 private:
  Result<std::vector<Event>> changed(const Call& call);
  Cursor place(std::size_t at) const { return at == 0 ? base_ : std::to_string(pass_) + ":" + std::to_string(at); }

  const RowsSettings settings_;
  const Client& client_;
  Host host_;
  std::map<std::string, std::string> told_;  // id -> revision, of what the journal has
  // One reading of the tab, handed out in pages: its events, and the cursors before, between and after them.
  std::vector<Event> events_;
  Cursor base_;
  unsigned long long pass_ = 0;
  bool read_ = false;
  std::size_t repeated_ = 0;  // rows whose key another row has, at the latest reading
};

}  // namespace milepost::sheets
