// `milepost show`: what holds in the end, and where each value comes from.
#include <fmt/core.h>

#include <filesystem>

#include "host/cli/command.hpp"
#include "host/deploy/deployment.hpp"
#include "host/config/effective_view.hpp"
#include "host/config/fault_codes.hpp"
#include "host/config/fault_text.hpp"

namespace milepost::cli {
namespace {

int print_view(const std::optional<config::View>& view, const config::Faults& faults, const std::string& root, bool json) {
  if (!view) {
    fmt::print(stderr, "{}", config::render(faults, root, false));
    return kFaults;
  }
  fmt::print("{}", json ? text(config::to_json(*view)) + "\n" : config::to_text(*view));
  return kDone;
}

}  // namespace

int show(const Arguments& arguments) {
  const auto& words = arguments.positional;
  const bool definition = words.size() == 2 && (words[0] == "pipeline" || words[0] == "connection");
  if (!definition && !words.empty())
    return wrong_use("`show` shows the host's settings, or one definition: milepost show pipeline NAME, milepost show connection NAME");
  config::Faults faults;
  if (!definition) {
    const auto root = std::filesystem::absolute(arguments.folder()).lexically_normal().string();
    // Without a milepost.yaml the defaults hold; without a folder nothing does.
    for (const auto& fault : config::load_host(root).faults)
      if (fault.code == config::code::kFolder) faults.push_back(fault);
    if (!faults.empty()) return print_view({}, faults, root, false);
    return print_view(config::view_host(root, faults), faults, root, arguments.json());
  }
  const auto deployment = deploy::load(arguments.folder(), false);
  return print_view(config::view_definition(deployment.root, words[0], words[1], *deployment.registry, faults), faults, deployment.root, arguments.json());
}

}  // namespace milepost::cli
