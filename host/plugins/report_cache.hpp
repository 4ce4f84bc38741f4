// Remembers which libraries passed pre-flight, by their SHA-256, so that a start costs no child for each plugin.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "host/plugins/preflight.hpp"

namespace milepost::plugins {

/// Only passes are kept: a refusal may be cured by a library that is installed meanwhile. What another host, ABI or
/// glibc found does not count, and a file that cannot be read is as good as none.
class ReportCache {
 public:
  /// "": remembers nothing.
  explicit ReportCache(const std::string& folder);

  std::optional<Report> find(const std::string& digest) const;
  void keep(const std::string& digest, const Report& report);
  /// Writes what is new, by rename. A failure costs the next start a little time, and is in the log.
  void save();

 private:
  std::string path_;
  std::map<std::string, Report> reports_;
  bool changed_ = false;
};

}  // namespace milepost::plugins
