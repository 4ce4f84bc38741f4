// A compiled JSON Schema: one Rules for each schema in the document, referring to each other by pointer.
#pragma once

#include <re2/re2.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host/config/decimal.hpp"
#include "host/config/formats.hpp"
#include "host/config/json_schema.hpp"

namespace milepost::config {

/// Equal for values that JSON Schema calls equal: numbers by value, objects without regard to order.
std::string equality_key(const Json& value);

struct Rules {
  enum Type : unsigned { kNull = 1, kBoolean = 2, kString = 4, kNumber = 8, kInteger = 16, kArray = 32, kObject = 64 };
  using Pattern = std::shared_ptr<const RE2>;

  bool never = false;                               ///< the schema `false`
  const Rules* ref = nullptr;                       ///< stands for that one; in draft-07 its neighbours say nothing
  unsigned types = 0;                               ///< 0: any
  std::optional<std::vector<std::string>> choices;  ///< enum and const: equality keys
  std::string choices_text;                         ///< for the message

  std::optional<Decimal> multiple_of, minimum, maximum, above, below;
  std::string multiple_of_text, minimum_text, maximum_text, above_text, below_text;

  std::optional<std::size_t> min_length, max_length;
  Pattern pattern;
  FormatCheck format = nullptr;
  std::string format_name;

  std::vector<const Rules*> items;     ///< one by one
  const Rules* other_items = nullptr;  ///< the rest: `items` as one schema, or `additionalItems`
  const Rules* contains = nullptr;
  std::optional<std::size_t> min_items, max_items;
  bool unique = false;

  std::unordered_map<std::string, const Rules*> properties;
  std::vector<std::pair<Pattern, const Rules*>> pattern_properties;
  const Rules* other_properties = nullptr;
  const Rules* property_names = nullptr;
  std::vector<std::string> required;
  std::optional<std::size_t> min_properties, max_properties;
  std::vector<std::pair<std::string, std::vector<std::string>>> needs;  ///< dependencies on keys
  std::vector<std::pair<std::string, const Rules*>> dependent;          ///< dependencies on schemas

  std::vector<const Rules*> all, any, one;
  const Rules* no = nullptr;
  const Rules* condition = nullptr;
  const Rules* then = nullptr;
  const Rules* otherwise = nullptr;

  /// Those that apply to the same value as this.
  std::vector<const Rules*> in_place() const;
};

struct CompiledSchema {
  std::deque<Rules> rules;
  const Rules* root = nullptr;
};
struct JsonSchema::Compiled : CompiledSchema {};

}  // namespace milepost::config
