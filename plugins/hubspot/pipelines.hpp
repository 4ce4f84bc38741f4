// Deal pipelines and their stages. Ids of custom stages differ from account to account, so stages are written by label
// and resolved against the account. Pure.
#pragma once

#include <string>
#include <vector>

#include "milepost/json.hpp"

namespace milepost::hubspot {

struct Stage {
  std::string id, label;
};
struct Pipeline {
  std::string id, label;
  std::vector<Stage> stages;
};
using Pipelines = std::vector<Pipeline>;

/// Reads the answer of the pipelines endpoint.
Pipelines to_pipelines(const Json& answer);

struct Place {
  std::string pipeline, stage;  ///< ids
};

/// Where a deal stands: `stage` by id, else by label without ASCII case, in the pipeline `within` (id or label; "" for
/// whichever has it). `permanent` names what the account has; never the text that was asked for, which comes from an
/// event.
Result<Place> place(const Pipelines& pipelines, const std::string& within, const std::string& stage);

}  // namespace milepost::hubspot
