#include "host/deploy/data_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace milepost::deploy {

std::string data_folder(const std::string& root, const std::string& store) {
  const auto path = std::filesystem::path(root) / store;
  return path.parent_path().empty() ? "." : path.parent_path().string();
}

Result<Lock> Lock::take(const std::string& folder) {
  std::error_code ignored;
  if (!std::filesystem::exists(folder, ignored)) {
    std::filesystem::create_directories(std::filesystem::path(folder).parent_path(), ignored);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
      return fail(ErrorKind::permanent, "the data folder " + folder + " cannot be made: " + std::strerror(errno));
  }
  const std::string path = folder + "/lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return fail(ErrorKind::permanent, path + " cannot be opened: " + std::strerror(errno));
  Lock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    return fail(ErrorKind::permanent, "another milepost is using " + folder + ": stop it first, or name another folder");
  return lock;
}

Lock::~Lock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace milepost::deploy
