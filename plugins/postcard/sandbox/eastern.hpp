// US Eastern time, by which the vendor closes its day.
#pragma once

#include "milepost/event.hpp"

namespace milepost::postcard {

/// 23:30 US Eastern of the day in which `ordered` falls there: until then an order can be cancelled.
Time cancel_until(Time ordered);

}  // namespace milepost::postcard
