// JSON Schema, draft-07, over exact JSON. Patterns run in RE2 (linear time at any length); decimals compare exactly; formats
// `uuid`, `date`, `date-time` and `email` are checked.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "milepost/json.hpp"

namespace milepost::config {

struct Violation {
  std::string pointer;  ///< JSON pointer into the value
  std::string message;  ///< what the schema wants; no borrower data: the value itself is not in it
};

class JsonSchema {
 public:
  /// `permanent` with the reason and the JSON pointer when the schema is no schema, or a pattern is none that RE2 takes.
  static Result<JsonSchema> compile(const Json& schema);
  ~JsonSchema();
  JsonSchema(JsonSchema&&) noexcept;
  JsonSchema& operator=(JsonSchema&&) noexcept;

  /// At most 20 violations, in document order. [any]
  std::vector<Violation> check(const Json& value) const;
  /// Of an object, the members that it looks at: without the others check() says the same. nullopt: any of them. [any]
  std::optional<std::set<std::string>> members() const;

 private:
  struct Compiled;
  explicit JsonSchema(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace milepost::config
