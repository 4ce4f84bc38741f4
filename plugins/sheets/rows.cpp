#include "plugins/sheets/rows.hpp"

#include <algorithm>
#include <set>

#include "milepost/sha256.hpp"
#include "plugins/sheets/a1.hpp"
#include "plugins/sheets/entry.hpp"

namespace milepost::sheets {
namespace {

constexpr std::size_t kMostId = 256;

}  // namespace

const Settings<RowsSettings>& rows_settings() {
  static const auto spec = [] {
    Settings<RowsSettings> settings("New and changed rows of a tab.");
    settings.required("tab", &RowsSettings::tab, "The tab's title.")
        .required("key_column", &RowsSettings::key_column,
                  "Title of the column that tells rows apart; a row counts once it has a key.")
        .optional("columns", &RowsSettings::columns, std::vector<std::string>{},
                  "Titles of the columns to tell of; empty: all. One that is missing is an error.")
        .optional("values", &RowsSettings::values, "unformatted",
                  "unformatted: numbers and truth values as such, dates as they are shown; formatted: the text that a "
                  "person sees.",
                  {{"enum", {"unformatted", "formatted"}}});
    return settings;
  }();
  return spec;
}

Event to_event(const std::string& tab, std::size_t row, const std::string& key, const Json& values) {
  std::vector<std::string> cells;  // a column that was moved is no change
  for (const auto& [title, value] : values.items()) cells.push_back(text(Json::array({title, value})));
  std::sort(cells.begin(), cells.end());
  std::string all;
  for (const auto& cell : cells) all += cell;
  Event out;
  out.id = tab + "/" + key;
  if (out.id.size() > kMostId) out.id = hex(sha256(out.id));
  out.revision = hex(sha256(all)).substr(0, 32);
  out.type = "row";
  out.payload = Document(Json{{"tab", tab}, {"row", row}, {"key", key}, {"values", values}});
  return out;
}

Result<Page> Rows::poll(const Cursor& after, std::size_t limit, const Call& call) {
  std::size_t at = 0;
  while (read_ && at <= events_.size() && place(at) != after) ++at;
  if (!read_ || at >= events_.size()) {
    // All of the latest reading is journaled, or it is none of ours: a new one.
    if (read_ && at == events_.size())
      for (const auto& event : events_) told_[event.id] = event.revision;
    if (call.stopped()) return fail(ErrorKind::cancelled, "stopped before it was asked");
    auto found = changed(call);
    if (!found) return fail(found.error());
    const auto pass = std::strtoull(after.c_str(), nullptr, 10);
    pass_ = std::max(pass_, pass) + 1;
    events_ = std::move(*found);
    base_ = after;
    read_ = true;
    at = 0;
  }
  Page page;
  const auto end = std::min(events_.size(), at + std::max<std::size_t>(limit, 1));
  page.events.assign(events_.begin() + static_cast<std::ptrdiff_t>(at),
                     events_.begin() + static_cast<std::ptrdiff_t>(end));
  page.next = place(end);
  return page;
}

/// The rows that say something else than what was told.
Result<std::vector<Event>> Rows::changed(const Call& call) {
  const auto render = settings_.values == "formatted" ? Render::formatted : Render::unformatted;
  const auto cells = client_.read(settings_.tab, {""}, false, render, call);
  if (!cells) return fail(cells.error());
  const Json& lines = (*cells)[0];
  const Header header(lines.empty() ? Json::array() : lines[0]);
  std::map<std::string, std::size_t> columns;
  const auto take = [&](const std::string& title) -> Status {
    const auto at = header.column(title);
    if (!at) return fail(at.error());
    if (!*at)
      return fail(ErrorKind::permanent,
                  "tab \"" + settings_.tab + "\" has no column \"" + title +
                      "\" in its first row: was its title changed? Change it back, or change the settings");
    columns[title] = **at;
    return {};
  };
  if (auto taken = take(settings_.key_column); !taken) return fail(taken.error());
  const auto key_at = columns[settings_.key_column];
  for (const auto& title : settings_.columns.empty() ? header.titles() : settings_.columns)
    if (!title.empty())
      if (auto taken = take(title); !taken) return fail(taken.error());

  std::vector<Event> out;
  std::set<std::string> keys;
  std::size_t repeated = 0;
  for (std::size_t row = 1; row < lines.size(); ++row) {
    const auto& line = lines[row];
    const auto key = key_at < line.size() ? key_text(line[key_at]) : "";
    if (key.empty()) continue;
    if (!keys.insert(key).second) {
      ++repeated;
      continue;
    }
    Json values = Json::object();
    for (const auto& [title, column] : columns)
      if (column < line.size() && line[column] != Json("")) values[title] = line[column];
    auto event = to_event(settings_.tab, row + 1, key, values);
    const auto known = told_.find(event.id);
    if (known == told_.end() || known->second != event.revision) out.push_back(std::move(event));
  }
  if (repeated != repeated_ && repeated > 0)
    host_.log().warn("rows_share_a_key", {{"tab", settings_.tab}, {"rows", repeated}});
  repeated_ = repeated;
  host_.metrics().count("rows", static_cast<double>(out.size()), {{"source", "rows"}});
  return out;
}

}  // namespace milepost::sheets
