// SIGTERM ends the process, whatever hangs in it.
#pragma once

#include <chrono>
#include <thread>

namespace milepost::cli {

/// Unless it is destroyed within that time, it logs what holds the process up, and ends it with status 1. Nothing is lost by
/// that: what was acknowledged is on disk, and what was sent is settled at the next start.
class StopLimit {
 public:
  explicit StopLimit(std::chrono::milliseconds limit);

 private:
  std::jthread thread_;
};

}  // namespace milepost::cli
