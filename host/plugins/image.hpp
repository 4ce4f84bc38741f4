// A library's bytes, copied once into sealed memory. What passed pre-flight is then what is loaded, whatever happens to
// the file: overwriting a library that is mapped from its file is a SIGBUS.
#pragma once

#include <string>
#include <string_view>

#include "milepost/error.hpp"

namespace milepost::plugins {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~Descriptor() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

class Image {
 public:
  /// `permanent`, to follow the file's name: "cannot be read: …".
  static Result<Image> copy(const std::string& path);

  /// The same bytes under a descriptor of their own.
  Result<Image> again() const;

  int fd() const { return fd_.get(); }
  /// What dlopen takes. The descriptor must stay open as long as the library is loaded: glibc knows libraries by this
  /// name.
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd()); }
  const std::string& digest() const { return digest_; }  ///< SHA-256 in hex

 private:
  Image(Descriptor fd, std::string digest) : fd_(std::move(fd)), digest_(std::move(digest)) {}
  Descriptor fd_;
  std::string digest_;
};

/// A file mapped for reading; its view is empty when the file is, or cannot be mapped.
class Mapped {
 public:
  explicit Mapped(int fd);
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  ~Mapped();
  std::string_view view() const { return {static_cast<const char*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace milepost::plugins
