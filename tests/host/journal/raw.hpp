// Another program's look at the file: plain SQLite, with none of the store's settings.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>

namespace milepost::journal {

class Raw {
 public:
  explicit Raw(const std::string& path) {
    sqlite3_open(path.c_str(), &connection_);
    execute("PRAGMA recursive_triggers = OFF");
  }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  ~Raw() { sqlite3_close(connection_); }

  /// "" or the error.
  std::string execute(const std::string& sql) {
    char* message = nullptr;
    sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, &message);
    const std::string error = message == nullptr ? "" : message;
    sqlite3_free(message);
    return error;
  }
  /// A column of the first row.
  std::string text(const std::string& sql, int column = 0) {
    std::string value;
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(connection_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, column) != nullptr)
      value = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
    sqlite3_finalize(statement);
    return value;
  }
  std::int64_t number(const std::string& sql) {
    const std::string value = text(sql);
    return value.empty() ? -1 : std::stoll(value);
  }

 private:
  sqlite3* connection_ = nullptr;
};

}  // namespace milepost::journal
