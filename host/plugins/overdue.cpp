#include "host/plugins/overdue.hpp"

#include <condition_variable>
#include <mutex>

#include "host/plugins/call.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::plugins {

OverdueWatch::OverdueWatch(std::chrono::milliseconds by, std::chrono::milliseconds look)
    : thread_([by, look](const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any stopped;
        std::unique_lock held(mutex);
        while (!stopped.wait_for(held, stop, look, [&] { return stop.stop_requested(); })) {
          for (const auto& each : HostCall::take_newly_overdue(by))
            telemetry::log(telemetry::Level::error, "plugin.hangs",
                           {{"plugin", each.plugin},
                            {"connection", each.connection},
                            {"function", each.function},
                            {"late_ms", std::to_string(each.late.count())},
                            {"remedy", "the host cannot end it: restart, and let isolation: process run this plugin"}});
          telemetry::gauge("milepost_plugin_calls_overdue", {}, static_cast<double>(overdue_calls(by).size()));
        }
      }) {}

}  // namespace milepost::plugins
