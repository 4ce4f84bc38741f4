// A plugin's verifier, made for one source: which of several, and with what of the source's settings.
#pragma once

#include "milepost/json.hpp"

namespace milepost::intake {

/// `verify` as a manifest has it: one verifier, or a list of which the first is taken whose `when` fits the settings
/// `with` (one without `when` fits always). {"setting": NAME, "default": VALUE} becomes that setting's value; in a list
/// a setting that is not given is left out. A secret that stands alone is left as it is, for whoever reads it names it
/// in his error. `permanent` when none fits. [any]
Result<Json> chosen_verifier(const Json& verify, const Json& with);

}  // namespace milepost::intake
