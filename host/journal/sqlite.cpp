#include "host/journal/sqlite.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "host/journal/gathering_vfs.hpp"

namespace milepost::journal::sqlite {

namespace {

constexpr std::size_t kMostAddresses = 512;
constexpr std::chrono::milliseconds kBusyFor{2000}, kLookAgain{10};  // another one has a lock

StoreError to_error(int code, int system_errno, const std::string& message) {
  using Cause = StoreError::Cause;
  const auto later = [](Cause cause, std::string text) {
    return StoreError(cause, Error{ErrorKind::retryable, std::move(text), "store"});
  };
  const int primary = code & 0xff;
  // A quota and a limit on a file's size reach SQLite as plain I/O errors.
  const bool no_room = system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG;
  if (primary == SQLITE_FULL) return later(Cause::full, "the disk is full");
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC)
    return later(Cause::disk, no_room ? "fsync failed: the disk is full" : "fsync failed");
  if (primary == SQLITE_IOERR) return later(Cause::disk, no_room ? "the disk is full" : "the disk fails: " + message);
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
    return later(Cause::damaged, "the store is damaged: restore it from a copy");
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) return later(Cause::busy, "another program holds the store");
  if (primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY || primary == SQLITE_PERM || primary == SQLITE_NOMEM)
    return later(Cause::disk, "the store cannot be written: " + message);
  if (primary == SQLITE_TOOBIG)
    return StoreError(Cause::defect, Error{ErrorKind::permanent, "larger than the store takes", "store"});
  return StoreError(Cause::defect, Error{ErrorKind::internal, message, "store"});
}

}  // namespace

void Connection::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
void Connection::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Connection::Connection(const std::string& path, Mode mode) {
  // Counting its memory would take a lock for each of SQLite's allocations. Too late where something else in the process
  // has used it: then it counts.
  [[maybe_unused]] static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3* connection = nullptr;
  // Each connection stays with one thread at a time: SQLite needs no lock of its own.
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == Mode::write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
  const int code = sqlite3_open_v2(path.c_str(), &connection, flags, mode == Mode::write ? gathering_vfs() : nullptr);
  connection_.reset(connection);
  if (code != SQLITE_OK) fail(code);
  // Rows of a few kilobytes are made in memory that the connection keeps for it.
  if (mode == Mode::write) sqlite3_db_config(connection, SQLITE_DBCONFIG_LOOKASIDE, nullptr, 4096, 128);
  sqlite3_busy_timeout(connection, static_cast<int>(kBusyFor.count()));
  // A file that came from elsewhere must not run functions through its schema.
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  if (mode == Mode::read) return;
  // The schema's triggers are for other programs. What they look after this connection's callers do by themselves, and cheaper.
  sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  // Commits only note the WAL's length; checkpointer.hpp says who copies it, and when.
  sqlite3_wal_hook(
      connection,
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Connection*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
      },
      this);
}

Connection::~Connection() = default;

Query::~Query() { sqlite3_reset(statement_); }

bool Query::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) connection_.fail(code);
  return false;
}

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Query::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::string_view() : std::string_view(bytes, size);
}

bool Query::null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::optional<std::int64_t> Query::maybe_integer(int column) const {
  return null(column) ? std::nullopt : std::optional(integer(column));
}

std::optional<telemetry::Time> Query::maybe_time(int column) const {
  return null(column) ? std::nullopt : std::optional(time(column));
}

telemetry::Sha256 Query::digest(int column) const {
  telemetry::Sha256 digest{};
  const std::string_view bytes = text(column);
  std::memcpy(digest.data(), bytes.data(), std::min(bytes.size(), digest.size()));
  return digest;
}

void Query::bind_integer(int place, std::int64_t value) {
  if (const int code = sqlite3_bind_int64(statement_, place, value); code != SQLITE_OK) connection_.fail(code);
}

void Query::bind_bytes(int place, std::string_view bytes, bool text, bool copy) {
  const char* data = bytes.data() == nullptr ? "" : bytes.data();  // a null pointer would bind NULL
  const auto lifetime = copy ? SQLITE_TRANSIENT : SQLITE_STATIC;
  const int code = text ? sqlite3_bind_text64(statement_, place, data, bytes.size(), lifetime, SQLITE_UTF8)
                        : sqlite3_bind_blob64(statement_, place, data, bytes.size(), lifetime);
  if (code != SQLITE_OK) connection_.fail(code);
}

void Query::bind_null(int place) {
  if (const int code = sqlite3_bind_null(statement_, place); code != SQLITE_OK) connection_.fail(code);
}

sqlite3_stmt* Connection::prepared(std::string_view sql) {
  if (by_address_.size() > kMostAddresses) by_address_.clear();  // SQL that is put together has ever new ones
  Known& literal = by_address_[sql.data()];
  if (literal.sql == sql && literal.statement != nullptr) return literal.statement;
  if (const auto known = statements_.find(sql); known != statements_.end()) {
    literal = {known->first, known->second.get()};
    return literal.statement;
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) fail(code);
  statements_.emplace(std::string(sql), statement);
  return statement;
}

