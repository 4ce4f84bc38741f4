// Our own ids and digests.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "host/telemetry/clock.hpp"

namespace milepost::telemetry {

/// UUIDv7 (RFC 9562) in its 36-character form: ordered by time, random otherwise. [any]
std::string new_id(Time now);

using Sha256 = std::array<std::uint8_t, 32>;
Sha256 sha256(std::string_view bytes);
std::string hex(std::string_view bytes);
void append_hex(std::string& out, std::string_view bytes);
inline std::string_view as_bytes(const Sha256& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }
inline std::string hex(const Sha256& digest) { return hex(as_bytes(digest)); }
/// Cryptographically random.
std::string random_bytes(std::size_t count);

}  // namespace milepost::telemetry
