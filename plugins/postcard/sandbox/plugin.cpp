// The printers' double.
#include "milepost/plugin.hpp"

#include "plugins/postcard/sandbox/sandbox.hpp"

namespace {

milepost::Plugin plugin() {
  return milepost::Plugin("postcard-sandbox", "0.1.0", "Doubles of PostcardMania and, below /lob/v1, of Lob.")
      .sandbox<milepost::postcard::PostcardSandbox>();
}

}  // namespace

MILEPOST_PLUGIN(plugin)
