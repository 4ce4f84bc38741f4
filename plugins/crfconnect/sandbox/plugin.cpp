// CRF Connect's double.
#include "milepost/plugin.hpp"

#include "plugins/crfconnect/sandbox/sandbox.hpp"

namespace {

milepost::Plugin plugin() {
  return milepost::Plugin("crfconnect-sandbox", "0.1.0", "A double of CRF Connect: it pushes leads.")
      .sandbox<milepost::crfconnect::CrfConnectSandbox>();
}

}  // namespace

MILEPOST_PLUGIN(plugin)
