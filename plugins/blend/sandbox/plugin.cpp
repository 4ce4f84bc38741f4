// Blend's double, a library of its own: a deployment need not install it.
#include "milepost/plugin.hpp"

#include "plugins/blend/sandbox/sandbox.hpp"

namespace milepost::blend::sandbox {

static Plugin plugin() {
  return Plugin("blend-sandbox", MILEPOST_SDK_VERSION, "A double of Blend's lending API.").sandbox<BlendSandbox>();
}

}  // namespace milepost::blend::sandbox

MILEPOST_PLUGIN(milepost::blend::sandbox::plugin)
