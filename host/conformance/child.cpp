// The child's side: one check, and then what the plugin left behind in logs.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "host/conformance/checks.hpp"
#include "host/conformance/usage.hpp"
#include "host/plugins/child.hpp"
#include "host/telemetry/log.hpp"
#include "host/telemetry/metrics.hpp"

namespace milepost::conformance {
namespace {

/// stderr goes here, where it can be read again: log lines are looked at for canaries.
int kept = -1;
int shown_to = -1;

std::string written() {
  std::string out;
  char buffer[16384];
  for (ssize_t got; (got = ::pread(kept, buffer, sizeof buffer, static_cast<off_t>(out.size()))) > 0;)
    out.append(buffer, static_cast<std::size_t>(got));
  return out;
}

/// What a crash has to say must not be lost with the child.
void on_crash(int signal) {
  char buffer[3000];
  const auto size = ::lseek(kept, 0, SEEK_END);
  const auto got = ::pread(kept, buffer, sizeof buffer,
                           size > static_cast<off_t>(sizeof buffer) ? size - static_cast<off_t>(sizeof buffer) : 0);
  if (got > 0) static_cast<void>(!::write(shown_to, buffer, static_cast<std::size_t>(got)));
  std::signal(signal, SIG_DFL);
  ::raise(signal);
}

void keep_log() {
  kept = ::memfd_create("log", MFD_CLOEXEC);
  shown_to = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 16);
  ::dup2(kept, STDERR_FILENO);
  if (!kSanitized)
    for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, on_crash);
  std::signal(SIGPIPE, SIG_IGN);
  telemetry::configure_log("json", telemetry::Level::debug);
}

bool holds(std::string text, std::string_view word) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text.find(word) != text.npos;
}

/// Secrets of the sample, lower-cased.
std::vector<std::string> secrets(const Stage& stage) {
  std::vector<std::string> out;
  const Json* properties = find(stage.manifest(), "/connection/settings/properties");
  if (properties == nullptr) return out;
  const Json settings = stage.settings();
  for (const auto& [key, property] : properties->items()) {
    auto value = get<std::string>(settings, "/" + key).value_or("");
    if (!get<bool>(property, "/x-secret").value_or(false) || value.size() < 6) continue;
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    out.push_back(std::move(value));
  }
  return out;
}

void look_at_what_was_told(const Stage& stage) {
  const auto hidden = secrets(stage);
  const auto look = [&](const std::string& text, const std::string& where) {
    const auto excerpt = text.substr(0, 300);
    expect(!holds(text, kCanary), "a borrower's data stands in " + where + ": " + excerpt);
    for (const auto& secret : hidden) expect(!holds(text, secret), "a secret stands in " + where + ": " + excerpt);
  };
  for (const auto& text : stage.told()) look(text, "an error");
  const auto look_at_lines = [&](const std::string& text, const std::string& where) {
    for (std::size_t at = 0; at < text.size();) {
      const auto end = std::min(text.find('\n', at), text.size());
      look(text.substr(at, end - at), where);
      at = end + 1;
    }
  };
  look_at_lines(telemetry::metrics_text(), "a metric");
  const auto log = written();
  look_at_lines(log, "a log line");
  if (const auto at = log.find(R"("event":"plugin.misuse")"); at != log.npos)
    failed("the host refused it a service: " + log.substr(at, std::min(log.find('\n', at) - at, std::size_t{300})));
}

void report(bool passed, const std::string& detail) {
  const std::string line = text(Json{{"passed", passed}, {"detail", detail}}) + "\n";
  static_cast<void>(!::write(plugins::kReportFd, line.data(), line.size()));
}

void run(const Job& job) {
  Stage stage(job);
  for (const auto& check : checks(stage.manifest(), job.deliveries)) {
    if (check.name != job.check) continue;
    std::string seen;
    std::string fault;
    try {
      seen = check.run(stage);
    } catch (const Failed& failure) {
      fault = failure.what;
    }
    if (fault.empty()) look_at_what_was_told(stage);
    return report(fault.empty(), fault.empty() ? seen : fault);
  }
  report(false, "there is no check of that name");
}

}  // namespace

int conformance_child(const std::string& job) {
  if (::fcntl(plugins::kReportFd, F_SETFD, FD_CLOEXEC) != 0) {
    std::fputs("milepost: --conformance is how `milepost plugins test` runs one check\n", stderr);
    return 2;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  keep_log();
  try {
    run(Job::read(read_json(job).value_or(Json())));
  } catch (const Failed& failure) {
    report(false, failure.what);
  } catch (const std::exception& thrown) {
    report(false, std::string("the check itself failed: ") + thrown.what());
  }
  std::fflush(nullptr);
  ::_exit(0);
}

}  // namespace milepost::conformance
