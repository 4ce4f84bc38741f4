#include "plugins/sheets/write.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "plugins/sheets/a1.hpp"

namespace milepost::sheets {
namespace {

/// 2 MB are recommended (limits page, read 2026-11); half of it, for escapes.
constexpr std::size_t kMostBytes = 1'000'000;
constexpr std::size_t kMostRecordId = 256;

/// Cells of one row from column `first` to `last`; null leaves a cell as it is. REQUIRES: each named column is there.
Json row_of(const Entry& entry, const Header& header, std::size_t first, std::size_t last, bool with_key) {
  Json out = Json::array();
  for (auto i = first; i <= last; ++i) out.push_back(nullptr);
  const auto put = [&](const std::string& title, const Json& value) {
    const auto at = header.column(title);
    if (at && *at && **at >= first && **at <= last) out[**at - first] = value;
  };
  if (with_key) put(entry.key_column, entry.key);
  for (const auto& [title, value] : entry.cells) put(title, value);
  return out;
}

/// Equal as far as a sheet keeps it: 25000.00 comes back as 25000.
bool same_cell(const Json& wanted, const Json& found) {
  if (wanted.is_null()) return true;
  if (is_number(wanted) && is_number(found))
    return std::strtod(number_text(wanted).c_str(), nullptr) == std::strtod(number_text(found).c_str(), nullptr);
  return wanted == found;
}

void fail_all(const auto& items, const Error& error) {
  for (auto* item : items)
    if (!item->result) item->result = fail(error);
}

}  // namespace

std::vector<Result<Answer>> Write::run(std::span<const Delivery> batch, const Call& call) {
  std::vector<Item> items(batch.size());
  std::map<std::pair<std::string, std::string>, Items> groups;  // by tab and key column
  for (std::size_t i = 0; i < batch.size(); ++i) {
    auto entry = mapping_(batch[i]);
    if (!entry) {
      items[i].result = fail(entry.error());
      continue;
    }
    items[i].entry = std::move(*entry);
    items[i].delivery = batch[i].idempotency_key;
    groups[{items[i].entry.tab, items[i].entry.key_column}].push_back(&items[i]);
  }
  for (auto& [place, waiting] : groups) {
    while (!waiting.empty()) {
      // One key at most once in a write: the second must find the row of the first.
      Items now, later;
      std::set<std::string> keys;
      for (auto* item : waiting) (keys.insert(item->entry.key).second ? now : later).push_back(item);
      group(now, call);
      waiting = std::move(later);
    }
  }
  std::vector<Result<Answer>> results;
  for (auto& item : items) {
    const auto outcome = item.result->has_value() ? name((**item.result).effect) : name(item.result->error().kind);
    host_.metrics().count("items", 1, {{"action", name_}, {"outcome", outcome}});
    results.push_back(std::move(*item.result));
  }
  return results;
}

/// REQUIRES: the items share tab and key column, and no two of them a key.
void Write::group(const Items& items, const Call& call) {
  if (call.stopped()) return fail_all(items, {ErrorKind::cancelled, "stopped before it was sent", {}, std::nullopt});
  std::vector<Claim::Key> keys;
  for (const auto* item : items) keys.push_back({item->mark(), item->delivery});
  auto claim = Claim::take(host_, client_.spreadsheet(), items[0]->entry.tab, keys, call);
  if (!claim) return fail_all(items, claim.error());
  Items mine;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (const auto wait = claim->held(keys[i]))
      items[i]->result = fail({ErrorKind::rate_limited,
                               "another delivery's row of this key was not answered, and may still be made",
                               {},
                               *wait});
    else
      mine.push_back(items[i]);
  }
  if (!mine.empty()) write(mine, *claim, call);
  std::set<std::string> settled;
  for (const auto* item : mine)
    if (item->result->has_value() || item->result->error().kind != ErrorKind::indeterminate)
      settled.insert(item->mark());
  claim->release(settled, call);
}

void Write::write(const Items& items, Claim& claim, const Call& call) {
  const auto table = prepare(items, claim, call);
  if (!table) return fail_all(items, table.error());
  Items known, fresh;
  for (auto* item : items) {
    if (item->result) continue;  // a column of its own is missing
    const auto rows = table->rows.find(item->entry.key);
    if (rows == table->rows.end())
      fresh.push_back(item);
    else if (!item->entry.overwrite)
      item->result = answer(item->entry, rows->second[0], Answer::Effect::unchanged);
    else if (rows->second.size() > 1)
      item->result = fail(ErrorKind::permanent, "several rows of tab \"" + item->entry.tab + "\" have this key (" +
                                                    std::to_string(rows->second[0]) + " and " +
                                                    std::to_string(rows->second[1]) + "): remove all but one");
    else
      known.push_back(item);
  }
  update(known, *table, call);
  append(fresh, *table, call);
}

