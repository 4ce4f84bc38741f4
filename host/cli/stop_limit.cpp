#include "host/cli/stop_limit.hpp"

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>

#include "host/plugins/overdue.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::cli {

StopLimit::StopLimit(std::chrono::milliseconds limit)
    : thread_([limit](const std::stop_token& stopped_in_time) {
        std::mutex mutex;
        std::condition_variable_any never;
        std::unique_lock held(mutex);
        never.wait_for(held, stopped_in_time, limit, [] { return false; });
        if (stopped_in_time.stop_requested()) return;
        std::string culprits;
        for (const auto& call : plugins::overdue_calls(std::chrono::milliseconds(0)))
          culprits += (culprits.empty() ? "" : ", ") + call.plugin + ": " + call.function;
        telemetry::log(telemetry::Level::error, "host.stopped_by_force",
                       {{"after_ms", std::to_string(limit.count())}, {"held_up_by", culprits}});
        std::_Exit(EXIT_FAILURE);
      }) {}

}  // namespace milepost::cli
