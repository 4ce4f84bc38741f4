// A pipeline again, from the effective definition that the store kept: events that began on an older version finish on it.
#pragma once

#include "host/config/definition.hpp"

namespace milepost::config {

struct Restored {
  Pipeline pipeline;  ///< without positions
  Schemas schemas;
};

/// `permanent` when it is no effective definition.
Result<Restored> from_effective(const Json& effective);

}  // namespace milepost::config
