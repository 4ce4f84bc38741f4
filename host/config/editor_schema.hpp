// JSON Schema for an editor: a file kind's shape with what is installed filled in, so that any YAML language server
// completes, documents and checks a config folder.
#pragma once

#include <span>
#include <string_view>

#include "host/config/catalog.hpp"
#include "milepost/json.hpp"

namespace milepost::config {

struct FileKind {
  std::string_view name;   ///< "pipeline"
  std::string_view files;  ///< "pipelines/*.yaml": where they lie in a config folder
  std::string_view about;  ///< a few words
};

/// Every kind that a config folder has, in the order in which people meet them.
std::span<const FileKind> file_kinds();

/// Draft-07. `kind` is one of file_kinds(). It accepts whatever the readers accept: a text setting takes a number as well, and
/// where `${…}` is evaluated any setting takes such a text. What needs the rest of the folder (names, secrets, expressions) is
/// left to `milepost check`.
Json editor_schema(std::string_view kind, const Catalog& catalog);

}  // namespace milepost::config
