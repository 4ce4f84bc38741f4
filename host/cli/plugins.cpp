#include <fmt/core.h>

#include "host/cli/command.hpp"
#include "host/deploy/deployment.hpp"
#include "host/cli/table.hpp"

namespace milepost::cli {
namespace {

std::string described_type(const Json& schema) {
  if (const Json* choice = find(schema, "/enum")) return text(*choice);
  if (const auto type = get<std::string>(schema, "/type")) return get<std::string>(schema, "/format").value_or(*type);
  return "any";
}

void print_settings(const Json& settings, const std::string& indent) {
  const Json* properties = find(settings, "/properties");
  if (properties == nullptr) return;
  const Json* required = find(settings, "/required");
  Table table({indent + "setting", "type", "default", "what"});
  for (const auto& [key, schema] : properties->items()) {
    std::string fallback = "";
    if (const Json* value = find(schema, "/default")) fallback = value->is_string() ? value->get<std::string>() : text(*value);
    bool needed = false;
    for (std::size_t i = 0; required != nullptr && i < required->size(); ++i) needed = needed || (*required)[i] == key;
    const bool secret = get<bool>(schema, "/x-secret").value_or(false);
    table.add({indent + key, secret ? "secret" : described_type(schema), needed ? "(required)" : fallback,
               get<std::string>(schema, "/description").value_or("")});
  }
  fmt::print("{}", table.text());
}

}  // namespace

int plugins_list(const Arguments& arguments) {
  const auto deployment = deploy::load(arguments.folder(), false);
  const auto& registry = *deployment.registry;
  if (arguments.json()) {
    Json installed = Json::array(), refused = Json::array();
    for (const auto& list : {registry.installed(), registry.sandboxes()})
      for (const auto& plugin : list)
        installed.push_back({{"name", plugin.name}, {"version", plugin.version}, {"abi", plugin.abi}, {"sdk", plugin.sdk}, {"path", plugin.path}, {"sha256", plugin.digest}});
    for (const auto& one : registry.refused()) refused.push_back({{"path", one.path}, {"reason", one.reason}});
    fmt::print("{}\n", text(Json{{"installed", installed}, {"refused", refused}}));
    return refused.empty() ? kDone : kFaults;
  }
  Table table({"NAME", "VERSION", "ABI", "SDK", "SHA-256", "PATH"});
  for (const auto& list : {registry.installed(), registry.sandboxes()})
    for (const auto& plugin : list) table.add({plugin.name, plugin.version, plugin.abi, plugin.sdk, plugin.digest.substr(0, 12), plugin.path});
  fmt::print("{}", table.text());
  if (!registry.refused().empty()) fmt::print("\nRefused:\n");
  for (const auto& one : registry.refused()) fmt::print("  {}\n    {}\n", one.path, one.reason);
  return registry.refused().empty() ? kDone : kFaults;
}

int plugins_describe(const Arguments& arguments) {
  if (arguments.positional.size() != 1) return wrong_use("name one plugin: milepost plugins describe NAME");
  const auto deployment = deploy::load(arguments.folder(), false);
  std::vector<std::string> names;
  for (const auto& plugin : deployment.registry->installed()) {
    names.push_back(plugin.name);
    if (plugin.name != arguments.positional[0]) continue;
    if (arguments.json()) {
      fmt::print("{}\n", text(plugin.manifest));
      return kDone;
    }
    fmt::print("{} {}: {}\n", plugin.name, plugin.version, plugin.summary);
    if (const Json* settings = find(plugin.manifest, "/connection/settings")) {
      fmt::print("\nConnection\n");
      print_settings(*settings, "  ");
    }
    for (const char* kind : {"sources", "actions"}) {
      const Json* list = find(plugin.manifest, std::string("/") + kind);
      for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
        const Json& one = (*list)[i];
        fmt::print("\n{} {}.{}: {}\n", std::string(kind) == "actions" ? "Action" : "Source", plugin.name,
                   get<std::string>(one, "/name").value_or(""), get<std::string>(one, "/summary").value_or(""));
        if (const auto replay = get<std::string>(one, "/traits/replay"))
          fmt::print("  after an unknown outcome: {}\n", get<bool>(one, "/lookup").value_or(false) ? "looks the record up"
                                                       : *replay == "always"                  ? "repeats (harmless)"
                                                       : *replay == "with_key"                ? "repeats with the vendor's key"
                                                                                              : "waits for a person (in doubt)");
        if (const Json* settings = find(one, "/settings")) print_settings(*settings, "  ");
      }
    }
    return kDone;
  }
  const auto near = config::nearest(arguments.positional[0], names);
  return failed({ErrorKind::permanent, "no plugin \"" + arguments.positional[0] + "\" is installed" + (near.empty() ? "" : "; did you mean \"" + near + "\"?")});
}

}  // namespace milepost::cli
