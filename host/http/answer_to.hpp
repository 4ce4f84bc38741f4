// A request that is handled inside the process, without a socket.
#pragma once

#include <functional>

#include "host/http/server.hpp"

namespace milepost::http {

/// Hands `handle` a Responder, and waits for what it is told; of a stream the head.
Outgoing answer_to(const std::function<void(Responder)>& handle);

}  // namespace milepost::http
