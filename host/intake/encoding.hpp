// Hex and base64 as senders write signatures.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace milepost::intake {

/// Upper or lower case; nullopt when it is no hex.
std::optional<std::string> hex_decode(std::string_view text);
/// RFC 4648, either alphabet; padding may be left out. nullopt when it is no base64, or bits are left over that are not
/// zero.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace milepost::intake
