// The data folder (0700) and its lock: one host at a time.
#pragma once

#include <string>

#include "milepost/error.hpp"

namespace milepost::deploy {

/// Of a store path such as data/milepost.db under the config folder: the folder that holds it.
std::string data_folder(const std::string& root, const std::string& store);

/// flock on <folder>/lock, held as long as the object lives; released by the kernel when the process ends, however it does.
class Lock {
 public:
  /// `permanent`: another process holds it (the message says what that means).
  static Result<Lock> take(const std::string& folder);
  Lock(Lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Lock& operator=(Lock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Lock();

 private:
  explicit Lock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace milepost::deploy
