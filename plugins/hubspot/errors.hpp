// What HubSpot's answers mean, beyond the SDK's table: its own codes, how long each limit's policy waits, and a line
// for a person that quotes none of the vendor's free text, since that repeats property values, which are borrowers'
// data.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "milepost/event.hpp"
#include "milepost/host.hpp"
#include "milepost/http.hpp"

namespace milepost::hubspot {

/// An answer that is no success.
struct Refusal {
  Error error;
  int status = 0;           ///< 0: no answer was received, or one of an item within a 2xx
  std::string existing_id;  ///< of a 409: the record that stands in the way; "" when none is named
  bool daily = false;       ///< the day's limit is used up: until the account's midnight, which until_midnight() tells
};

/// What was asked, as far as an error's line needs it.
struct Asked {
  std::string origin;  ///< "hubspot: POST /crm/v3/objects/notes"
  Intent intent = Intent::once;
  std::vector<std::string> names;  ///< properties that were sent: those which the vendor's text mentions are named
};

/// nullopt for 2xx.
std::optional<Refusal> refusal(const HttpResponse& response, const Asked& asked, Time now);

/// Of a daily limit: waits for the next midnight in the account's zone, where one is named, in place of an hour.
Refusal until_midnight(Refusal refusal, const std::string& time_zone, const Clock& clock);

/// An entry of a batch answer's `errors`, or a body with `"status": "error"` under a 2xx.
Refusal item_refusal(const Json& entry, const Asked& asked);

}  // namespace milepost::hubspot
