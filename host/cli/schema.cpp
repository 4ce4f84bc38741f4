// `milepost schema`: what an editor needs to complete, document and check a config folder's files.
#include <fmt/core.h>

#include <filesystem>

#include "host/cli/command.hpp"
#include "host/deploy/deployment.hpp"
#include "host/deploy/write_file.hpp"
#include "host/cli/table.hpp"
#include "host/config/editor_schema.hpp"

namespace milepost::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFolder = ".milepost/schemas";

std::string file_of(const config::FileKind& kind) { return std::string(kFolder) + "/" + std::string(kind.name) + ".json"; }

/// As Visual Studio Code's settings name schemas, and so that it knows our two tags.
Json editor_settings() {
  Json schemas = Json::object();
  for (const auto& kind : config::file_kinds()) schemas["./" + file_of(kind)] = "/" + std::string(kind.files);
  return {{"yaml.schemas", schemas}, {"yaml.customTags", {"!secret scalar", "!env scalar"}}};
}

int write_all(const std::string& root, const config::Catalog& catalog) {
  std::error_code fault;
  fs::create_directories(fs::path(root) / kFolder, fault);
  if (fault) return failed({ErrorKind::permanent, kFolder + std::string(" cannot be made: ") + fault.message()});
  Table table({"FILES", "SCHEMA"});
  for (const auto& kind : config::file_kinds()) {
    // Whole or not at all: an editor may be reading it.
    if (auto done = deploy::write_file((fs::path(root) / file_of(kind)).string(), editor_schema(kind.name, catalog).dump(2) + "\n"); !done) return failed(done.error());
    table.add({std::string(kind.files), file_of(kind)});
  }
  fmt::print("{}\nVisual Studio Code (with the extension redhat.vscode-yaml): .vscode/settings.json\n\n{}\n", table.text(), editor_settings().dump(2));
  fmt::print("\nAny other editor: a first line such as this in a pipeline, and the same customTags in its settings\n\n"
             "# yaml-language-server: $schema=../{}/pipeline.json\n", kFolder);
  return kDone;
}

}  // namespace

int schema(const Arguments& arguments) {
  if (arguments.positional.size() > 1) return wrong_use("name one kind of file: milepost schema pipeline");
  if (arguments.has("write") && !arguments.positional.empty()) return wrong_use("--write writes the schemas of all kinds; leave the kind out");
  const auto kinds = config::file_kinds();
  if (arguments.positional.empty() && !arguments.has("write")) {
    Table table({"KIND", "FILES", "WHAT"});
    for (const auto& kind : kinds) table.add({std::string(kind.name), std::string(kind.files), std::string(kind.about)});
    fmt::print("{}", arguments.json() ? editor_settings().dump() + "\n" : table.text());
    return kDone;
  }
  const auto found = std::ranges::find_if(kinds, [&](const auto& kind) { return !arguments.positional.empty() && kind.name == arguments.positional[0]; });
  if (!arguments.has("write") && found == kinds.end()) {
    std::string names;
    for (const auto& kind : kinds) names += (names.empty() ? "" : ", ") + std::string(kind.name);
    return wrong_use("there is no kind of file \"" + arguments.positional[0] + "\"; there are " + names);
  }
  const auto deployment = deploy::load(arguments.folder(), false);
  if (arguments.has("write")) return write_all(deployment.root, *deployment.registry);
  fmt::print("{}\n", config::editor_schema(found->name, *deployment.registry).dump(2));
  return kDone;
}

}  // namespace milepost::cli
