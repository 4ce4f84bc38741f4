// Reads a config folder: YAML with positions into checked definitions, with every fault of the folder in one report.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/catalog.hpp"
#include "host/config/definition.hpp"

namespace milepost::config {

struct Loaded {
  Folder folder;   ///< what could be read; a pipeline or connection with a fault is left out
  std::vector<Pipeline> unsound;  ///< those left out, as far as they could be read: to find their other faults, never to run
  Faults faults;   ///< ordered by file, line, column
  bool ok() const;  ///< no fault but warnings
};

/// milepost.yaml alone: what is needed before plugins can be found. A missing file is an empty one.
struct LoadedHost {
  HostSettings host;
  Faults faults;
};
LoadedHost load_host(const std::string& root);

/// loans.yaml alone, by the root: the standard model where there is none, or it has a fault.
LoanModel load_loans(const std::string& root);

/// The whole folder. Checks structure, keys, types, the settings of every `with` against the catalog's schema (leaves with
/// `${` are not type-checked), that connections, schemas and secrets exist, and that no name, step id or hook path is used
/// twice. Expressions are checked by engine/program.hpp, which sees what they may name. Never throws. Files are read once.
/// `secrets`: instead of those that milepost.yaml names.
Loaded load_folder(const std::string& root, const Catalog& catalog, const std::optional<SecretsFrom>& secrets = {});

/// One pipeline from its text alone: whatever it names outside of it (connections, secrets, schemas) is a fault. Never throws.
struct LoadedPipeline {
  std::optional<Pipeline> pipeline;  ///< absent when it has a fault
  Faults faults;
};
LoadedPipeline load_pipeline(std::string_view text, const std::string& file, const Catalog& catalog);

/// SHA-256 in hex of the canonical text of `value` (keys sorted, numbers by source text).
std::string digest(const Json& value);

}  // namespace milepost::config
