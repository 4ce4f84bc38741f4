// Logs: an event name and fields. Human on a terminal, JSON lines otherwise. No secret and no borrower's data: fields are ids,
// names, counts and error messages. Thread: [any].
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace milepost::telemetry {

enum class Level { debug, info, warn, error, none };  ///< none: for configure_log() alone
using Field = std::pair<std::string_view, std::string>;

/// Once, at start: "auto" (by isatty(stderr)), "human" or "json"; lines go to stderr.
void configure_log(std::string_view format, Level lowest);
/// log(Level::info, "webhook.refused", {{"path", path}, {"status", "401"}})
void log(Level level, std::string_view event, std::initializer_list<Field> fields = {});

}  // namespace milepost::telemetry
