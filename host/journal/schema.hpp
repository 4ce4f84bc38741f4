// The file: its tables, how an older one is brought forward, and which files are refused.
#pragma once

#include <memory>
#include <string>

#include "host/journal/sqlite.hpp"
#include "milepost/error.hpp"

namespace milepost::journal {

/// What this build reads and writes (PRAGMA user_version).
int newest_schema();

/// Opens the store for writing: makes folder (0700) and file (0600) when missing, and brings an older schema forward in
/// one transaction. Refuses (`permanent`, with the remedy) a newer schema, another program's file and a damaged one.
Result<std::unique_ptr<sqlite::Connection>> open_for_writing(const std::string& path);
/// Opens it for reading only; refuses the same, and an older schema too. Throws nothing.
Result<std::unique_ptr<sqlite::Connection>> open_for_reading(const std::string& path);

/// Another connection to a store that one of the above has accepted. Throws StoreError.
std::unique_ptr<sqlite::Connection> connect(const std::string& path, sqlite::Connection::Mode mode);

}  // namespace milepost::journal
