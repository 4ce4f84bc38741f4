// Webhooks as HubSpot sends them: arrays of up to 100 events, signed v1 and v3 (request validation page, read 2026-11).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "milepost/event.hpp"
#include "milepost/http.hpp"

namespace milepost::hubspot::sandbox {

/// The escapes that HubSpot decodes in a URI before it signs, and no others.
std::string decoded_uri(std::string_view uri);
/// Lower-case hex of SHA-256(secret, body).
std::string signature_v1(std::string_view secret, std::string_view body);
/// Lower-case hex of SHA-256(secret, METHOD, URI, body); nothing is decoded.
std::string signature_v2(std::string_view secret, std::string_view method, std::string_view uri, std::string_view body);
/// Base64 of HMAC-SHA-256 over METHOD, URI, body and timestamp (milliseconds).
std::string signature_v3(std::string_view secret, std::string_view method, std::string_view uri, std::string_view body,
                         std::string_view timestamp);

/// `order`: {"target": URL, "secret"?, "uri"?: the public URL that is signed, "events": [{…}]}, or one event's fields
/// beside `target` (or `url`); "version": "v1" or "v2" signs as for old accounts; "duplicates": n sends it n times
/// more. What an event lacks is filled in, numbered from `first_id`.
Result<std::vector<HttpRequest>> webhooks(const Json& order, Time now, long long& first_id);

}  // namespace milepost::hubspot::sandbox
