// A plugin's sources and its vendor's double as the host sees them.
#pragma once

#include <memory>

#include "host/plugins/instance.hpp"
#include "milepost/connector.hpp"

namespace milepost::plugins {

/// With milepost::Settle beside it when `settle` says so.
std::unique_ptr<PollingSource> adapt_polling(std::shared_ptr<Instance> instance, bool settle);
/// Stands in for a source that could not be made: every poll gives the reason.
std::unique_ptr<PollingSource> failed_polling(Error reason);
std::unique_ptr<WebhookSource> adapt_webhook(std::shared_ptr<Instance> instance);
std::unique_ptr<Sandbox> adapt_sandbox(std::shared_ptr<Instance> instance);

}  // namespace milepost::plugins
