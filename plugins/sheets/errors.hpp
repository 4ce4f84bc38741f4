// What Google's answers mean beyond the SDK's table, and a line for a person that quotes none of the vendor's free
// text, since that repeats cells, which are borrowers' data.
#pragma once

#include <optional>
#include <string>

#include "milepost/event.hpp"
#include "milepost/http.hpp"

namespace milepost::sheets {

/// What was asked, as far as an error's line needs it.
struct Asked {
  std::string origin;  ///< "sheets: POST values:append"
  Intent intent = Intent::once;
  std::string tab;  ///< "" where it is about no tab
};

/// nullopt for 2xx. 404 is `auth`: the connection's own spreadsheet is gone, or not shared with the account any more,
/// which must hold events, not consume them.
std::optional<Error> refusal(const HttpResponse& response, const Asked& asked, Time now);

/// A 2xx that cannot be believed: a write may have been done, a read or what may be repeated is asked for again.
Error nonsense(const Asked& asked, const std::string& what);

}  // namespace milepost::sheets
