// A `with` against the settings schema of its component: typed by it, checked by it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/config/definition.hpp"
#include "host/config/json_schema.hpp"
#include "host/config/report.hpp"
#include "host/config/yaml.hpp"

namespace milepost::config {

/// A `!secret` or `!env` that stands where it may: whether it is set is checked by the reader of the folder.
struct SecretUse {
  std::string tag, name, path;
  const yaml::Node* node;
};

struct SettingsRules {
  bool expressions = false;              ///< `${…}` may stand in texts; such texts are not type-checked
  std::string no_expressions_because;    ///< for the message
  std::set<std::string> host_keys = {};  ///< keys of the outermost mapping that are read elsewhere
};

/// Compiles the schemas of components once, however many steps use them.
class SettingsSchemas {
 public:
  SettingsSchemas();
  ~SettingsSchemas();
  /// What the reader below does not check itself (bounds, patterns, alternatives), or nullptr when the schema has no
  /// such rule. `schema` must outlive this.
  /// [any]
  const JsonSchema* further(const Json& schema, const Json& root);

 private:
  std::mutex mutex_;
  std::map<const Json*, std::unique_ptr<JsonSchema>> compiled_;
};

/// Reads `with` (nullptr: absent, as if empty; its faults then stand at `owner`). A schema that is no object allows
/// anything.
Value read_settings(const yaml::Node* with, const yaml::Node& owner, const std::string& path, const Json& schema,
                    const SettingsRules& rules, SettingsSchemas& schemas, Report& report,
                    std::vector<SecretUse>& secrets);

/// A piece of YAML where no schema tells what it should be: as Value says, but for tags, which are not looked at.
Json natural_json(const yaml::Node& node);

/// The settings with the defaults that the schema names for absent keys, for showing and for hashing.
Json with_defaults(const Json& settings, const Json& schema);

}  // namespace milepost::config
