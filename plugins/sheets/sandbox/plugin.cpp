// Google Sheets' double, a library of its own: a deployment need not install it.
#include "milepost/plugin.hpp"

#include "plugins/sheets/sandbox/sandbox.hpp"

namespace milepost::sheets::sandbox {

static Plugin plugin() {
  return Plugin("sheets-sandbox", MILEPOST_SDK_VERSION, "A double of Google's Sheets API.").sandbox<SheetsSandbox>();
}

}  // namespace milepost::sheets::sandbox

MILEPOST_PLUGIN(milepost::sheets::sandbox::plugin)
