#include "host/journal/inspection.hpp"

#include <filesystem>

#include "host/journal/schema.hpp"

namespace milepost::journal {

Result<Inspection> inspect(const std::string& path, std::uint64_t most_checked) {
  auto opened = open_for_reading(path);
  if (!opened) return fail(opened.error());
  try {
    sqlite::Connection& store = **opened;
    Inspection out;
    out.version = static_cast<int>(store.number("PRAGMA user_version"));
    std::error_code ignored;
    for (const auto& file : {path, path + "-wal"})
      if (const auto size = std::filesystem::file_size(file, ignored); !ignored) out.bytes += size;
    if (auto newest = store.query("SELECT accepted_at FROM events ORDER BY rowid DESC LIMIT 1"); newest.next()) out.newest_us = newest.maybe_integer(0).value_or(0);
    out.checked = out.bytes <= most_checked;
    if (!out.checked) return out;
    auto pages = store.query("PRAGMA quick_check(1)");
    if (pages.next() && pages.text(0) != "ok") out.damage = std::string(pages.text(0));
    return out;
  } catch (const StoreError& error) {
    return fail(ErrorKind::permanent, path + " cannot be read: " + error.what());
  }
}

}  // namespace milepost::journal
