// A definition as it takes effect: every key that it could have, what holds, and where that comes from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/config/catalog.hpp"
#include "host/config/fault.hpp"
#include "milepost/json.hpp"

namespace milepost::config {

struct Shown {
  enum class From { file, standard, inherited };

  std::string key;  ///< "" for an item of a list
  From from = From::file;
  Position at;                 ///< in the file, where it comes from there
  std::string text;            ///< of a scalar, as YAML: a secret is !secret NAME or "***", never its value
  bool list = false;           ///< its members are items
  std::vector<Shown> members;  ///< none: a scalar, or an empty list or mapping as its text says
};

struct View {
  std::string kind, name;  ///< "pipeline", "loan-milestones"
  std::string file;        ///< relative to the config folder
  Shown whole;
};

/// milepost.yaml; everything is standard where there is none. Faults: it cannot be read. Never throws.
std::optional<View> view_host(const std::string& root, Faults& faults);
/// The connection or pipeline of this name, whether or not it has faults: what no one reads is left out. nullopt, with a fault
/// that names the nearest: there is none.
std::optional<View> view_definition(const std::string& root, const std::string& kind, const std::string& name,
                                    const Catalog& catalog, Faults& faults);

/// YAML that says the same, each line with a comment on where it comes from.
std::string to_text(const View& view);
/// {kind, name, file, values: [{path, value, from: {file, line, column} | "default" | "the pipeline"}]}.
Json to_json(const View& view);

}  // namespace milepost::config
