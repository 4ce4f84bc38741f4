// An account of a plugin's connection.
#pragma once

#include <memory>

#include "host/plugins/registry.hpp"
#include "host/plugins/runner.hpp"

namespace milepost::plugins {

/// `manifest` outlives the account; `definition` was checked against it. Errors: a secret that is missing, a base_url
/// that is none, the plugin's refusal of its settings.
/// `runner`: where its code runs.
Result<std::unique_ptr<Account>> make_account(std::shared_ptr<Runner> runner, const Json& manifest,
                                              const config::Connection& definition, const config::Secrets& secrets,
                                              const Services& services);

}  // namespace milepost::plugins
