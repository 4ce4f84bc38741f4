#include "host/journal/gathering_vfs.hpp"

#include <sqlite3.h>

#include <atomic>
#include <exception>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace milepost::journal::sqlite {

namespace {

constexpr std::size_t kMost = 127 << 10;  // as many bytes are gathered at most; of 128 KiB SQLite's own VFS would write none
constexpr std::size_t kMostUnsynced = 8 << 20;  // what is kept until it is synced; a commit beyond it waits for its sync
constexpr std::size_t kMostSpare = 16;

/// Of one WAL, whichever connections have it open.
struct Disk {
  std::mutex syncing;  ///< one at a time
  /// A sync did not come through: the next one would pass over what the system has dropped, and call it well.
  std::atomic<bool> failed = false;

  static std::shared_ptr<Disk> of(const std::string& wal) {
    static std::mutex mutex;
    static std::map<std::string, std::weak_ptr<Disk>> disks;
    const std::lock_guard lock(mutex);
    auto& known = disks[wal];
    auto disk = known.lock();
    if (!disk) known = disk = std::make_shared<Disk>();
    return disk;
  }
};

/// What is on its way to the file through one connection.
struct Pages {
  explicit Pages(std::shared_ptr<Disk> its) : disk(std::move(its)) { gathered.reserve(kMost); }

  // The connection's thread alone:
  std::vector<char> gathered;  ///< to be written at `at`; has room for kMost
  sqlite3_int64 at = 0;
  bool later = false;  ///< the sync that ends a commit is put off
  bool stray = false;  ///< something was written that is not kept: it cannot be put off

  const std::shared_ptr<Disk> disk;

  struct Written {
    sqlite3_int64 at;
    std::vector<char> bytes;
  };
  std::mutex mutex;  ///< guards what follows
  std::vector<Written> unsynced;
  std::size_t bytes = 0;  ///< of those
  std::vector<std::vector<char>> spare;

  void keep() {
    const std::lock_guard lock(mutex);
    std::vector<char> next;
    if (spare.empty()) {
      next.reserve(kMost);
    } else {
      next = std::move(spare.back());
      spare.pop_back();
    }
    unsynced.reserve(unsynced.size() + 1);
    bytes += gathered.size();
    unsynced.push_back({at, std::exchange(gathered, std::move(next))});
  }
  std::vector<Written> take() {
    const std::lock_guard lock(mutex);
    bytes = 0;
    return std::exchange(unsynced, {});
  }
  /// Without memory for it the process ends: what is on disk then is all that counts.
  void put_back(std::vector<Written>&& taken) noexcept {
    const std::lock_guard lock(mutex);
    for (const auto& each : taken) bytes += each.bytes.size();
    taken.insert(taken.end(), std::make_move_iterator(unsynced.begin()), std::make_move_iterator(unsynced.end()));
    unsynced = std::move(taken);
  }
  void reuse(std::vector<Written>&& taken) noexcept {
    const std::lock_guard lock(mutex);
    for (auto& each : taken) {
      if (spare.size() == kMostSpare) return;
      each.bytes.clear();
      spare.push_back(std::move(each.bytes));
    }
  }
  bool full() {
    const std::lock_guard lock(mutex);
    return bytes > kMostUnsynced;
  }
};

/// A WAL. The system's own file lies behind it, in the memory that SQLite has given.
struct Wal {
  sqlite3_file base;
  Pages* pages;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

struct Vfs {
  sqlite3_vfs base;
  sqlite3_vfs* real;
};

Wal& wal(sqlite3_file* file) { return *reinterpret_cast<Wal*>(file); }
sqlite3_vfs* real(sqlite3_vfs* vfs) { return reinterpret_cast<Vfs*>(vfs)->real; }

/// What could not be written is forgotten: SQLite takes the failure for the commit's, and writes there again.
int flush(Wal& file) {
  Pages& pages = *file.pages;
  if (pages.gathered.empty()) return SQLITE_OK;
  const int code = file.real()->pMethods->xWrite(file.real(), pages.gathered.data(), static_cast<int>(pages.gathered.size()), pages.at);
  if (code == SQLITE_OK && pages.later) {
    try {
      pages.keep();
      return code;
    } catch (const std::bad_alloc&) {
    }
  }
  pages.stray = true;
  pages.gathered.clear();
  return code;
}

int write(sqlite3_file* base, const void* bytes, int size, sqlite3_int64 offset) {
  Wal& file = wal(base);
  Pages& pages = *file.pages;
  const auto room = static_cast<std::size_t>(size);
  const bool follows = offset == pages.at + static_cast<sqlite3_int64>(pages.gathered.size());
  if (!pages.gathered.empty() && (!follows || pages.gathered.size() + room > kMost))
    if (const int code = flush(file); code != SQLITE_OK) return code;
  if (room > kMost) {
    pages.stray = true;
    return file.real()->pMethods->xWrite(file.real(), bytes, size, offset);
  }
  if (pages.gathered.empty()) pages.at = offset;
  const auto* first = static_cast<const char*>(bytes);
  pages.gathered.insert(pages.gathered.end(), first, first + room);
  return SQLITE_OK;
}

int sync_now(Wal& file, int flags) {
  Pages& pages = *file.pages;
  const std::lock_guard syncing(pages.disk->syncing);
  if (pages.disk->failed) return SQLITE_IOERR_FSYNC;
  auto taken = pages.take();
  const int code = file.real()->pMethods->xSync(file.real(), flags);
  if (code == SQLITE_OK) {
    pages.reuse(std::move(taken));
  } else {
    pages.disk->failed = true;
    pages.put_back(std::move(taken));
  }
  return code;
}

/// The WAL's header is synced before the frames that follow it, or an old frame could be taken for a new one.
int sync_or_later(sqlite3_file* base, int flags) {
  Wal& file = wal(base);
  Pages& pages = *file.pages;
  const bool header = !pages.gathered.empty() && pages.at == 0;
  if (const int code = flush(file); code != SQLITE_OK) return code;
  if (pages.later && !pages.stray && !header && !pages.full()) return pages.disk->failed ? SQLITE_IOERR_FSYNC : SQLITE_OK;
  const int code = sync_now(file, flags);
  if (code == SQLITE_OK) pages.stray = false;
  return code;
}

/// Whatever else is asked of the file sees what was written.
template <auto Method, class... Arguments>
int after_flush(sqlite3_file* base, Arguments... arguments) {
  Wal& file = wal(base);
  if (const int code = flush(file); code != SQLITE_OK) return code;
  return (file.real()->pMethods->*Method)(file.real(), arguments...);
}

template <auto Method, class... Arguments>
int forward(sqlite3_file* base, Arguments... arguments) {
  sqlite3_file* file = wal(base).real();
  return (file->pMethods->*Method)(file, arguments...);
}

/// What is gathered now is of no commit: that would have been synced.
int close(sqlite3_file* base) {
  Wal& file = wal(base);
  delete file.pages;
  return file.real()->pMethods->xClose(file.real());
}

using Methods = sqlite3_io_methods;
// Version 1: SQLite maps and shares the main file, never its WAL.
const Methods kWal = {1,
                      close,
                      after_flush<&Methods::xRead>,
                      write,
                      after_flush<&Methods::xTruncate>,
                      sync_or_later,
                      after_flush<&Methods::xFileSize>,
                      forward<&Methods::xLock>,
                      forward<&Methods::xUnlock>,
                      forward<&Methods::xCheckReservedLock>,
                      after_flush<&Methods::xFileControl>,
                      forward<&Methods::xSectorSize>,
                      forward<&Methods::xDeviceCharacteristics>,
                      nullptr,
                      nullptr,
                      nullptr,
                      nullptr,
                      nullptr,
                      nullptr};

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* base, int flags, int* got) {
  if ((flags & SQLITE_OPEN_WAL) == 0) return real(vfs)->xOpen(real(vfs), name, base, flags, got);
  Wal& file = wal(base);
  file.base.pMethods = nullptr;
  file.real()->pMethods = nullptr;
  std::unique_ptr<Pages> pages;
  try {
    pages = std::make_unique<Pages>(Disk::of(name == nullptr ? "" : name));
  } catch (const std::exception&) {
    return SQLITE_NOMEM;
  }
  const int code = real(vfs)->xOpen(real(vfs), name, file.real(), flags, got);
  if (file.real()->pMethods == nullptr) return code;
  file.pages = pages.release();
  file.base.pMethods = &kWal;  // SQLite closes it, also after a failure
  return code;
}

template <auto Method, class... Arguments>
auto pass_on(sqlite3_vfs* vfs, Arguments... arguments) {
  return (real(vfs)->*Method)(real(vfs), arguments...);
}

}  // namespace

