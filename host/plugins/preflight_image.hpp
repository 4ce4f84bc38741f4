// The pre-flight of bytes that are held already; for the registry, which then loads the same ones.
#pragma once

#include <string>

#include "host/plugins/image.hpp"
#include "host/plugins/preflight.hpp"

namespace milepost::plugins {

/// As preflight() of a path, but a refusal's reason follows the file's name instead of beginning with it.
Report preflight(const Image& image, const std::string& executable);

}  // namespace milepost::plugins