void Connection::execute(const char* script) {
  const int code = sqlite3_exec(connection_.get(), script, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

void Connection::define(const char* name, std::int64_t (*function)(std::string_view)) {
  using Function = std::int64_t (*)(std::string_view);
  const auto call = [](sqlite3_context* context, int, sqlite3_value** values) {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_value_text(values[0]));
    const auto size = static_cast<std::size_t>(sqlite3_value_bytes(values[0]));
    sqlite3_result_int64(context, (*static_cast<Function*>(sqlite3_user_data(context)))({bytes, size}));
  };
  const int code = sqlite3_create_function_v2(connection_.get(), name, 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, new Function(function), call,
                                              nullptr, nullptr, [](void* copy) { delete static_cast<Function*>(copy); });
  if (code != SQLITE_OK) fail(code);
}

std::int64_t Connection::number(std::string_view sql) {
  auto row = query(sql);
  return row.next() ? row.integer(0) : 0;
}

int Connection::changes() const { return sqlite3_changes(connection_.get()); }

void Connection::rollback() noexcept {
  if (sqlite3_get_autocommit(connection_.get()) == 0)
    sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Connection::commit_unsynced() {
  if (wal_ == nullptr) sqlite3_file_control(connection_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal_);
  if (!is_wal(wal_)) {
    wal_ = nullptr;
    return run("COMMIT");
  }
  struct Later {
    explicit Later(sqlite3_file* file) : wal(file) { sync_later(wal, true); }
    ~Later() { sync_later(wal, false); }
    sqlite3_file* wal;
  } const later(wal_);
  run("COMMIT");
}

void Connection::sync() {
  if (wal_ == nullptr) return;
  errno = 0;
  if (const int code = sqlite::sync(wal_); code != SQLITE_OK) throw to_error(code, errno, "a sync failed");
}

void Connection::write_again() {
  errno = 0;
  if (wal_ != nullptr)
    if (const int code = sqlite::write_again(wal_); code != SQLITE_OK) throw to_error(code, errno, "a write failed");
  sync_anew(sqlite3_filename_wal(sqlite3_db_filename(connection_.get(), "main")));
}

int Connection::checkpoint() {
  int total = 0, copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &total, &copied);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) fail(code);  // busy: another one is at it
  return total - copied;
}

void Connection::sync_file() {
  errno = 0;
  sqlite3_file* const file = main_file();
  if (file == nullptr) return;
  if (const int code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL); code != SQLITE_OK) throw to_error(code, errno, "a sync failed");
}

void Connection::copy_again() {
  // SQLite has no call for it. Its index of the WAL says at byte 96 how many frames were copied (sqlite.org/walformat.html, "The WAL-Index
  // File Format"); whoever has its second lock may set it back.
  constexpr int kRegion = 32 * 1024, kCheckpointLock = 1, kCopiedAt = 96;
  sqlite3_file* const file = main_file();
  if (file == nullptr || file->pMethods->iVersion < 2) return;
  const auto lock = [file](int how) { return file->pMethods->xShmLock(file, kCheckpointLock, 1, how | SQLITE_SHM_EXCLUSIVE); };
  volatile void* index = nullptr;
  if (const int code = file->pMethods->xShmMap(file, 0, kRegion, 0, &index); code != SQLITE_OK) fail(code);
  if (index == nullptr) return;  // nothing was written yet
  int code = lock(SQLITE_SHM_LOCK);
  for (auto left = kBusyFor; code == SQLITE_BUSY && left > kLookAgain; left -= kLookAgain) {
    std::this_thread::sleep_for(kLookAgain);
    code = lock(SQLITE_SHM_LOCK);
  }
  if (code != SQLITE_OK) fail(code);
  const std::uint32_t none = 0;
  std::memcpy(const_cast<char*>(static_cast<volatile char*>(index)) + kCopiedAt, &none, sizeof none);
  file->pMethods->xShmBarrier(file);
  lock(SQLITE_SHM_UNLOCK);
}

void Connection::checkpoint_and_truncate() {
  const int code = sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

/// SQLite's own descriptor: closing another one of the same file would drop the process's locks on it.
sqlite3_file* Connection::main_file() {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(connection_.get(), "main", SQLITE_FCNTL_FILE_POINTER, &file);
  return file == nullptr || file->pMethods == nullptr ? nullptr : file;
}

bool Connection::cut_short() {
  sqlite3_file* const file = main_file();
  std::array<unsigned char, 32> header{};
  sqlite3_int64 size = 0;
  if (file == nullptr || file->pMethods->xFileSize(file, &size) != SQLITE_OK ||
      file->pMethods->xRead(file, header.data(), static_cast<int>(header.size()), 0) != SQLITE_OK)
    return false;
  const auto number = [&](std::size_t at, std::size_t bytes) {
    sqlite3_int64 value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | header[at + i];
    return value;
  };
  const sqlite3_int64 page = number(16, 2) == 1 ? 65536 : number(16, 2);
  return size < page * number(28, 4);
}

void Connection::fail(int code) {
  if (!connection_) throw StoreError(StoreError::Cause::disk, Error{ErrorKind::retryable, "out of memory", "store"});
  failure_ = to_error(code, sqlite3_system_errno(connection_.get()), sqlite3_errmsg(connection_.get()));
  throw *failure_;
}

}  // namespace milepost::journal::sqlite