const char* gathering_vfs() {
  static const char* const name = [] {
    static Vfs vfs{};
    vfs.real = sqlite3_vfs_find(nullptr);
    vfs.base = *vfs.real;
    vfs.base.pNext = nullptr;
    vfs.base.zName = "milepost";
    vfs.base.szOsFile = static_cast<int>(sizeof(Wal)) + vfs.real->szOsFile;
    vfs.base.xOpen = open;
    vfs.base.xDelete = pass_on<&sqlite3_vfs::xDelete>;
    vfs.base.xAccess = pass_on<&sqlite3_vfs::xAccess>;
    vfs.base.xFullPathname = pass_on<&sqlite3_vfs::xFullPathname>;
    vfs.base.xDlOpen = pass_on<&sqlite3_vfs::xDlOpen>;
    vfs.base.xDlError = pass_on<&sqlite3_vfs::xDlError>;
    vfs.base.xDlSym = nullptr;  // no extension is loaded through it
    vfs.base.xDlClose = pass_on<&sqlite3_vfs::xDlClose>;
    vfs.base.xRandomness = pass_on<&sqlite3_vfs::xRandomness>;
    vfs.base.xSleep = pass_on<&sqlite3_vfs::xSleep>;
    vfs.base.xCurrentTime = pass_on<&sqlite3_vfs::xCurrentTime>;
    vfs.base.xCurrentTimeInt64 = pass_on<&sqlite3_vfs::xCurrentTimeInt64>;
    vfs.base.xGetLastError = pass_on<&sqlite3_vfs::xGetLastError>;
    sqlite3_vfs_register(&vfs.base, 0);
    return vfs.base.zName;
  }();
  return name;
}

bool is_wal(const sqlite3_file* file) { return file != nullptr && file->pMethods == &kWal; }

void sync_later(sqlite3_file* file, bool later) { wal(file).pages->later = later; }

int sync(sqlite3_file* file) { return sync_now(wal(file), SQLITE_SYNC_NORMAL); }

int write_again(sqlite3_file* file) {
  Wal& its = wal(file);
  const std::lock_guard syncing(its.pages->disk->syncing);
  auto unsynced = its.pages->take();
  int code = SQLITE_OK;
  for (const auto& [at, bytes] : unsynced)
    if (code == SQLITE_OK) code = its.real()->pMethods->xWrite(its.real(), bytes.data(), static_cast<int>(bytes.size()), at);
  its.pages->put_back(std::move(unsynced));
  return code;
}

void sync_anew(const char* wal) { Disk::of(wal)->failed = false; }

}  // namespace milepost::journal::sqlite
