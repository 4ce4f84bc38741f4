// What a case expects against what came. A mapping tells of the keys that it names; a list tells of all, in order; a
// number against a list or mapping tells how many; in a text * stands for anything. The rows of `audit` may have others
// between them.
#pragma once

#include <string>
#include <vector>

#include "host/config/fault.hpp"
#include "host/config/yaml.hpp"
#include "milepost/json.hpp"

namespace milepost::cases {

struct Mismatch {
  config::Position at;            ///< of the expectation
  std::string path;               ///< "events[0].steps.card"
  std::string expected, actual;   ///< one line each
  const config::yaml::Node* node; ///< what was expected
  Json value;                     ///< what came instead; a discarded value where nothing could stand there
};

/// `file` is for the positions.
std::vector<Mismatch> compare(const config::yaml::Node& expect, const Json& outcome, const std::string& file);

/// Of what came, as much as `node` tells of it: what would have been expected rightly.
Json in_the_shape_of(const config::yaml::Node& node, const Json& actual);

/// A step's outcome, a request as "POST /orders", an alert's type: by which a text may name a whole.
std::string headline(const Json& value);

}  // namespace milepost::cases
