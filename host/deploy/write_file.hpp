// Writes a file of the config folder so that a reader sees the one text or the other, whatever is killed in between.
#pragma once

#include <string>

#include "milepost/error.hpp"

namespace milepost::deploy {

/// Keeps the mode of a file that is there, its owner where that is allowed, and a link that leads to it. `permanent`, naming the file and why.
Status write_file(const std::string& path, const std::string& text);
Status remove_file(const std::string& path);

}  // namespace milepost::deploy
