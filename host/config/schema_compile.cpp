// JSON Schema into Rules: everything that can be wrong with a schema is found here, so that checking never fails.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "host/config/pointer.hpp"
#include "host/config/schema_rules.hpp"
#include "host/config/words.hpp"

namespace milepost::config {
namespace {

constexpr std::size_t kDeepest = 128;      // of the schema document
constexpr std::size_t kLongestChain = 32;  // of schemas that apply to one value through each other

/// Thrown within this file only; compile() turns it into a Result.
struct Refused {
  std::string pointer, reason;
};

/// RE2 has no \uXXXX, which JSON Schema's own dialect has.
std::string translate(const std::string& pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '\\' || i + 1 == pattern.size()) {
      out += pattern[i];
      continue;
    }
    const auto digits = pattern.substr(i + 2, 4);
    if (pattern[i + 1] == 'u' && digits.size() == 4 &&
        digits.find_first_not_of("0123456789abcdefABCDEF") == digits.npos) {
      out += "\\x{" + digits + "}";
      i += 5;
    } else {
      out += pattern[i];
      out += pattern[++i];
    }
  }
  return out;
}

class Compiler {
 public:
  Compiler(const Json& root, CompiledSchema& out) : root_(root), out_(out) {}

  void run() {
    note_dialect();
    collect_ids(root_, "", 0);
    out_.root = schema(root_, "", 0);
    // A reference may lead to a place that no keyword made a schema of, and that one further.
    while (!waiting_.empty()) {
      const auto pointer = waiting_.back();
      waiting_.pop_back();
      schema(*find(root_, pointer), pointer, 0);
    }
    for (const auto& [pointer, rules] : made_) measure(*rules, pointer);
  }

 private:
  [[noreturn]] static void refuse(const std::string& pointer, std::string reason) {
    throw Refused{pointer, std::move(reason)};
  }

  void note_dialect() {
    const Json* dialect = find(root_, "/$schema");
    if (dialect == nullptr) return;
    if (dialect->is_string())
      for (const char* known : {"draft-07", "draft-06"})
        if (dialect->get_ref<const std::string&>().find(known) != std::string::npos) return;
    refuse("/$schema", "only draft-07 is understood");
  }

  /// Names that `$ref` may use besides pointers.
  void collect_ids(const Json& value, const std::string& pointer, std::size_t depth) {
    if (depth > kDeepest) refuse(pointer, "nested too deep");
    if (value.is_object()) {
      if (const auto id = value.find("$id"); id != value.end() && id->is_string())
        ids_.emplace(id->get<std::string>(), pointer);
      for (const auto& [key, member] : value.items())
        collect_ids(member, pointer + "/" + pointer_token(key), depth + 1);
    } else if (value.is_array()) {
      for (std::size_t i = 0; i < value.size(); ++i)
        collect_ids(value[i], pointer + "/" + std::to_string(i), depth + 1);
    }
  }

  Rules* slot(const std::string& pointer) {
    auto& place = made_[pointer];
    if (place == nullptr) place = &out_.rules.emplace_back();
    return place;
  }

  const Rules* schema(const Json& value, const std::string& pointer, std::size_t depth) {
    Rules* rules = slot(pointer);
    if (!done_.insert(pointer).second) return rules;
    if (value.is_boolean())
      rules->never = !value.get<bool>();
    else if (value.is_object())
      fill(*rules, value, pointer, depth + 1);
    else
      refuse(pointer, "a schema is an object, true or false");
    return rules;
  }

  const Rules* reference(const Json& value, const std::string& pointer) {
    if (!value.is_string()) refuse(pointer, "$ref is text");
    std::string target = value.get<std::string>();
    // The document may name itself in full.
    if (const Json* id = find(root_, "/$id"); id != nullptr && id->is_string() && !target.starts_with('#')) {
      const auto& base = id->get_ref<const std::string&>();
      const auto name = base.substr(0, base.find('#'));
      if (!name.empty() && (target == name || target.starts_with(name + "#")))
        target = "#" + target.substr(std::min(target.size(), name.size() + 1));
    }
    std::string to;
    if (target == "#")
      to = "";
    else if (target.starts_with("#/"))
      to = decoded(target.substr(1));
    else if (const auto id = ids_.find(target); id != ids_.end())
      to = id->second;
    else
      refuse(pointer, "$ref leads out of this document; put the schema under definitions");
    if (find(root_, to) == nullptr) refuse(pointer, "$ref leads nowhere: " + in_quotes(target));
    Rules* rules = slot(to);
    if (!done_.contains(to)) waiting_.push_back(to);
    return rules;
  }

