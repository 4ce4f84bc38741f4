#include <fmt/core.h>
#include <unistd.h>

#include "host/cli/command.hpp"
#include "host/deploy/deployment.hpp"
#include "host/config/fault_text.hpp"

namespace milepost::cli {

int check(const Arguments& arguments) {
  if (!arguments.positional.empty()) return wrong_use("`check` takes no argument; name the folder with --config DIR");
  const auto deployment = deploy::load(arguments.folder(), false);
  const auto warnings = std::count_if(deployment.faults.begin(), deployment.faults.end(), [](const auto& fault) { return fault.warning; });
  const auto faults = static_cast<long>(deployment.faults.size()) - warnings;
  if (arguments.json()) {
    Json list = Json::array();
    for (const auto& fault : deployment.faults) list.push_back(config::to_json(fault));
    fmt::print("{}\n", text(Json{{"ok", deployment.ok()}, {"faults", list}}));
    return deployment.ok() ? kDone : kFaults;
  }
  if (!deployment.faults.empty()) fmt::print("{}\n", config::render(deployment.faults, deployment.root, ::isatty(STDOUT_FILENO) != 0));
  if (faults == 0) {
    fmt::print("ok: {} pipeline{}, {} connection{}{}\n", deployment.programs.size(), deployment.programs.size() == 1 ? "" : "s",
               deployment.folder.connections.size(), deployment.folder.connections.size() == 1 ? "" : "s",
               warnings ? fmt::format(", {} warning{}", warnings, warnings == 1 ? "" : "s") : "");
    return kDone;
  }
  return kFaults;
}

}  // namespace milepost::cli
