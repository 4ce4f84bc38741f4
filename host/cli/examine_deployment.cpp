// What belongs to a deployment itself: folder, plugins, secrets, store, connections.
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <future>
#include <set>

#include "host/deploy/data_folder.hpp"
#include "host/cli/examination.hpp"
#include "host/cli/store_link.hpp"
#include "host/config/fault_codes.hpp"
#include "host/config/units.hpp"
#include "host/http/client.hpp"
#include "host/journal/inspection.hpp"
#include "host/plugins/call.hpp"
#include "host/telemetry/clock.hpp"

namespace milepost::cli {
namespace {

namespace fs = std::filesystem;
using State = Finding::State;

constexpr std::uint64_t kMostCheckedBesideHost = 256u << 20;  // about half a second of reading

std::string counted(std::size_t number, const char* noun) { return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s"); }

/// A file or folder that others may not look into.
void examine_mode(const fs::path& path, mode_t others, const std::string& fix, const std::string& what, Findings& findings) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0 || (found.st_mode & others) == 0) return;
  findings.push_back({what, State::warning, fmt::format("{} has mode {:o}: other users of this machine may read it", path.string(), found.st_mode & 0777u), fix + " " + path.string()});
}

Status probe(const deploy::Deployment& deployment, const config::Connection& connection, const plugins::Services& services) {
  auto account = deployment.registry->account(connection, deployment.secrets, services);
  if (!account) return fail(account.error());
  plugins::HostCall call(connection.limit.timeout * 3);
  auto answer = (*account)->probe(call.call());
  (*account)->close();
  return answer;
}

/// By the running host, whose account it is.
Status probe_by_host(StoreLink& link, const std::string& name) {
  const auto answer = link.post("/api/v1/connections/" + encoded(name) + "/probe", Json::object());
  if (!answer) return fail(answer.error());
  if (get<bool>(*answer, "/works").value_or(false)) return {};
  return fail(ErrorKind::permanent, field(*answer, "/reason"));
}

}  // namespace

bool host_runs(const deploy::Deployment& deployment) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = deploy::data_folder(deployment.root, deployment.host.store) + "/admin.sock";
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool runs = ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return runs;
}

void examine_folder(const deploy::Deployment& deployment, Findings& findings) {
  const auto warnings = static_cast<std::size_t>(std::ranges::count(deployment.faults, true, &config::Fault::warning));
  const auto faults = deployment.faults.size() - warnings;
  const auto what = counted(deployment.programs.size(), "pipeline") + ", " + counted(deployment.folder.connections.size(), "connection");
  if (faults > 0)
    findings.push_back({"folder", State::fault, what + ", " + counted(faults, "fault"), "`milepost check` tells each"});
  else
    findings.push_back({"folder", warnings > 0 ? State::warning : State::ok, what + (warnings > 0 ? ", " + counted(warnings, "warning") : ""), warnings > 0 ? "`milepost check` tells each" : ""});
}

void examine_plugins(const deploy::Deployment& deployment, Findings& findings) {
  for (const auto& plugin : deployment.registry->installed())
    findings.push_back({"plugin " + plugin.name, State::ok, plugin.version + ", passed pre-flight, sha256 " + plugin.digest.substr(0, 16)});
  for (const auto& plugin : deployment.registry->refused()) findings.push_back({"plugin " + plugin.connector, State::fault, plugin.reason, "remove the file, or put it right"});
}

void examine_secrets(const deploy::Deployment& deployment, Findings& findings) {
  const auto unset = static_cast<std::size_t>(std::ranges::count_if(deployment.faults, [](const auto& fault) {
    return fault.code == config::code::kUnsetSecret || fault.code == config::code::kUnsetVariable || fault.code == config::code::kSecretsFile;
  }));
  if (unset > 0)
    findings.push_back({"secrets", State::fault, counted(unset, "secret") + " missing or unreadable", "`milepost check` names each"});
  else
    findings.push_back({"secrets", State::ok, "all that are named are set"});
  const auto& from = deployment.host.secrets;
  if (!from.file.empty()) examine_mode(fs::path(deployment.root) / from.file, 0077, "chmod 600", "secrets", findings);
  if (!from.folder.empty()) examine_mode(fs::path(deployment.root) / from.folder, 0007, "chmod 700", "secrets", findings);
  const fs::path data = deploy::data_folder(deployment.root, deployment.host.store);
  examine_mode(data, 0077, "chmod 700", "data folder", findings);
  examine_mode(data / "owner.key", 0077, "chmod 600", "owner's key", findings);
}

void examine_store(const deploy::Deployment& deployment, bool runs, Findings& findings) {
  const auto path = (fs::path(deployment.root) / deployment.host.store).lexically_normal().string();
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return findings.push_back({"store", State::ok, "none yet: the first `milepost run` makes it"});
  const auto found = journal::inspect(path, runs ? kMostCheckedBesideHost : ~std::uint64_t{0});
  if (!found) return findings.push_back({"store", State::fault, found.error().message, "docs/operating.md says how a backup is put back"});
  const auto detail = fmt::format("schema {}, {:.1f} MiB, {}", found->version, static_cast<double>(found->bytes) / (1u << 20),
                                  !found->checked ? "its pages not checked beside a running host, for its size" : found->damage.empty() ? "whole" : "damaged: " + found->damage);
  if (!found->damage.empty()) return findings.push_back({"store", State::fault, detail, "stop the host, and put a backup back: docs/operating.md"});
  const auto now = telemetry::to_micros(telemetry::SystemClock().now());
  if (found->newest_us > now + 60'000'000)
    return findings.push_back({"store", State::fault, detail + ", but its newest event is of a time that is still to come", "the clock went back: set it by NTP"});
  findings.push_back({"store", State::ok, detail});
}

void examine_connections(const deploy::Deployment& deployment, bool runs, Findings& findings) {
  telemetry::SystemClock clock;
  http::Client client;
  const plugins::Services services{&client, &clock, nullptr};
  std::vector<std::pair<std::string, std::future<Status>>> answers;
  for (const auto& [name, connection] : deployment.folder.connections)
    answers.emplace_back(name, std::async(std::launch::async, [&, name, runs]() -> Status {
                           if (!runs) return probe(deployment, deployment.folder.connections.at(name), services);
                           auto link = StoreLink::open(deployment.root);
                           return link ? probe_by_host(**link, name) : fail(link.error());
                         }));
  for (auto& [name, answer] : answers) {
    const auto works = answer.get();
    const auto& connection = deployment.folder.connections.at(name);
    if (works)
      findings.push_back({"connection " + name, State::ok, connection.use + " answers"});
    else
      findings.push_back({"connection " + name, State::fault, works.error().message,
                          works.error().kind == ErrorKind::auth ? "correct its credentials" : "check `with` in " + connection.at.file + " and the way to the vendor"});
  }
}

}  // namespace milepost::cli