/// The table, with every column that is named and may be made. An item whose column is missing and may not has its
/// result.
Result<Table> Write::prepare(const Items& items, Claim& claim, const Call& call) {
  const auto& tab = items[0]->entry.tab;
  const auto& key_column = items[0]->entry.key_column;
  auto table = reader_.read(tab, key_column, call);
  if (!table) return table;
  const bool may = connection_.account().create_columns;
  // Were it made anew, every row would be added once more.
  if (!table->key_at && claim.had_column(key_column))
    return fail(ErrorKind::permanent, "tab \"" + tab + "\" has lost the column \"" + key_column +
                                          "\", by which its rows are told: was its title changed? Change it back");
  std::vector<std::string> missing;
  const auto lacks = [&](const std::string& title) -> Result<bool> {
    const auto at = table->header.column(title);
    if (!at) return fail(at.error());
    return !*at;
  };
  for (auto* item : items) {
    std::string own;
    std::vector<std::string> titles{key_column};
    for (const auto& [title, value] : item->entry.cells) titles.push_back(title);
    for (const auto& title : titles) {
      const auto lacking = lacks(title);
      if (!lacking) item->result = fail(lacking.error());
      if (!lacking || !*lacking) continue;
      if (may && std::find(missing.begin(), missing.end(), title) == missing.end()) missing.push_back(title);
      own += (own.empty() ? "\"" : ", \"") + title + "\"";
    }
    if (!may && !own.empty() && !item->result)
      item->result =
          fail(ErrorKind::permanent, "tab \"" + tab + "\" has no column " + own +
                                         " in its first row: add it, or set create_columns: true on the connection");
  }
  if (!missing.empty())
    if (auto added = add_columns(*table, missing, tab, call); !added) return fail(added.error());
  if (table->header.column(key_column).value_or(std::nullopt)) claim.has_column(key_column);
  return table;
}

/// Behind the last column; the tab is widened where it ends there. All in one request, so that it is done or not.
Status Write::add_columns(Table& table, const std::vector<std::string>& missing, const std::string& tab,
                          const Call& call) {
  const auto tabs = client_.tabs(call);
  if (!tabs) return fail(tabs.error());
  Json id;
  std::size_t width = 0;
  if (const auto* sheets = milepost::find(*tabs, "/sheets"); sheets != nullptr && sheets->is_array())
    for (const auto& sheet : *sheets)
      if (get<std::string>(sheet, "/properties/title").value_or("") == tab) {
        if (const auto* found = milepost::find(sheet, "/properties/sheetId")) id = *found;
        width = get<std::size_t>(sheet, "/properties/gridProperties/columnCount").value_or(0);
      }
  if (!is_number(id)) return fail(ErrorKind::permanent, "the spreadsheet has no tab \"" + tab + "\"");
  const std::size_t at = table.header.titles().size();
  Json requests = Json::array(), cells = Json::array(), titles = Json::array();
  if (at + missing.size() > width)
    requests.push_back(
        {{"appendDimension", {{"sheetId", id}, {"dimension", "COLUMNS"}, {"length", at + missing.size() - width}}}});
  for (const auto& title : table.header.titles()) titles.push_back(title);
  for (const auto& title : missing) {
    cells.push_back({{"userEnteredValue", {{"stringValue", title}}}});
    titles.push_back(title);
  }
  requests.push_back({{"updateCells",
                       {{"rows", Json::array({{{"values", std::move(cells)}}})},
                        {"fields", "userEnteredValue"},
                        {"start", {{"sheetId", id}, {"rowIndex", 0}, {"columnIndex", at}}}}}});
  if (auto changed = client_.change(tab, requests, call); !changed) return changed;
  host_.log().info("columns_added", {{"tab", tab}, {"columns", missing.size()}});
  table.header = Header(titles);
  return {};
}

