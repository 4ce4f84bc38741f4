#include "host/plugins/preflight.hpp"

#include <chrono>
#include <cstdlib>

#include "host/plugins/child.hpp"
#include "host/plugins/image.hpp"
#include "host/plugins/preflight_image.hpp"
#include "host/plugins/spawn.hpp"

namespace milepost::plugins {

namespace {

constexpr std::chrono::seconds kPatience(5);
constexpr const char* kMark = "MILEPOST_PREFLIGHT";

Report refused(std::string reason) {
  Report report;
  report.reason = std::move(reason);
  return report;
}

/// The child writes a line as it enters each stage, then its report: so that the last whole line tells where it ended.
Json last_line(std::string_view lines) {
  const auto end = lines.rfind('\n');
  if (end == lines.npos) return nullptr;
  const auto begin = end == 0 ? lines.npos : lines.rfind('\n', end - 1);
  const auto line = lines.substr(begin == lines.npos ? 0 : begin + 1, end - (begin == lines.npos ? 0 : begin + 1));
  return read_json(line, {.depth = JsonLimits{}.depth + 8}).value_or(Json(nullptr));
}

Report judge(const ChildResult& child) {
  const Json last = last_line(child.report);
  const std::string stage = get<std::string>(last, "/stage").value_or("loading");
  if (child.flooded) return refused("writes without end to descriptors that it does not own");
  if (child.timed_out)
    return refused("did not come back from " + stage + " within 5 s and was killed: it must not wait there");
  if (child.signal != 0) return refused("crashed while " + stage + ": " + signal_name(child.signal));
  const auto ok = get<bool>(last, "/ok");
  if (!ok)
    return refused("ended the process while " + stage + " (exit status " + std::to_string(child.exit_status) +
                   "): a plugin must not exit");
  if (!*ok) return refused(get<std::string>(last, "/reason").value_or("gave no reason"));
  if (!child.out.empty())
    return refused("prints to stdout while loading (" + shown(child.out) +
                   "): stdout is the host's, use the host's log");
  Report report;
  report.abi = get<std::string>(last, "/abi").value_or("");
  report.sdk = get<std::string>(last, "/sdk").value_or("");
  report.manifest = get<Json>(last, "/manifest").value_or(Json(nullptr));
  report.reason = check_manifest(report.manifest);  // again, out of the plugin's reach
  report.ok = report.reason.empty();
  return report;
}

}  // namespace

Report preflight(const Image& image, const std::string& executable) {
  // It would start itself without end.
  if (std::getenv(kMark) != nullptr)
    return refused("cannot be looked at: " + executable + " was started with --preflight and does not know it");
  const auto child = run_child(executable, {"--preflight", "/proc/self/fd/" + std::to_string(kLibraryFd)}, image.fd(),
                               kPatience, (std::string(kMark) + "=1").c_str());
  if (!child) return refused("cannot be looked at: " + child.error().message);
  Report report = judge(*child);
  const bool printed_out = !child->out.empty() && report.reason.find(shown(child->out)) == report.reason.npos;
  if (!report.ok && printed_out) report.reason += "; it wrote " + shown(child->out);
  if (!report.ok && !child->err.empty()) report.reason += "; it wrote " + shown(child->err);
  return report;
}

Report preflight(const std::string& path, const std::string& executable) {
  const auto name = path.substr(path.rfind('/') + 1);
  Report report;
  try {
    const auto image = Image::copy(path);
    report = image ? preflight(*image, executable) : refused(image.error().message);
  } catch (const std::exception& thrown) {
    report = refused(std::string("cannot be looked at: ") + thrown.what());
  }
  if (!report.ok) report.reason = name + " " + report.reason;
  return report;
}

}  // namespace milepost::plugins
