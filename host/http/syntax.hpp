// The alphabet of HTTP/1.1 (RFC 9110, 9112), for what we send and for what we accept. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "host/http/client.hpp"

namespace milepost::http {

/// A method or a header's name: one or more of RFC 9110's tchar.
bool is_token(std::string_view text) noexcept;

/// A header's value that cannot end its line: no control character but a tab.
bool is_field_value(std::string_view text) noexcept;

/// The first of that name, without regard to case, or nullptr.
const std::string* find_header(const Headers& headers, std::string_view name) noexcept;

/// The value of one hexadecimal digit, or -1.
int hex_digit(char c) noexcept;

/// `%41` -> `A`; a broken escape stays as it is.
std::string percent_decoded(std::string_view text);

/// Everything but RFC 3986's unreserved characters as %XX: for one value in a query.
std::string percent_encode(std::string_view text);

}  // namespace milepost::http
