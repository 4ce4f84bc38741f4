// Proves a plugin: every promise that the SDK's headers ask of it is provoked and looked at, over real sockets, through
// the host's own adapters, with the plugin's own double as the vendor. Each check runs in a process of its own, so that
// a plugin that crashes, exits or hangs costs one row. docs/conformance.md lists the checks, and says what a sample
// file holds.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "milepost/json.hpp"

namespace milepost::conformance {

struct Options {
  std::string library;                        ///< acme.so, named as its plugin
  std::string sample = {};                    ///< "": acme.conformance.json beside it
  std::string sandbox = {};                   ///< "": acme-sandbox.so beside it
  std::size_t deliveries = 5000;              ///< of the check for memory
  std::string only = {};                      ///< checks whose name holds this text; "": all
  std::chrono::seconds at_most{3600};         ///< a check gets less when this is less than its own time
  std::string glibc = "2.36";                 ///< the oldest glibc that the plugin must run on: Debian 12's
  std::string executable = "/proc/self/exe";  ///< whose main() calls conformance_child()
};

struct Row {
  std::string check;  ///< "send: 429, seconds"
  bool passed = false;
  std::string detail;  ///< what was expected and what came, or what was seen; one line
  std::chrono::milliseconds took{0};
};

struct Report {
  std::string plugin, version, abi, sdk, digest;  ///< as far as they could be learnt
  std::vector<Row> rows;                          ///< in the order of docs/conformance.md; never empty
  bool passed() const;
  Json json() const;
};

/// Runs every check. Never throws on what the plugin does. What cannot be read (no library, no sample) is a row that
/// failed.
Report conform(const Options& options);

/// In the child: main() calls it first of all when argv[1] is "--conformance"; returns the exit status.
int conformance_child(const std::string& job);

}  // namespace milepost::conformance
