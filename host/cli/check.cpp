#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "host/cli/command.hpp"
#include "host/deploy/deployment.hpp"
#include "host/config/fault_text.hpp"

namespace milepost::cli {
namespace {

std::string count(std::size_t number, const char* noun) { return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s"); }

void print_json(const deploy::Deployment& deployment, bool good) {
  Json list = Json::array();
  for (const auto& fault : deployment.faults) list.push_back(config::to_json(fault));
  fmt::print("{}\n", text(Json{{"ok", good}, {"faults", list}}));
}

void print_text(const deploy::Deployment& deployment, std::size_t warnings) {
  if (!deployment.faults.empty()) fmt::print("{}\n", config::render(deployment.faults, deployment.root, ::isatty(STDOUT_FILENO) != 0));
  if (!deployment.ok()) return;
  fmt::print("ok: {}, {}{}\n", count(deployment.programs.size(), "pipeline"), count(deployment.folder.connections.size(), "connection"),
             warnings ? ", " + count(warnings, "warning") : "");
}

}  // namespace

int check(const Arguments& arguments) {
  if (!arguments.positional.empty()) return wrong_use("`check` takes no argument; name the folder with --config DIR");
  const auto format = arguments.json() ? "json" : arguments.get("format", "text");
  if (format != "text" && format != "json" && format != "github") return wrong_use("--format is text, json or github, not \"" + format + "\"");
  const auto deployment = deploy::load(arguments.folder(), false);
  const auto warnings = static_cast<std::size_t>(std::ranges::count(deployment.faults, true, &config::Fault::warning));
  const bool good = deployment.ok() && !(arguments.has("strict") && warnings > 0);
  if (format == "json") {
    print_json(deployment, good);
  } else if (format == "github") {
    // Paths there count from the repository's root, where such a job runs.
    std::error_code ignored;
    const auto here = std::filesystem::relative(deployment.root, std::filesystem::current_path(ignored), ignored);
    fmt::print("{}", config::annotations(deployment.faults, here.empty() ? deployment.root : here.string()));
  } else {
    print_text(deployment, warnings);
  }
  return good ? kDone : kFaults;
}

}  // namespace milepost::cli
