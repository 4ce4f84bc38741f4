// The systems that loans.yaml names, against the folder that they are of.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/config/definition.hpp"

namespace milepost::config {

/// Names that belong together by the dot: "acme" of "acme.orders"; "" where there is none.
std::string connector_of(const std::string& use);

/// Which system something is, of which the first of `names` that loans.yaml knows is one; else the last that is not empty.
std::string system_of(const LoanModel& loans, const std::vector<std::string>& names);
/// Whose word an event of this pipeline and source is.
std::string system_of_source(const LoanModel& loans, const std::string& pipeline, const std::string& source);
/// Whom a step writes to.
std::string system_of_action(const LoanModel& loans, const std::string& use, const std::string& connection);

/// Names under `systems` that nothing in the folder has. `known`: its connectors, connections, pipelines and sources.
Faults check_systems(const LoanModel& loans, const std::vector<std::string>& known);
/// Systems that pipelines join to a ring without asking the loan what is new: warnings.
Faults check_rings(const LoanModel& loans, const std::map<std::string, Pipeline>& pipelines);

}  // namespace milepost::config
