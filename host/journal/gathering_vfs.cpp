#include "host/journal/gathering_vfs.hpp"

#include <sqlite3.h>

#include <exception>
#include <memory>
#include <vector>

namespace milepost::journal::sqlite {

namespace {

constexpr std::size_t kMost = 127 << 10;  // as many bytes wait at most; of 128 KiB SQLite's own VFS would write none

/// A WAL. The system's own file lies behind it, in the memory that SQLite has given.
struct Wal {
  sqlite3_file base;
  std::vector<char>* waiting;  ///< what is to be written at `at`; has room for kMost
  sqlite3_int64 at;
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
  if (file.waiting->empty()) return SQLITE_OK;
  const int code = file.real()->pMethods->xWrite(file.real(), file.waiting->data(), static_cast<int>(file.waiting->size()), file.at);
  file.waiting->clear();
  return code;
}

int write(sqlite3_file* base, const void* bytes, int size, sqlite3_int64 offset) {
  Wal& file = wal(base);
  const auto room = static_cast<std::size_t>(size);
  const bool follows = offset == file.at + static_cast<sqlite3_int64>(file.waiting->size());
  if (!file.waiting->empty() && (!follows || file.waiting->size() + room > kMost))
    if (const int code = flush(file); code != SQLITE_OK) return code;
  if (room > kMost) return file.real()->pMethods->xWrite(file.real(), bytes, size, offset);
  if (file.waiting->empty()) file.at = offset;
  const auto* first = static_cast<const char*>(bytes);
  file.waiting->insert(file.waiting->end(), first, first + room);
  return SQLITE_OK;
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

int close(sqlite3_file* base) {
  Wal& file = wal(base);
  flush(file);
  delete file.waiting;
  return file.real()->pMethods->xClose(file.real());
}

using Methods = sqlite3_io_methods;
// Version 1: SQLite maps and shares the main file, never its WAL.
const Methods kWal = {1,
                      close,
                      after_flush<&Methods::xRead>,
                      write,
                      after_flush<&Methods::xTruncate>,
                      after_flush<&Methods::xSync>,
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
  auto waiting = std::make_unique<std::vector<char>>();
  try {
    waiting->reserve(kMost);
  } catch (const std::exception&) {
    return SQLITE_NOMEM;
  }
  const int code = real(vfs)->xOpen(real(vfs), name, file.real(), flags, got);
  if (file.real()->pMethods == nullptr) return code;
  file.waiting = waiting.release();
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

}  // namespace milepost::journal::sqlite