  /// A pointer inside a URI may be percent-encoded.
  static std::string decoded(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto digits = text.substr(i + 1, 2);
      if (text[i] == '%' && digits.size() == 2 && digits.find_first_not_of("0123456789abcdefABCDEF") == digits.npos) {
        out += static_cast<char>(std::stoi(digits, nullptr, 16));
        i += 2;
      } else {
        out += text[i];
      }
    }
    return out;
  }

  void fill(Rules& rules, const Json& value, const std::string& pointer, std::size_t depth) {
    if (depth > kDeepest) refuse(pointer, "nested too deep");
    if (const auto ref = value.find("$ref"); ref != value.end()) {
      rules.ref = reference(*ref, pointer + "/$ref");
      return;
    }
    for (const auto& [key, rule] : value.items()) {
      const std::string at = pointer + "/" + pointer_token(key);
      if (!general(rules, key, rule, at, depth) && !numeric(rules, key, rule, at) && !textual(rules, key, rule, at) &&
          !listing(rules, key, rule, value, at, depth))
        mapping(rules, key, rule, at, depth);
    }
  }

  bool general(Rules& rules, const std::string& key, const Json& rule, const std::string& at, std::size_t depth) {
    if (key == "type")
      rules.types = types(rule, at);
    else if (key == "enum")
      choices(rules, rule, at);
    else if (key == "const")
      choices(rules, Json::array({rule}), at);
    else if (key == "allOf")
      rules.all = schemas(rule, at, depth);
    else if (key == "anyOf")
      rules.any = schemas(rule, at, depth);
    else if (key == "oneOf")
      rules.one = schemas(rule, at, depth);
    else if (key == "not")
      rules.no = schema(rule, at, depth);
    else if (key == "if")
      rules.condition = schema(rule, at, depth);
    else if (key == "then")
      rules.then = schema(rule, at, depth);
    else if (key == "else")
      rules.otherwise = schema(rule, at, depth);
    else if (key == "definitions")
      named(rule, at, depth);
    else
      return false;
    return true;
  }

  bool numeric(Rules& rules, const std::string& key, const Json& rule, const std::string& at) {
    const auto set = [&](std::optional<Decimal>& decimal, std::string& text) {
      if (!is_number(rule)) refuse(at, "a number is wanted here");
      text = number_text(rule);
      decimal = Decimal::parse(text);
      return true;
    };
    if (key == "minimum") return set(rules.minimum, rules.minimum_text);
    if (key == "maximum") return set(rules.maximum, rules.maximum_text);
    if (key == "exclusiveMinimum") return set(rules.above, rules.above_text);
    if (key == "exclusiveMaximum") return set(rules.below, rules.below_text);
    if (key != "multipleOf") return false;
    set(rules.multiple_of, rules.multiple_of_text);
    if (!rules.multiple_of->can_divide()) refuse(at, "multipleOf is above zero and has at most 18 digits");
    return true;
  }

  bool textual(Rules& rules, const std::string& key, const Json& rule, const std::string& at) {
    if (key == "minLength")
      rules.min_length = count(rule, at);
    else if (key == "maxLength")
      rules.max_length = count(rule, at);
    else if (key == "pattern")
      rules.pattern = pattern(text_of(rule, at), at);
    else if (key == "format")
      rules.format = format_check(rules.format_name = text_of(rule, at));
    else
      return false;
    return true;
  }

  bool listing(Rules& rules, const std::string& key, const Json& rule, const Json& whole, const std::string& at,
               std::size_t depth) {
    if (key == "items" && rule.is_array())
      rules.items = schemas(rule, at, depth);
    else if (key == "items")
      rules.other_items = schema(rule, at, depth);
    else if (key == "additionalItems") {
      const Rules* made = schema(rule, at, depth);
      // Without `items`, or with one schema for all, it says nothing.
      if (const auto items = whole.find("items"); items != whole.end() && items->is_array()) rules.other_items = made;
    } else if (key == "contains")
      rules.contains = schema(rule, at, depth);
    else if (key == "minItems")
      rules.min_items = count(rule, at);
    else if (key == "maxItems")
      rules.max_items = count(rule, at);
    else if (key == "uniqueItems")
      rules.unique = flag(rule, at);
    else
      return false;
    return true;
  }

  void mapping(Rules& rules, const std::string& key, const Json& rule, const std::string& at, std::size_t depth) {
    if (key == "properties") {
      for (auto& [name, made] : named(rule, at, depth)) rules.properties.emplace(name, made);
    } else if (key == "patternProperties") {
      for (auto& [name, made] : named(rule, at, depth))
        rules.pattern_properties.emplace_back(pattern(name, at + "/" + pointer_token(name)), made);
    } else if (key == "additionalProperties") {
      rules.other_properties = schema(rule, at, depth);
    } else if (key == "propertyNames") {
      rules.property_names = schema(rule, at, depth);
    } else if (key == "required") {
      rules.required = texts(rule, at);
    } else if (key == "minProperties") {
      rules.min_properties = count(rule, at);
    } else if (key == "maxProperties") {
      rules.max_properties = count(rule, at);
    } else if (key == "dependencies") {
      if (!rule.is_object()) refuse(at, "an object is wanted here");
      for (const auto& [name, need] : rule.items()) {
        const std::string there = at + "/" + pointer_token(name);
        if (need.is_array())
          rules.needs.emplace_back(name, texts(need, there));
        else
          rules.dependent.emplace_back(name, schema(need, there, depth));
      }
    }
    // Other keywords say nothing about a value.
  }

  unsigned types(const Json& rule, const std::string& at) {
    static const std::map<std::string, unsigned> kNames = {
        {"null", Rules::kNull},       {"boolean", Rules::kBoolean},
        {"string", Rules::kString},   {"number", Rules::kNumber | Rules::kInteger},
        {"integer", Rules::kInteger}, {"array", Rules::kArray},
        {"object", Rules::kObject}};
    unsigned out = 0;
    for (const auto& name : rule.is_array() ? texts(rule, at) : std::vector<std::string>{text_of(rule, at)}) {
      const auto found = kNames.find(name);
      if (found == kNames.end()) refuse(at, "unknown type " + in_quotes(name));
      out |= found->second;
    }
    if (out == 0) refuse(at, "no type is named");
    return out;
  }

  void choices(Rules& rules, const Json& rule, const std::string& at) {
    if (!rule.is_array()) refuse(at, "a list is wanted here");
    std::vector<std::string> keys, words;
    for (const auto& choice : rule) {
      keys.push_back(equality_key(choice));
      words.push_back(text(choice));
    }
    if (rules.choices) {  // enum beside const: both hold
      std::erase_if(
          keys, [&](const std::string& key) { return std::ranges::find(*rules.choices, key) == rules.choices->end(); });
    }
    rules.choices = std::move(keys);
    rules.choices_text = listed(words);
  }

  Rules::Pattern pattern(const std::string& source, const std::string& at) {
    if (const auto known = patterns_.find(source); known != patterns_.end()) return known->second;
    RE2::Options options;
    options.set_log_errors(false);
    auto made = std::make_shared<const RE2>(translate(source), options);
    if (!made->ok())
      refuse(at, "the pattern cannot be matched in linear time (" + made->error() +
                     "): look-around and back-references are not available");
    return patterns_.emplace(source, std::move(made)).first->second;
  }

  std::vector<const Rules*> schemas(const Json& rule, const std::string& at, std::size_t depth) {
    if (!rule.is_array()) refuse(at, "a list of schemas is wanted here");
    std::vector<const Rules*> out;
    for (std::size_t i = 0; i < rule.size(); ++i)
      out.push_back(schema(rule[i], at + "/" + std::to_string(i), depth + 1));
    return out;
  }
  std::vector<std::pair<std::string, const Rules*>> named(const Json& rule, const std::string& at, std::size_t depth) {
    if (!rule.is_object()) refuse(at, "an object of schemas is wanted here");
    std::vector<std::pair<std::string, const Rules*>> out;
    for (const auto& [name, member] : rule.items())
      out.emplace_back(name, schema(member, at + "/" + pointer_token(name), depth + 1));
    return out;
  }

  static std::size_t count(const Json& rule, const std::string& at) {
    const auto decimal = is_number(rule) ? Decimal::parse(number_text(rule)) : std::nullopt;
    if (!decimal || !decimal->integer() || *decimal < Decimal()) refuse(at, "a whole number from 0 is wanted here");
    const double value = std::strtod(number_text(rule).c_str(), nullptr);
    return value > 1e15 ? static_cast<std::size_t>(1e15) : static_cast<std::size_t>(value);
  }
  static bool flag(const Json& rule, const std::string& at) {
    if (!rule.is_boolean()) refuse(at, "true or false is wanted here");
    return rule.get<bool>();
  }
  static std::string text_of(const Json& rule, const std::string& at) {
    if (!rule.is_string()) refuse(at, "text is wanted here");
    return rule.get<std::string>();
  }
  static std::vector<std::string> texts(const Json& rule, const std::string& at) {
    if (!rule.is_array()) refuse(at, "a list of texts is wanted here");
    std::vector<std::string> out;
    for (const auto& element : rule) out.push_back(text_of(element, at));
    return out;
  }

  /// The longest chain of schemas on one value; a chain that comes back to itself would never end.
  std::size_t measure(const Rules& rules, const std::string& pointer) {
    const auto [entry, fresh] = lengths_.try_emplace(&rules, 0);
    if (!fresh) {
      if (entry->second == 0) refuse(pointer, "the schema refers to itself without going deeper into the value");
      return entry->second;
    }
    if (++measuring_ > kLongestChain) refuse(pointer, "a chain of more than 32 schemas on one value");
    std::size_t longest = 0;
    for (const Rules* next : rules.in_place()) longest = std::max(longest, measure(*next, pointer));
    --measuring_;
    if (longest + 1 > kLongestChain) refuse(pointer, "a chain of more than 32 schemas on one value");
    return lengths_[&rules] = longest + 1;
  }

  const Json& root_;
  CompiledSchema& out_;
  std::map<std::string, Rules*> made_;
  std::set<std::string> done_;
  std::vector<std::string> waiting_;
  std::map<std::string, std::string> ids_;
  std::map<std::string, Rules::Pattern> patterns_;
  std::map<const Rules*, std::size_t> lengths_;
  std::size_t measuring_ = 0;
};

}  // namespace

std::vector<const Rules*> Rules::in_place() const {
  std::vector<const Rules*> out;
  for (const auto* list : {&all, &any, &one}) out.insert(out.end(), list->begin(), list->end());
  for (const auto& [key, rules] : dependent) out.push_back(rules);
  for (const Rules* single : {ref, no, condition, then, otherwise})
    if (single != nullptr) out.push_back(single);
  return out;
}

Result<JsonSchema> JsonSchema::compile(const Json& schema) {
  auto compiled = std::make_unique<Compiled>();
  try {
    Compiler(schema, *compiled).run();
  } catch (const Refused& refused) {
    return fail(ErrorKind::permanent,
                (refused.pointer.empty() ? "the schema" : refused.pointer) + ": " + refused.reason);
  }
  return JsonSchema(std::move(compiled));
}

JsonSchema::JsonSchema(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
JsonSchema::~JsonSchema() = default;
JsonSchema::JsonSchema(JsonSchema&&) noexcept = default;
JsonSchema& JsonSchema::operator=(JsonSchema&&) noexcept = default;

}  // namespace milepost::config
