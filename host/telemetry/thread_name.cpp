#include "host/telemetry/thread_name.hpp"

#include <pthread.h>

#include <string>

namespace milepost::telemetry {

void name_thread(std::string_view name) { pthread_setname_np(pthread_self(), std::string(name.substr(0, 15)).c_str()); }

}  // namespace milepost::telemetry
