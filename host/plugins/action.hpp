// A plugin's action as the engine sees it.
#pragma once

#include <memory>

#include "host/plugins/instance.hpp"
#include "milepost/connector.hpp"

namespace milepost::plugins {

/// With milepost::Lookup beside it when `lookup` says so.
std::unique_ptr<Action> adapt_action(std::shared_ptr<Instance> instance, bool lookup);
/// Stands in for an action that could not be made: every delivery gets the reason.
std::unique_ptr<Action> failed_action(Error reason);

}  // namespace milepost::plugins
