// What a TLS listener offers.
#pragma once

#include <string>

#include "host/http/tls_client.hpp"
#include "milepost/error.hpp"

namespace milepost::http {

/// TLS 1.2 or newer, forward secrecy only. The error names the file that is at fault.
Result<TlsContext> make_server_context(const std::string& certificate_file, const std::string& key_file);

}  // namespace milepost::http