void Write::update(const Items& items, const Table& table, const Call& call) {
  Items sent;
  Json data = Json::array();
  std::size_t bytes = 0;
  const auto flush = [&] {
    if (sent.empty()) return;
    const auto done = client_.update(sent[0]->entry.tab, data, call);
    for (auto* item : sent)
      item->result =
          done ? Result<Answer>(answer(item->entry, table.rows.at(item->entry.key)[0], Answer::Effect::updated))
               : Result<Answer>(fail(done.error()));
    sent.clear(), data = Json::array(), bytes = 0;
  };
  for (auto* item : items) {
    const auto row = table.rows.at(item->entry.key)[0];
    std::size_t first = table.header.last(), last = 0;
    for (const auto& [title, value] : item->entry.cells) {
      const auto at = table.header.column(title).value_or(std::nullopt);
      if (value.is_null() || !at) continue;
      first = std::min(first, *at), last = std::max(last, *at);
    }
    if (first > last) {
      item->result = answer(item->entry, row, Answer::Effect::unchanged);
      continue;
    }
    Json values = row_of(item->entry, table.header, first, last, false);
    const auto size = text(values).size();
    if (bytes + size > kMostBytes) flush();
    bytes += size;
    data.push_back(
        {{"range", range_of(item->entry.tab, cells_of(row, first, last))}, {"values", Json::array({values})}});
    sent.push_back(item);
  }
  flush();
}

void Write::append(const Items& items, const Table& table, const Call& call) {
  Items sent;
  Json rows = Json::array();
  std::size_t bytes = 0;
  const auto flush = [&] {
    if (sent.empty()) return;
    const auto first = table.header.first(), last = table.header.last();
    const auto& tab = sent[0]->entry.tab;
    const auto done = client_.append(tab, cells_of(1, first, last), rows, call);
    const auto range = done ? get<std::string>(*done, "/updatedRange").value_or("") : "";
    const auto corner = corner_of(range);
    for (std::size_t i = 0; i < sent.size(); ++i) {
      auto& result = sent[i]->result;
      if (!done)
        result = fail(done.error());
      else if (!corner)
        result =
            fail(nonsense({"sheets: POST append", Intent::once, tab}, "the answer does not say where the rows are"));
      else if (corner->column != first)
        result = fail(ErrorKind::permanent, "the row was added, but not below the header: it is at " +
                                                cells_of(corner->row + i, corner->column, corner->column) +
                                                " of tab \"" + tab +
                                                "\". Is there another table beside it, or an empty column within? Move "
                                                "the row, and resolve this as done");
      else
        result = answer(sent[i]->entry, corner->row + i, Answer::Effect::created);
    }
    sent.clear(), rows = Json::array(), bytes = 0;
  };
  for (auto* item : items) {
    Json values = row_of(item->entry, table.header, table.header.first(), table.header.last(), true);
    const auto size = text(values).size();
    if (bytes + size > kMostBytes) flush();
    bytes += size;
    rows.push_back(std::move(values));
    sent.push_back(item);
  }
  flush();
}

Answer Write::answer(const Entry& entry, std::size_t row, Answer::Effect effect) const {
  Answer out{effect,
             {{"tab", entry.tab}, {"row", row}, {"key", entry.key}, {"new", effect == Answer::Effect::created}}};
  const auto url = connection_.address(entry.tab, row);
  out.body["url"] = url;
  auto id = client_.spreadsheet() + "/" + entry.tab + "/" + entry.key;
  if (id.size() <= kMostRecordId) out.record = Record{"sheets", "rows", std::move(id), "", url};
  return out;
}

Result<std::optional<Answer>> Write::find(const Delivery& delivery, const Call& call) {
  const auto entry = mapping_(delivery);
  if (!entry) return fail(entry.error());
  const auto table = reader_.read(entry->tab, entry->key_column, call);
  if (!table) return fail(table.error());
  const auto rows = table->rows.find(entry->key);
  if (rows == table->rows.end()) return std::optional<Answer>();
  const auto row = rows->second[0];
  if (entry->overwrite) {
    const auto number = std::to_string(row);
    const auto cells = client_.read(entry->tab, {number + ":" + number}, false, Render::unformatted, call);
    if (!cells) return fail(cells.error());
    const Json found = (*cells)[0].empty() ? Json::array() : (*cells)[0][0];
    for (const auto& [title, value] : entry->cells) {
      const auto at = table->header.column(title).value_or(std::nullopt);
      if (!at) return std::optional<Answer>();
      if (!same_cell(value, *at < found.size() ? found[*at] : Json(""))) return std::optional<Answer>();
    }
  }
  return std::optional<Answer>(answer(*entry, row, Answer::Effect::created));
}

}  // namespace milepost::sheets
