// HubSpot's double, a library of its own: a deployment need not install it.
#include "milepost/plugin.hpp"

#include "plugins/hubspot/sandbox/sandbox.hpp"

namespace milepost::hubspot::sandbox {

static Plugin plugin() {
  return Plugin("hubspot-sandbox", MILEPOST_SDK_VERSION, "A double of HubSpot's CRM API.").sandbox<HubspotSandbox>();
}

}  // namespace milepost::hubspot::sandbox

MILEPOST_PLUGIN(milepost::hubspot::sandbox::plugin)
