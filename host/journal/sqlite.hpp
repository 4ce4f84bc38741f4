// A thin C++ face of SQLite for this folder alone: connections with cached statements; errors are thrown as StoreError.
// A connection and its queries belong to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>

#include "host/journal/store_error.hpp"
#include "host/telemetry/clock.hpp"
#include "host/telemetry/ids.hpp"

struct sqlite3;
struct sqlite3_file;
struct sqlite3_stmt;

namespace milepost::journal::sqlite {

/// Bytes that are no text.
struct Blob {
  std::string_view bytes;
};
inline Blob blob(const telemetry::Sha256& digest) {
  return {{reinterpret_cast<const char*>(digest.data()), digest.size()}};
}

class Connection;

/// One run of a cached statement: bound when made, reset when it goes. The same SQL never runs twice at once on a
/// connection.
class Query {
 public:
  Query(Connection& connection, sqlite3_stmt* statement) : connection_(connection), statement_(statement) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  bool next();  ///< to the next row; false after the last

  /// Columns count from 0. Views hold until next().
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;  ///< also a blob's bytes
  bool null(int column) const;
  std::optional<std::int64_t> maybe_integer(int column) const;
  telemetry::Time time(int column) const { return telemetry::from_micros(integer(column)); }
  std::optional<telemetry::Time> maybe_time(int column) const;
  telemetry::Sha256 digest(int column) const;

  /// `copy`: SQLite keeps its own copy; otherwise the value outlives the query.
  template <class T>
  void bind(int place, const T& value, bool copy) {
    if constexpr (std::is_same_v<T, Blob>) {
      bind_bytes(place, value.bytes, false, copy);
    } else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>) {
      bind_integer(place, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_same_v<T, telemetry::Time>) {
      bind_integer(place, telemetry::to_micros(value));
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      bind_bytes(place, value, true, copy);
    } else {  // std::optional
      if (value) bind(place, *value, copy);
      // A reset statement keeps its bindings, so null is written too.
      else
        bind_null(place);
    }
  }

 private:
  void bind_integer(int place, std::int64_t value);
  void bind_bytes(int place, std::string_view bytes, bool text, bool copy);
  void bind_null(int place);

  Connection& connection_;
  sqlite3_stmt* statement_;
};

class Connection {
 public:
  enum class Mode { write, read };
  Connection(const std::string& path, Mode mode);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// A statement with its `?` bound in order; step it with next().
  template <class... Values>
  Query query(std::string_view sql, const Values&... values) {
    return Query(*this, bound(sql, true, values...));
  }
  /// Runs a statement that gives no rows.
  template <class... Values>
  void run(std::string_view sql, const Values&... values) {
    Query query(*this, bound(sql, false, values...));
    query.next();
  }
  /// Runs a script of several statements.
  void execute(const char* script);
  /// A function of SQL on this connection, from a text to an integer.
  void define(const char* name, std::int64_t (*function)(std::string_view));
  /// The single integer of a query such as "PRAGMA user_version".
  std::int64_t number(std::string_view sql);

  int changes() const;                 ///< rows that the last statement touched
  void rollback() noexcept;            ///< when a transaction is open
  /// COMMIT, of which only sync() says that it is on disk. Until then readers see it all the same, and it outlives a crash
  /// of this process, but not of the machine.
  void commit_unsynced();
  /// All that was committed is on disk. [any, beside this connection's thread; not beside its end]
  void sync();
  /// After a sync of this WAL that failed, on whichever connection: what this one wrote and has not synced is written once more, and
  /// the WAL may be synced again, which is up to the caller. Not beside sync().
  void write_again();
  /// Copies what it can from the WAL into the file without making anyone wait. Returns the frames still to be copied.
  int checkpoint();
  /// What was copied into the file is on disk. SQLite itself sees to it only where a checkpoint reaches the WAL's end.
  void sync_file();
  /// After a sync of the file that failed: the system may have dropped what was copied, so the next checkpoint copies all that the WAL
  /// has. Not beside a checkpoint.
  void copy_again();
  /// The same to the last frame, waiting for readers, and empties the WAL.
  void checkpoint_and_truncate();
  /// The file ends before its own header says so.
  bool cut_short();
  int wal_pages() const { return wal_pages_; }  ///< as of this connection's last commit

  /// What a statement of this connection failed with since clear_failure(): a caller that swallowed the exception must
  /// not end in a commit.
  const std::optional<StoreError>& failure() const { return failure_; }
  void clear_failure() { failure_.reset(); }
  [[noreturn]] void fail(int code);

 private:
  sqlite3_file* main_file();  ///< nullptr: it is not open
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
  struct Known {
    std::string_view sql;  ///< of the key of statements_
    sqlite3_stmt* statement = nullptr;
  };

  sqlite3_stmt* prepared(std::string_view sql);
  template <class... Values>
  sqlite3_stmt* bound(std::string_view sql, [[maybe_unused]] bool copy, const Values&... values) {
    sqlite3_stmt* statement = prepared(sql);
    Query query(*this, statement);  // resets when a value cannot be bound
    int place = 0;
    (query.bind(++place, values, copy), ...);
    return statement;
  }

  std::unique_ptr<sqlite3, Close> connection_;  // closed after its statements
  std::unordered_map<std::string, Statement, Hash, std::equal_to<>> statements_;
  std::unordered_map<const char*, Known> by_address_;  ///< a literal is found without hashing its text
  std::optional<StoreError> failure_;
  int wal_pages_ = 0;
  sqlite3_file* wal_ = nullptr;  ///< known from the first commit_unsynced() on
};

}  // namespace milepost::journal::sqlite
