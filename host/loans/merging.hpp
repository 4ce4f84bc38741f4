// Two loans that turn out to be one. Pure. [any]
#pragma once

#include "host/loans/model.hpp"
#include "milepost/json.hpp"

namespace milepost::loans {

/// The state of both in one: of each field and task what was said last, of the stages the way that both tell of.
Json joined(const Json& state, const Json& other, const Model& model);

}  // namespace milepost::loans
