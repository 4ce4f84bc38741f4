// A plugin's page, from what it says of itself: never older than its code.
#include <fmt/core.h>

#include "host/cli/command.hpp"
#include "host/deploy/deployment.hpp"

namespace milepost::cli {
namespace {

std::string cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != text.npos; at += 2) text.insert(at, "\\");
  return text;
}

std::string type_of(const Json& schema) {
  if (get<bool>(schema, "/x-secret").value_or(false)) return "secret";
  if (const Json* choice = find(schema, "/enum"); choice != nullptr && choice->is_array()) {
    std::string out;
    for (const auto& each : *choice)
      out += (out.empty() ? "" : ", ") + (each.is_string() ? each.get<std::string>() : text(each));
    return "one of " + out;
  }
  if (const auto format = get<std::string>(schema, "/format")) return *format;
  return get<std::string>(schema, "/type").value_or("any");
}

std::string settings_table(const Json* settings) {
  const Json* properties = settings == nullptr ? nullptr : find(*settings, "/properties");
  if (properties == nullptr || properties->empty()) return "It has no settings.\n";
  const Json* required = find(*settings, "/required");
  std::string out = "| setting | type | default | |\n|---|---|---|---|\n";
  for (const auto& [key, schema] : properties->items()) {
    bool needed = false;
    for (std::size_t i = 0; required != nullptr && i < required->size(); ++i) needed = needed || (*required)[i] == key;
    const Json* fallback = find(schema, "/default");
    const std::string shown = fallback == nullptr     ? ""
                              : fallback->is_string() ? fallback->get<std::string>()
                                                      : text(*fallback);
    out += fmt::format("| `{}` | {} | {} | {} |\n", key, cell(type_of(schema)),
                       needed          ? "*required*"
                       : shown.empty() ? ""
                                       : "`" + cell(shown) + "`",
                       cell(get<std::string>(schema, "/description").value_or("")));
  }
  return out;
}

std::string seconds(std::int64_t count) {
  if (count % 86'400 == 0) return std::to_string(count / 86'400) + (count == 86'400 ? " day" : " days");
  if (count % 3'600 == 0) return std::to_string(count / 3'600) + " h";
  return std::to_string(count) + " s";
}

/// What happens when nobody knows whether a request had its effect.
std::string semantics(const Json& action) {
  const auto replay = get<std::string>(action, "/traits/replay").value_or("never");
  const auto lifetime = get<std::int64_t>(action, "/traits/key_lifetime_s").value_or(0);
  const auto settles = get<std::int64_t>(action, "/traits/settles_after_s").value_or(0);
  std::string out;
  if (get<bool>(action, "/lookup").value_or(false))
    out = "**Settled by look-up**: after an unknown outcome the record is looked up at the vendor" +
          (settles > 0 ? "; that it is not there is believed " + seconds(settles) + " after the request"
                       : std::string()) +
          ".";
  else if (replay == "always")
    out = "**Repeat-safe**: sent again after an unknown outcome; a second time changes nothing.";
  else if (replay == "with_key")
    out = "**Repeat-safe by key**: sent again with the same idempotency key for " + seconds(lifetime) +
          " after the first attempt; later, an unknown outcome waits for a person.";
  else
    out = "**Not repeat-safe**: an unknown outcome waits for a person, in doubt.";
  if (const auto batch = get<std::int64_t>(action, "/traits/max_batch").value_or(1); batch > 1)
    out += " Up to " + std::to_string(batch) + " deliveries share a call where the step says `batch`.";
  return out;
}

std::string page(const plugins::Installed& plugin) {
  const Json& manifest = plugin.manifest;
  const auto word = [](const Json& json, const char* pointer) { return get<std::string>(json, pointer).value_or(""); };
  std::string out = fmt::format("# {}\n\n{}\n\nVersion {}, built with SDK {} (ABI {}).\n", plugin.name, plugin.summary,
                                plugin.version, plugin.sdk, plugin.abi);
  if (const Json* settings = find(manifest, "/connection/settings"))
    out += fmt::format("\n## The connection\n{}\n\n{}", word(*settings, "/description"), settings_table(settings));
  const auto each = [&](const char* list, auto take) {
    const Json* entries = find(manifest, list);
    for (std::size_t i = 0; entries != nullptr && i < entries->size(); ++i) take((*entries)[i]);
  };
  each("/sources", [&](const Json& source) {
    const bool webhook = word(source, "/kind") == "webhook";
    const Json* verify = find(source, "/verify");
    out +=
        fmt::format("\n## Source `{}.{}`\n{} {}{}\n\n{}", plugin.name, word(source, "/name"), word(source, "/summary"),
                    webhook ? "The vendor calls us." : "We ask the vendor; it needs a connection.",
                    !webhook                                  ? ""
                    : verify != nullptr && !verify->is_null() ? " The plugin knows how its vendor signs."
                                                              : " The pipeline says how a delivery is verified.",
                    settings_table(find(source, "/settings")));
  });
  each("/actions", [&](const Json& action) {
    out += fmt::format("\n## Action `{}.{}`\n{}\n\n{}\n\n{}", plugin.name, word(action, "/name"),
                       word(action, "/summary"), semantics(action), settings_table(find(action, "/settings")));
  });
  return out;
}

}  // namespace

int plugins_docs(const Arguments& arguments) {
  if (arguments.positional.size() != 1) return wrong_use("name one plugin: milepost plugins docs NAME");
  const auto deployment = deploy::load(arguments.folder(), false);
  std::vector<std::string> names;
  for (const auto& plugin : deployment.registry->installed()) {
    names.push_back(plugin.name);
    if (plugin.name != arguments.positional[0]) continue;
    if (arguments.json())
      fmt::print("{}\n", text(Json{{"plugin", plugin.name}, {"markdown", page(plugin)}}));
    else
      fmt::print("{}", page(plugin));
    return kDone;
  }
  const auto near = config::nearest(arguments.positional[0], names);
  return failed({ErrorKind::permanent, "no plugin \"" + arguments.positional[0] + "\" is installed" +
                                           (near.empty() ? "" : "; did you mean \"" + near + "\"?")});
}

}  // namespace milepost::cli
