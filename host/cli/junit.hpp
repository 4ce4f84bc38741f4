// Results for a build server.
#pragma once

#include <string>
#include <vector>

#include "host/cases/suite.hpp"

namespace milepost::cli {

/// JUnit's XML: a suite for each file, a case for each case.
std::string junit(const std::vector<cases::Verdict>& results, double seconds);

}  // namespace milepost::cli
