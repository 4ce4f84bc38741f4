// What a Store holds; shared by its two source files.
#pragma once

#include <optional>

#include "host/journal/commit_loop.hpp"
#include "host/journal/fresh.hpp"
#include "host/journal/known_ids.hpp"
#include "host/journal/readers.hpp"
#include "host/journal/store.hpp"

namespace milepost::journal {

struct Store::State {
  explicit State(const std::string& path) : readers(path) {}

  /// Open as long as the store is: while any connection is, SQLite keeps its index of the WAL, and with it the
  /// knowledge of where the last good commit ends. The last to close, it empties the WAL.
  std::unique_ptr<sqlite::Connection> anchor;
  mutable Readers readers;
  Fresh fresh;  ///< stays empty when read-only
  std::optional<KnownIds> known;   ///< none when read-only
  std::optional<CommitLoop> loop;  ///< none when read-only. Last: it ends first
};

}  // namespace milepost::journal
