#include "host/plugins/image.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "host/telemetry/ids.hpp"

namespace milepost::plugins {

namespace {

constexpr off_t kMostBytes = off_t{1} << 30;

std::unexpected<Error> cannot(const std::string& what) {
  return fail(ErrorKind::permanent, what + ": " + std::generic_category().message(errno));
}

}  // namespace

void Descriptor::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

Result<Image> Image::copy(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return cannot("cannot be read");
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return cannot("cannot be read");
  if (!S_ISREG(about.st_mode)) return fail(ErrorKind::permanent, "is no file: remove it from the plugins' folder");
  if (about.st_size > kMostBytes) return fail(ErrorKind::permanent, "is larger than 1 GiB: that is no plugin");

  // The memory's name shows in /proc/PID/maps and in stack traces.
  const auto name = "plugin:" + path.substr(path.rfind('/') + 1).substr(0, 200);
  Descriptor memory(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory) return cannot("cannot be copied to memory");
  for (off_t left = kMostBytes; left > 0;) {
    const ssize_t moved = ::sendfile(memory.get(), file.get(), nullptr, static_cast<std::size_t>(left));
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) return cannot("cannot be copied to memory");
    if (moved == 0) break;
    left -= moved;
  }
  if (::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
    return cannot("cannot be sealed in memory");
  std::string digest = telemetry::hex(telemetry::sha256(Mapped(memory.get()).view()));
  return Image(std::move(memory), std::move(digest));
}

Result<Image> Image::again() const {
  Descriptor memory(::fcntl(fd(), F_DUPFD_CLOEXEC, 0));
  if (!memory) return cannot("cannot be used twice");
  return Image(std::move(memory), digest_);
}

Mapped::Mapped(int fd) {
  struct stat about {};
  if (::fstat(fd, &about) != 0 || about.st_size <= 0) return;
  const auto size = static_cast<std::size_t>(about.st_size);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) return;
  data_ = data;
  size_ = size;
}

Mapped::~Mapped() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace milepost::plugins
