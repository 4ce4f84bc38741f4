// Runs a program for a few seconds and gathers what it says, however it behaves.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "milepost/error.hpp"

namespace milepost::plugins {

/// Where the child finds what it inherits; every other descriptor is closed there.
inline constexpr int kReportFd = 3;
inline constexpr int kLibraryFd = 4;

struct ChildResult {
  int exit_status = -1;  ///< -1 when a signal ended it
  int signal = 0;
  bool timed_out = false;  ///< killed by us
  bool flooded = false;    ///< its report grew past the bound, and it was killed
  std::string report;      ///< what it wrote to kReportFd
  std::string out, err;    ///< the first 4 KiB of each
};

/// Starts `executable` with `arguments` (argv[1] and on) by posix_spawn, `library` as its kLibraryFd, its own process
/// group, no signal blocked, `mark` ("NAME=1") in its environment beside ours. Returns once it has ended or `timeout` is
/// over, when its group is killed. [any]
Result<ChildResult> run_child(const std::string& executable, const std::vector<std::string>& arguments, int library,
                              std::chrono::milliseconds timeout, const char* mark = nullptr);

}  // namespace milepost::plugins
