#include "tests/host/journal/faulty_disk.hpp"

#include <sqlite3.h>

#include <chrono>
#include <cstring>
#include <mutex>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace milepost::journal {

namespace {

FaultyDisk disk;

/// What was written to a WAL since it was synced last, by whichever connection.
std::mutex unsynced_mutex;
std::vector<std::pair<sqlite3_int64, int>> unsynced;

struct File {
  sqlite3_file base;
  bool wal;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

sqlite3_vfs* real_vfs() {
  static sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);  // first called before ours is the default
  return vfs;
}

template <auto Method, class... Arguments>
int forward(sqlite3_file* file, Arguments... arguments) {
  sqlite3_file* real = reinterpret_cast<File*>(file)->real();
  return (real->pMethods->*Method)(real, arguments...);
}

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  using Fault = FaultyDisk::Fault;
  if (disk.fault == Fault::full || (disk.fault == Fault::file_full && !reinterpret_cast<File*>(file)->wal)) {
    ++disk.refused;
    return SQLITE_FULL;
  }
  if (disk.fault == Fault::write) return SQLITE_IOERR_WRITE;
  if (reinterpret_cast<File*>(file)->wal) {
    ++disk.wal_writes;
    const std::lock_guard lock(unsynced_mutex);
    unsynced.emplace_back(offset, size);
  }
  return forward<&sqlite3_io_methods::xWrite>(file, bytes, size, offset);
}

int sync(sqlite3_file* file, int flags) {
  using Fault = FaultyDisk::Fault;
  if (reinterpret_cast<File*>(file)->wal) {
    ++disk.wal_syncs;
    while (disk.slow) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const std::lock_guard lock(unsynced_mutex);
    const auto lost = std::exchange(unsynced, {});
    if (disk.fault == Fault::drop)
      for (const auto& [offset, size] : lost)
        forward<&sqlite3_io_methods::xWrite>(file, static_cast<const void*>(std::string(static_cast<std::size_t>(size), '\0').data()), size, offset);
  }
  if (disk.fault == Fault::sync || disk.fault == Fault::drop) return SQLITE_IOERR_FSYNC;
  return forward<&sqlite3_io_methods::xSync>(file, flags);
}

void barrier(sqlite3_file* file) {
  sqlite3_file* real = reinterpret_cast<File*>(file)->real();
  real->pMethods->xShmBarrier(real);
}

const sqlite3_io_methods kMethods = {
    3,
    forward<&sqlite3_io_methods::xClose>,
    forward<&sqlite3_io_methods::xRead>,
    write,
    forward<&sqlite3_io_methods::xTruncate>,
    sync,
    forward<&sqlite3_io_methods::xFileSize>,
    forward<&sqlite3_io_methods::xLock>,
    forward<&sqlite3_io_methods::xUnlock>,
    forward<&sqlite3_io_methods::xCheckReservedLock>,
    forward<&sqlite3_io_methods::xFileControl>,
    forward<&sqlite3_io_methods::xSectorSize>,
    forward<&sqlite3_io_methods::xDeviceCharacteristics>,
    forward<&sqlite3_io_methods::xShmMap>,
    forward<&sqlite3_io_methods::xShmLock>,
    barrier,
    forward<&sqlite3_io_methods::xShmUnmap>,
    forward<&sqlite3_io_methods::xFetch>,
    forward<&sqlite3_io_methods::xUnfetch>,
};

int open(sqlite3_vfs*, const char* name, sqlite3_file* base, int flags, int* out_flags) {
  auto* file = new (base) File{};
  file->wal = name != nullptr && std::string_view(name).ends_with("-wal");
  const int code = real_vfs()->xOpen(real_vfs(), name, file->real(), flags, out_flags);
  file->base.pMethods = file->real()->pMethods == nullptr ? nullptr : &kMethods;
  return code;
}

}  // namespace

FaultyDisk& FaultyDisk::install() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs made = *real_vfs();
    made.szOsFile += static_cast<int>(sizeof(File));
    made.zName = "faulty-disk";
    made.xOpen = open;
    made.pNext = nullptr;
    return made;
  }();
  sqlite3_vfs_register(&vfs, 1);
  disk.fault = Fault::none;
  disk.slow = false;
  disk.wal_syncs = disk.wal_writes = disk.refused = 0;
  return disk;
}

namespace {
// Before any test opens a store: what stands before the default VFS does so from the first store on.
[[maybe_unused]] const FaultyDisk& kInstalled = FaultyDisk::install();
}  // namespace

}  // namespace milepost::journal
