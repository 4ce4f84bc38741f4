#include <fmt/core.h>

#include "host/cli/command.hpp"
#include "host/cli/scaffold.hpp"
#include "milepost/json.hpp"

namespace milepost::cli {

int plugins_new(const Arguments& arguments) {
  if (arguments.positional.size() != 1)
    return wrong_use("name the new plugin: milepost plugins new NAME --action ACTION");
  Scaffold wanted{arguments.positional[0], "action", arguments.get("action", "send"), "."};
  if (arguments.has("source")) {
    wanted.kind = arguments.get("source");
    if (arguments.has("action"))
      return wrong_use("a new plugin begins with an action or a source: add the other by hand");
    if (wanted.kind != "webhook" && wanted.kind != "poll")
      return wrong_use("--source takes webhook or poll, not \"" + wanted.kind + "\"");
  }
  for (const auto& name : {wanted.name, wanted.action})
    if (auto wrong = check_plugin_name(name); !wrong.empty()) return wrong_use(wrong);
  const auto sdk = find_sdk();
  if (const auto ready = check_toolchain(sdk); !ready) return failed(ready.error());
  const auto files = write_scaffold(wanted, sdk);
  if (!files) return failed(files.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(Json{{"plugin", wanted.name}, {"files", *files}}));
    return kDone;
  }
  for (const auto& file : *files) fmt::print("{}/{}\n", wanted.name, file);
  fmt::print("\nNext: milepost plugins dev {}\n", wanted.name);
  return kDone;
}

}  // namespace milepost::cli
