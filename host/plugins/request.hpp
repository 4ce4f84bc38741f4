// HTTP messages as they cross the boundary.
#pragma once

#include <string>

#include "milepost/host.hpp"

namespace milepost::plugins {

/// Part 0 of RECEIVE and of the sandbox's HANDLE; the body is part 1.
inline std::string request_head(const HttpRequest& request) { return detail::open_head(request) + '}'; }

}  // namespace milepost::plugins
