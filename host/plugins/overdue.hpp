// Calls into plugins of this process that are not back long after their deadline. Nobody can end them here; they are told
// of: by log, metric and health.
#pragma once

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace milepost::plugins {

struct Overdue {
  std::string plugin, connection;  ///< connection: "" where there is none
  std::string function;            ///< "run"
  std::chrono::milliseconds late;
};

/// Those that are late by more than that. [any]
std::vector<Overdue> overdue_calls(std::chrono::milliseconds by = std::chrono::seconds(2));

/// Logs each such call once, as `plugin.hangs`, and counts them in milepost_plugin_calls_overdue, while it lives.
class OverdueWatch {
 public:
  explicit OverdueWatch(std::chrono::milliseconds by = std::chrono::seconds(2),
                        std::chrono::milliseconds look = std::chrono::seconds(1));

 private:
  std::jthread thread_;
};

}  // namespace milepost::plugins
