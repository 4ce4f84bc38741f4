// What the store throws when SQLite, or the disk beneath it, says no.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "milepost/error.hpp"

namespace milepost::journal {

class StoreError : public std::exception {
 public:
  enum class Cause {
    full,     ///< the disk, or a quota on it: later there may be room
    disk,     ///< it failed to write, sync or read: the connection is not to be trusted any more
    damaged,  ///< the file's content is not what was written
    busy,     ///< another program holds the file
    defect,   ///< a constraint or wrong use: fails again on the same input
  };

  StoreError(Cause cause, Error error) : cause_(cause), error_(std::move(error)) {}

  Cause cause() const noexcept { return cause_; }
  const Error& error() const noexcept { return error_; }
  const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  Cause cause_;
  Error error_;
};

}  // namespace milepost::journal
