// Under which names the store keeps the places of a pipeline's sources. A source keeps its name while others come, go and move beside
// it: it is known again by its kind and its settings. One that was edited goes by its order among those of its kind that nobody else is.
#pragma once

#include <string>
#include <vector>

#include "host/config/definition.hpp"
#include "host/journal/store.hpp"

namespace milepost::deploy {

struct Places {
  std::vector<std::string> names;  ///< of the sources, in their order; "" for a webhook's, which has no place
  std::string row, text;           ///< what the next version is compared with, to be stored like a place; "": it is stored already
};

/// Throws StoreError.
Places places_of(const config::Pipeline& pipeline, const journal::Store& store);

}  // namespace milepost::deploy
