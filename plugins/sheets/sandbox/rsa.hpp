// Verifies RS256, so that the double refuses what Google refuses; the SDK depends on no crypto library. For a double
// only: slow, and careless of timing.
#pragma once

#include <string>
#include <string_view>

namespace milepost::sheets::sandbox {

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2.2), public exponent 65537. `modulus`: hex, 2048 bits. `signature`:
/// raw.
bool rs256_verifies(std::string_view modulus, std::string_view input, std::string_view signature);

}  // namespace milepost::sheets::sandbox
