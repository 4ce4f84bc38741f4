// The checks by name: the parent counts them, the child runs one.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "host/conformance/conformance.hpp"
#include "host/conformance/stage.hpp"

namespace milepost::conformance {

struct Check {
  std::string name;
  std::function<std::string(Stage&)> run;  ///< throws Failed; else what was seen, for the row; may be ""
  std::chrono::seconds patience{20};       ///< of the parent
};

/// The first; where it fails, no other can say anything.
inline constexpr const char* kStands = "its sample opens against its double";

/// Settings, creation, opening and closing.
std::vector<Check> life_checks(const Json& manifest);
/// Of one action: faults, keys, batches, stopping, canaries, memory.
std::vector<Check> action_checks(const Json& action, std::size_t deliveries);
/// Of one source, of whichever kind.
std::vector<Check> source_checks(const Json& source, std::size_t deliveries);
/// Of one polling source: its pages, and a fault at each of its requests.
std::vector<Check> polling_checks(const Json& source, std::size_t deliveries);
/// All of them, as the manifest tells.
std::vector<Check> checks(const Json& manifest, std::size_t deliveries);

/// In the parent, by the file alone: symbols and glibc.
std::vector<Row> library_rows(const std::string& path, const Options& options);

}  // namespace milepost::conformance
