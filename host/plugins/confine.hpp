// What a child gives up for good around running a plugin's code.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace milepost::plugins {

struct Bounds {
  std::size_t memory = 0;  ///< bytes of address space, beyond what the process takes already
  std::size_t files = 0;   ///< descriptors
};

/// Before the library is loaded, and before any thread is started: bounds; no new privileges, network, program or
/// process, no signal to others, no file written. What this kernel does not let us do.
std::vector<std::string> confine(const Bounds& bounds);

/// Once it is loaded: no file outside of the system's own folders is opened either, so that neither the host's secrets
/// nor its store can be read. What this kernel does not let us do.
std::vector<std::string> confine_reading();

}  // namespace milepost::plugins
