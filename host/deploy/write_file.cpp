#include "host/deploy/write_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace milepost::deploy {
namespace {

bool write_all(int file, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto done = ::write(file, text.data() + at, text.size() - at);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    at += static_cast<std::size_t>(done);
  }
  return ::fsync(file) == 0;
}

void sync_folder(const std::filesystem::path& folder) {
  const int open = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (open < 0) return;
  ::fsync(open);
  ::close(open);
}

}  // namespace

Status write_file(const std::string& path, const std::string& text) {
  // A link stays one: what it leads to is written.
  std::error_code none;
  const auto led = std::filesystem::canonical(path, none);
  const std::filesystem::path target = none ? std::filesystem::path(path) : led;
  const auto fault = [&] { return fail(ErrorKind::permanent, path + " cannot be written: " + std::strerror(errno)); };
  // Beside it, under a name that nobody reads, and nobody else writes at this moment.
  auto beside = (target.parent_path() / ("." + target.filename().string() + ".XXXXXX")).string();
  struct stat about {};
  const bool there = ::stat(path.c_str(), &about) == 0;
  const mode_t mode = there ? about.st_mode & 07777 : 0644;
  const int file = ::mkostemp(beside.data(), O_CLOEXEC);
  if (file < 0) return fault();
  // Whoever owned it goes on owning it, where we may say so: an admin's file that the host rewrites stays the admin's.
  if (there && (about.st_uid != ::geteuid() || about.st_gid != ::getegid())) static_cast<void>(::fchown(file, about.st_uid, about.st_gid) == 0);
  const bool written = write_all(file, text) && ::fchmod(file, mode) == 0;
  const int why = errno;
  ::close(file);
  if (!written || ::rename(beside.c_str(), target.c_str()) != 0) {
    if (!written) errno = why;
    auto refused = fault();
    ::unlink(beside.c_str());
    return refused;
  }
  sync_folder(target.parent_path());
  return {};
}

Status remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail(ErrorKind::permanent, path + " cannot be removed: " + std::strerror(errno));
  sync_folder(std::filesystem::path(path).parent_path());
  return {};
}

}  // namespace milepost::deploy
