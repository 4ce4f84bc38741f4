#include "host/telemetry/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "host/telemetry/clock.hpp"
#include "milepost/json.hpp"

namespace milepost::telemetry {

namespace {

std::atomic<bool> human{false};
std::atomic<Level> lowest{Level::info};

std::string_view name(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
    case Level::none:
      return "error";
  }
  return "error";
}

std::string in_quotes(std::string_view value, bool ascii = false) {
  return Json(value).dump(-1, ' ', ascii, Json::error_handler_t::replace);
}

/// What could move a terminal's cursor or turn its text around: DEL, C1 controls, bidirectional marks.
bool disturbs(std::string_view value) {
  if (value.find('\x7f') != value.npos) return true;
  for (std::size_t i = 0; i + 1 < value.size(); ++i) {
    const auto byte = [&](std::size_t at) { return at < value.size() ? static_cast<unsigned char>(value[at]) : 0; };
    if (byte(i) == 0xc2 && byte(i + 1) < 0xa0) return true;
    if (byte(i) == 0xe2 && byte(i + 1) == 0x80 && (byte(i + 2) == 0x8e || byte(i + 2) == 0x8f)) return true;
    if (byte(i) == 0xe2 && byte(i + 1) == 0x80 && byte(i + 2) >= 0xaa && byte(i + 2) <= 0xae) return true;
    if (byte(i) == 0xe2 && byte(i + 1) == 0x81 && byte(i + 2) >= 0xa6 && byte(i + 2) <= 0xa9) return true;
  }
  return false;
}

bool plain(std::string_view value) {
  return !value.empty() &&
         std::ranges::all_of(value, [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '=' && c != '\\'; });
}

std::string human_line(const std::string& time, Level level, std::string_view event,
                       std::initializer_list<Field> fields) {
  std::string line = fmt::format("{}  {:<5}  {:<28}", time.substr(11, 12), name(level), event);
  for (const auto& [key, value] : fields)
    line += fmt::format(" {}={}", key, plain(value) ? value : in_quotes(value, disturbs(value)));
  line.resize(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

std::string json_line(const std::string& time, Level level, std::string_view event,
                      std::initializer_list<Field> fields) {
  std::string line = fmt::format(R"({{"time":"{}","level":"{}","event":{})", time, name(level), in_quotes(event));
  for (const auto& [key, value] : fields) line += fmt::format(",{}:{}", in_quotes(key), in_quotes(value));
  return line + "}\n";
}

}  // namespace

void configure_log(std::string_view format, Level from) {
  human = format == "human" || (format == "auto" && isatty(STDERR_FILENO) == 1);
  lowest = from;
}

void log(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (level < lowest) return;
  const std::string time = to_text(SystemClock().now());
  const std::string line = human ? human_line(time, level, event, fields) : json_line(time, level, event, fields);
  // One write a line, so that lines of several threads do not mix; a log that cannot be written must not stop the work.
  std::string_view left = line;
  while (!left.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    left.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace milepost::telemetry
