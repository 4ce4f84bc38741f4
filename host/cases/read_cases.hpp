// From tests/*.yaml to cases, with every fault of every file.
#pragma once

#include "host/cases/case.hpp"
#include "host/config/fault.hpp"
#include "host/engine/program.hpp"

namespace milepost::cases {

/// Of a file of cases, or of a payload that one names.
inline constexpr std::size_t kMostCaseBytes = 4 << 20;

/// What cases may name.
struct Known {
  std::string root;  ///< of the config folder, absolute
  std::vector<std::shared_ptr<const engine::Program>> programs;
  std::vector<std::string> broken;   ///< pipelines that have faults of their own
  std::vector<std::string> vendors;  ///< that have a double
  const engine::Program* program(const std::string& name) const;
};

/// Every file of the folder's tests/, or those of `only` (relative to the folder). A case with a fault is left out.
std::vector<CaseFile> read_cases(const Known& known, const std::vector<std::string>& only, config::Faults& faults);

}  // namespace milepost::cases
