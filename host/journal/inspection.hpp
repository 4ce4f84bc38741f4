// A look at the store's file that changes nothing, also while a host runs on it.
#pragma once

#include <cstdint>
#include <string>

#include "milepost/error.hpp"

namespace milepost::journal {

struct Inspection {
  int version = 0;             ///< of the file's schema; what this build reads is newest_schema()
  std::uint64_t bytes = 0;     ///< file and WAL
  bool checked = false;        ///< its pages were looked through
  std::string damage = {};     ///< the first that was found; "" for none
  std::int64_t newest_us = 0;  ///< when the newest event was accepted, UTC microseconds; 0: none yet
};

/// Looks through the pages (PRAGMA quick_check) of files up to `most_checked` bytes: a reader that takes long would keep a
/// running host's WAL from shrinking. `permanent`: it cannot be read, is no store, or is of another schema.
Result<Inspection> inspect(const std::string& path, std::uint64_t most_checked);

}  // namespace milepost::journal
