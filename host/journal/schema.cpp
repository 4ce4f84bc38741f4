#include "host/journal/schema.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "host/journal/known_ids.hpp"
#include "host/journal/migrations.hpp"

namespace milepost::journal {

using sqlite::Connection;

namespace {

constexpr std::int64_t kApplicationId = 0x4D6C7073;  // "Mlps": what `file` and we know the file by

constexpr const char* kSettings =
    "PRAGMA journal_mode = WAL;"
    "PRAGMA synchronous = FULL;"
    "PRAGMA recursive_triggers = ON;"
    "PRAGMA foreign_keys = OFF;"
    // Overwrites what is erased where that costs no further page; Debian's default would rewrite every freed page.
    "PRAGMA secure_delete = FAST;"
    // Keeps the WAL's room on disk for the next round: overwriting is quicker than growing.
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA cache_size = -16384;"
    "PRAGMA temp_store = MEMORY;";
// A page holds a few payloads of the usual few kilobytes. A commit writes a dozen pages whatever it is for: of 16 KiB each,
// they cost a lone event an eighth more; of 4 KiB, many events pay for more calls.
constexpr const char* kLayout = "PRAGMA page_size = 8192;";

Status refuse(const std::string& path, const std::string& why) {
  return fail(ErrorKind::permanent, path + ": " + why, "store");
}

std::string system_error(int code) { return std::error_code(code, std::generic_category()).message(); }

/// mkdir and open obey the umask, so the modes are set once more.
Status make_file(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) {
    if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), error);
    if (::mkdir(folder.c_str(), 0700) == 0)
      ::chmod(folder.c_str(), 0700);
    else if (errno != EEXIST)
      return refuse(folder.string(), "the folder cannot be made: " + system_error(errno));
  }
  // SQLite gives the WAL and its index the modes of the file.
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0) {
    ::fchmod(file, 0600);
    ::close(file);
  } else if (errno != EEXIST) {
    return refuse(path, "the file cannot be made: " + system_error(errno));
  }
  return {};
}

/// The stored version; 0 for a new file.
Result<std::int64_t> check_origin(Connection& connection, const std::string& path) {
  const std::int64_t application = connection.number("PRAGMA application_id");
  const std::int64_t version = connection.number("PRAGMA user_version");
  const bool empty = connection.number("SELECT count(*) FROM sqlite_schema") == 0;
  if (application == 0 && version == 0 && empty) return 0;
  if (application != kApplicationId)
    return fail(refuse(path, "is another program's SQLite file: name another path under `store:`").error());
  if (version > newest_schema()) {
    return fail(refuse(path, "has store version " + std::to_string(version) + ", this milepost knows up to " +
                                 std::to_string(newest_schema()) +
                                 ": run the newer milepost, or restore the copy from before the upgrade")
                    .error());
  }
  // SQLite sees by itself that the file's end is missing, unless a WAL is there: a crash in the midst of a checkpoint
  // then leaves the same trace, and only a full look tells.
  if (connection.cut_short()) {
    auto row = connection.query("PRAGMA quick_check(1)");
    if (!row.next() || row.text(0) != "ok")
      return fail(refuse(path, "is damaged (its end is missing): restore it from a copy").error());
  }
  return version;
}

void migrate(Connection& connection, std::int64_t from) {
  connection.define("id_hash", &KnownIds::hash);
  connection.execute("PRAGMA secure_delete = ON");  // of a table that goes no copy stays, which nobody would erase later
  connection.execute("BEGIN IMMEDIATE");
  for (const Migration& step : kMigrations) {
    if (step.version <= from) continue;
    connection.execute(step.sql);
    connection.execute(("PRAGMA user_version = " + std::to_string(step.version)).c_str());
  }
  connection.execute(("PRAGMA application_id = " + std::to_string(kApplicationId)).c_str());
  connection.execute("COMMIT");
  connection.execute("PRAGMA secure_delete = FAST");
}

/// Looks at every table's ends, so that a damaged file is refused now and not at the first event.
void look_around(Connection& connection) {
  for (const char* table : {"events", "audit"})
    connection.number(std::string("SELECT max(sequence) FROM ") + table);
  for (const char* table :
       {"payloads", "identities", "effects", "once", "loans", "links", "cursors", "plugin_state", "definitions", "versions", "known_ids"})
    connection.number(std::string("SELECT count(*) FROM (SELECT 1 FROM ") + table + " NOT INDEXED LIMIT 1)");
}

Status explain(const StoreError& error, const std::string& path) {
  if (error.cause() == StoreError::Cause::damaged)
    return refuse(
        path, "is no milepost store, or a damaged one: restore it from a copy, or name another path under `store:`");
  if (error.cause() == StoreError::Cause::defect) return refuse(path, error.error().message);
  return fail(error.error().kind, path + ": " + error.error().message, "store");
}

}  // namespace

int newest_schema() { return std::rbegin(kMigrations)->version; }

std::unique_ptr<Connection> connect(const std::string& path, Connection::Mode mode) {
  auto connection = std::make_unique<Connection>(path, mode);
  connection->execute(mode == Connection::Mode::write ? kSettings : "PRAGMA cache_size = -2048;");
  return connection;
}

Result<std::unique_ptr<Connection>> open_for_writing(const std::string& path) {
  if (Status made = make_file(path); !made) return fail(made.error());
  try {
    auto connection = std::make_unique<Connection>(path, Connection::Mode::write);
    const auto version = check_origin(*connection, path);  // before anything is written to it
    if (!version) return fail(version.error());
    if (*version == 0) connection->execute(kLayout);
    connection->execute(kSettings);
    if (*version < newest_schema()) migrate(*connection, *version);
    look_around(*connection);
    return connection;
  } catch (const StoreError& error) {
    return fail(explain(error, path).error());
  }
}

Result<std::unique_ptr<Connection>> open_for_reading(const std::string& path) {
  if (!std::filesystem::exists(path)) return fail(refuse(path, "there is no such store").error());
  try {
    auto connection = connect(path, Connection::Mode::read);
    const auto version = check_origin(*connection, path);
    if (!version) return fail(version.error());
    if (*version < newest_schema()) {
      return fail(refuse(path, "has store version " + std::to_string(*version) + ", this milepost reads " +
                                   std::to_string(newest_schema()) + ": open it once with `milepost run`")
                      .error());
    }
    look_around(*connection);
    return connection;
  } catch (const StoreError& error) {
    return fail(explain(error, path).error());
  }
}

}  // namespace milepost::journal
