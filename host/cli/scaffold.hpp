// A new plugin's folder, from the SDK's templates.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "milepost/error.hpp"

namespace milepost::cli {

/// Where the SDK lies that this executable belongs to.
struct Sdk {
  std::filesystem::path templates;  ///< "" when there are none
  std::filesystem::path prefix;     ///< of an installation; "" in a build folder
};
Sdk find_sdk();

struct Scaffold {
  std::string name;          ///< of the plugin, and of the folder
  std::string kind;          ///< which template: action, webhook, poll
  std::string action;        ///< of the action
  std::filesystem::path in;  ///< the folder's parent
};

/// "" or what is wrong with a name of a plugin or an action, and the remedy.
std::string check_plugin_name(const std::string& name);

/// Whether this machine can build a plugin: the reason names what is missing and how to get it. Writes nothing that
/// stays.
Status check_toolchain(const Sdk& sdk);

/// Writes the folder: whole, or not at all. Its files, relative to it.
Result<std::vector<std::string>> write_scaffold(const Scaffold& wanted, const Sdk& sdk);

}  // namespace milepost::cli
