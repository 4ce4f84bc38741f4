// Runs programs of the user's machine: a compiler, CMake.
#pragma once

#include <string>
#include <vector>

namespace milepost::cli {

struct ToolResult {
  int status = -1;     ///< its exit status; 127: not found; -1: a signal ended it
  std::string output;  ///< what it wrote to either stream
  bool ok() const { return status == 0; }
};

/// `words[0]` is searched on PATH; standard input is empty. Waits.
ToolResult run_tool(const std::vector<std::string>& words);

}  // namespace milepost::cli
