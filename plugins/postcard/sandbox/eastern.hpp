// US Eastern time, by which the vendor closes its day.
#pragma once

#include "milepost/event.hpp"

namespace milepost::postcard {

/// The next 23:30 US Eastern after `ordered`, when the vendor takes its day's orders into a batch: until then an order can be cancelled.
Time cancel_until(Time ordered);

}  // namespace milepost::postcard
