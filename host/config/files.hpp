// Files of a config folder: regular, bounded, read whole.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

namespace milepost::config {

struct FileError {
  std::string message;  ///< why, without the path
  bool missing = false;
  bool too_large = false;
};

std::expected<std::string, FileError> read_file(const std::filesystem::path& path, std::size_t most_bytes);

/// Names of what lies in a folder, sorted, without those that begin with a dot.
std::expected<std::vector<std::string>, FileError> list_folder(const std::filesystem::path& path);

}  // namespace milepost::config
