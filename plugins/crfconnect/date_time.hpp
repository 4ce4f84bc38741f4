// The vendor's timestamps: RFC 3339 with 0 to 9 fractional digits (its sample has seven) and any offset.
#pragma once

#include <optional>
#include <string_view>

#include "milepost/event.hpp"

namespace milepost::crfconnect {

/// UTC, cut to microseconds; nullopt when it is no such text or no such day. The offset is needed.
std::optional<Time> parse_date_time(std::string_view text);

/// An HTTP date, as stores write times: "Thu, 02 Nov 2023 14:06:00 GMT".
std::optional<Time> parse_http_date(std::string_view text);

}  // namespace milepost::crfconnect
