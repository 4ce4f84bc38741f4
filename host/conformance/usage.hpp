// What a process holds of the machine, before and after many deliveries.
#pragma once

#include <cstddef>
#include <string>

namespace milepost::conformance {

struct Usage {
  std::size_t resident = 0;  ///< bytes
  std::size_t threads = 0;
  std::size_t descriptors = 0;
  static Usage now();
};

/// Throws a Failed that names what grew in `deliveries`; else what to show.
std::string flat(const Usage& before, std::size_t deliveries);

}  // namespace milepost::conformance
