// Which pipeline follows which, through `events` sources: whether what they name is there, and whether an event could
// come back to where it came from.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/config/definition.hpp"

namespace milepost::config {

/// The texts of a list in a component's settings; none where there is no list.
std::vector<std::string> texts(const Json& with, const char* pointer);

/// A type of an `events` source: whole ("lead.created"), or all that begin so ("lead.*").
bool type_fits(const std::string& pattern, const std::string& type);

/// Faults of the links between the pipelines, each at its place, and the pipelines that have one. `names` are all
/// pipelines of the folder, also those that are left out for another fault.
struct LinkFaults {
  Faults faults;
  std::set<std::string> pipelines;
};
LinkFaults check_links(const std::map<std::string, Pipeline>& pipelines, const std::vector<std::string>& names);

}  // namespace milepost::config
