// What `top -H`, gdb and perf call a thread.
#pragma once

#include <string_view>

namespace milepost::telemetry {

/// Of the calling thread; its first 15 bytes, as many as Linux keeps.
void name_thread(std::string_view name);

}  // namespace milepost::telemetry
