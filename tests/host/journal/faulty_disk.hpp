// A disk that fails when told: SQLite's default VFS with a switch. Installed for the whole process before a store
// opens.
#pragma once

#include <atomic>

namespace milepost::journal {

struct FaultyDisk {
  enum class Fault { none, full, file_full, write, sync, drop };
  /// full: no write finds room. file_full: none but the WAL's. write: an I/O error. sync: fsync fails, after the data went to the kernel.
  /// drop: so too, and of the WAL the data is gone, as a kernel may have it after a failed fsync.
  std::atomic<Fault> fault = Fault::none;
  std::atomic<bool> slow = false;   ///< an fsync of a WAL lasts until this is unset
  std::atomic<int> wal_syncs = 0;   ///< fsyncs of a WAL
  std::atomic<int> wal_writes = 0;  ///< calls that write to it
  std::atomic<int> refused = 0;     ///< writes that found no room

  static FaultyDisk& install();
};

}  // namespace milepost::journal
