// `expect` of a case: that it names only what can be there. What it says is compared later, node by node.
#pragma once

#include <string>
#include <vector>

#include "host/cases/read_cases.hpp"
#include "host/config/report.hpp"

namespace milepost::cases {

struct Expecting {
  const Known& known;
  const std::vector<std::string>& pipelines;  ///< of the file
  config::Report& report;
};

/// Faults for unknown keys, steps, vendors, actions, states and outcomes, and for shapes that nothing has.
void check_expectation(const config::yaml::Node& expect, const std::string& path, const Expecting& expecting);

}  // namespace milepost::cases
