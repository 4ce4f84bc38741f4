// A file as an earlier build left it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>

#include "host/journal/migrations.hpp"
#include "tests/host/journal/raw.hpp"

namespace milepost::journal {

/// An empty store of that version, in place of the one that is there.
inline void make_older_store(const std::string& path, int version) {
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
  Raw raw(path);
  ASSERT_EQ(raw.execute("PRAGMA application_id = 1298952307; PRAGMA user_version = " + std::to_string(version)), "");
  for (const auto& step : kMigrations) {
    if (step.version > version) break;
    std::string sql = step.sql;
    if (const auto at = sql.find("id_hash(id)"); at != sql.npos) sql.replace(at, 11, "0");  // the host's own function; there is no id
    ASSERT_EQ(raw.execute(sql), "") << step.version;
  }
}

}  // namespace milepost::journal
