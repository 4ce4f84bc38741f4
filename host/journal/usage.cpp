// What the store takes up, and what waits in it: figures to decide by whether more may come in.
#include <sys/statvfs.h>

#include <algorithm>
#include <filesystem>

#include "host/journal/store_state.hpp"

namespace milepost::journal {

namespace {

constexpr Sequence kWindow = 50'000;
constexpr std::size_t kMostWaiting = 1000;

std::uint64_t size_of(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

}  // namespace

Store::Usage Store::usage() const {
  Usage usage;
  const std::string& path = state_->readers.path();
  usage.file = size_of(path);
  usage.wal = size_of(path + "-wal");
  struct statvfs disk {};
  if (::statvfs(path.c_str(), &disk) == 0) usage.free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  const auto reader = state_->readers.take();
  usage.reusable =
      static_cast<std::uint64_t>(reader->number("PRAGMA freelist_count") * reader->number("PRAGMA page_size"));
  return usage;
}

Store::Backlog Store::backlog(Sequence after, const std::function<bool(const std::string& pipeline)>& counts) const {
  const auto reader = state_->readers.take();
  const auto newest = static_cast<Sequence>(reader->number("SELECT max(sequence) FROM events"));
  Backlog found{.after = std::min(newest, after + kWindow), .since = {}};
  auto row = reader->query(
      "SELECT sequence, accepted_at, pipeline, lane FROM events WHERE sequence > ? AND sequence <= ? "
      "AND +state = 0 AND late = 0 AND definition = '' ORDER BY sequence LIMIT ?",
      after, found.after, kMostWaiting);
  for (bool first = true; row.next(); first = false) {
    if (first) found.after = static_cast<Sequence>(row.integer(0)) - 1;
    const std::string pipeline(row.text(2));
    if (!counts(pipeline)) continue;
    auto head = reader->query(
        "SELECT min(sequence) FROM events INDEXED BY events_open WHERE state = 0 AND pipeline = ? AND lane = ?",
        pipeline, row.text(3));
    if (!head.next() || head.integer(0) != row.integer(0)) continue;
    found.since = row.time(1);
    break;
  }
  return found;
}

}  // namespace milepost::journal
