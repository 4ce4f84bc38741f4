// One place of a component's settings schema, asked the questions that reading YAML needs. It follows `$ref` and picks,
// of `anyOf` or `oneOf`, the alternative that fits what was written, so that messages can be about that one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/yaml.hpp"
#include "milepost/json.hpp"

namespace milepost::config {

class SchemaView {
 public:
  /// nullptr allows anything. `root` is where `$ref` looks.
  static SchemaView of(const Json* schema, const Json& root);
  const Json* json() const { return schema_; }  ///< the schema itself, `$ref` followed
  SchemaView alternative(const yaml::Node& node) const;

  bool admits(std::string_view type) const;  ///< "number" is more than "integer"
  bool takes(const Json& value) const;
  std::string wanted() const;  ///< "a whole number", "text or a list"
  std::string_view format() const;
  bool secret() const { return flag("x-secret"); }
  bool own_template() const { return flag("x-template"); }  ///< its `${…}` is not an expression

  std::vector<std::string> properties() const;
  std::vector<std::string> required() const;
  const Json* property(const std::string& key) const;
  const Json* additional() const;  ///< the schema of other keys, or nullptr
  /// No other keys. Unlike in JSON Schema a mapping that names properties is closed unless it says otherwise: these are
  /// settings, and an unknown one is a mistake.
  bool closed() const;
  const Json* item(std::size_t index) const;

  /// Why the value is none of `enum`.
  std::optional<std::string> choice_fault(const Json& value) const;

 private:
  SchemaView(const Json* schema, const Json& root) : schema_(schema), root_(&root) {}
  bool flag(const char* key) const;
  const Json* member(const char* key) const;
  std::vector<SchemaView> alternatives() const;

  const Json* schema_;  ///< an object or nullptr
  const Json* root_;
};

}  // namespace milepost::config
