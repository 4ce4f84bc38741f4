#include "host/config/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

#include "host/config/units.hpp"

namespace milepost::config {
namespace {

FileError from_errno(int number) {
  return {std::generic_category().message(number), number == ENOENT || number == ENOTDIR, false};
}

struct Descriptor {
  int number = -1;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

}  // namespace

std::expected<std::string, FileError> read_file(const std::filesystem::path& path, std::size_t most_bytes) {
  // Without waiting: a pipe of that name must not hold the host.
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number < 0) return std::unexpected(from_errno(errno));
  struct stat about {};
  if (::fstat(file.number, &about) != 0) return std::unexpected(from_errno(errno));
  if (S_ISDIR(about.st_mode)) return std::unexpected(FileError{"it is a folder"});
  if (!S_ISREG(about.st_mode)) return std::unexpected(FileError{"it is no regular file"});
  // One byte more than allowed tells a file that is too large from one that just fits, even while it grows.
  std::string content;
  content.resize(std::min(most_bytes, static_cast<std::size_t>(about.st_size)) + 1);
  std::size_t filled = 0;
  while (filled < content.size()) {
    const auto got = ::read(file.number, content.data() + filled, content.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(from_errno(errno));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  content.resize(filled);
  if (filled > most_bytes || static_cast<std::size_t>(about.st_size) > most_bytes)
    return std::unexpected(FileError{"it is larger than " + size_text(most_bytes), false, true});
  return content;
}

std::expected<std::vector<std::string>, FileError> list_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::vector<std::string> out;
  for (std::filesystem::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    auto name = at->path().filename().string();
    if (!name.starts_with('.')) out.push_back(std::move(name));
  }
  if (error) return std::unexpected(from_errno(error.value()));
  std::ranges::sort(out);
  return out;
}

}  // namespace milepost::config
