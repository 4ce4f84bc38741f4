// Takes a quarantined event through the source that brought it once more: what a retry needs.
#pragma once

#include <string>

#include "host/deploy/deployment.hpp"
#include "host/intake/hooks.hpp"

namespace milepost::deploy {

/// `hooks` serve the deployment's webhook sources. Where a polling source could not decode the event, the plugin decodes it on an
/// account of its own, which touches no network. `permanent` says why it cannot be tried, or still is no event. [any]
Result<journal::NewEvent> map_again(const Deployment& deployment, const plugins::Services& services,
                                    const intake::Hooks& hooks, const journal::Event& event, const std::string& payload);

}  // namespace milepost::deploy
