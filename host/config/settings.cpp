#include "host/config/settings.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "host/config/decimal.hpp"
#include "host/config/expression_text.hpp"
#include "host/config/fault_codes.hpp"
#include "host/config/mapping.hpp"
#include "host/config/pointer.hpp"
#include "host/config/schema_view.hpp"
#include "host/config/timetable.hpp"
#include "host/config/units.hpp"
#include "host/config/words.hpp"

namespace milepost::config {
namespace {

using yaml::Node;

/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?`: what keeps its type without a schema.
bool is_plain_decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto dot = text.find('.');
  const auto whole = text.substr(0, dot);
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.find_first_not_of("0123456789") == part.npos;
  };
  if (!digits(whole) || (whole.size() > 1 && whole[0] == '0')) return false;
  return dot == text.npos || digits(text.substr(dot + 1));
}

Json number(const std::string& token) {
  auto value = read_json(token);
  return value ? std::move(*value) : Json(token);
}

/// A plain scalar as the JSON that it is without a schema.
Json natural(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return is_plain_decimal(text) ? number(text) : Json(text);
}

/// What was read, and whether all of it is known already: no `${…}`, no secret, no fault.
struct Read {
  Json json;
  bool constant = true;
};

class Walk {
 public:
  Walk(const SettingsRules& rules, const Json& root, SettingsSchemas& schemas, Report& report,
       std::vector<SecretUse>& secrets)
      : rules_(rules), root_(root), schemas_(schemas), report_(report), secrets_(secrets) {}

  Read read(const Node& node, const Json* schema, const std::string& pointer, const std::string& path) {
    at[pointer] = report_.at(node);
    const SchemaView rule = SchemaView::of(schema, root_).alternative(node);
    Read out = node.is_map()    ? map(node, rule, pointer, path)
               : node.is_list() ? list(node, rule, pointer, path)
                                : scalar(node, rule, path);
    const SchemaView whole = SchemaView::of(schema, root_);
    if (out.constant && whole.json() != nullptr) further(node, *whole.json(), out.json, path);
    return out;
  }

  /// Required keys, for a mapping that may be absent. `node` is where to report.
  void required(const SchemaView& rule, const Node* map, const Node& node, const std::string& path) {
    for (const auto& key : rule.required())
      if ((map == nullptr || map->find(key) == nullptr) && !rules_.host_keys.contains(key))
        report_.fault(code::kMissingKey, node, path,
                      "the setting " + in_quotes(key) + " is missing" + about(rule.property(key)), "add " + key);
  }

  std::map<std::string, Position> at;

 private:
  Read wrong(std::string_view code, const Node& node, const std::string& path, std::string message,
             std::string remedy = {}) {
    report_.fault(code, node, path, std::move(message), std::move(remedy));
    return {nullptr, false};
  }

  static std::string about(const Json* schema) {
    const Json* sentence = schema == nullptr ? nullptr : find(*schema, "/description");
    return sentence != nullptr && sentence->is_string() ? ": " + sentence->get_ref<const std::string&>() : "";
  }

  Read map(const Node& node, const SchemaView& rule, const std::string& pointer, const std::string& path) {
    if (!rule.admits("object"))
      return wrong(code::kShape, node, path, "expected " + rule.wanted() + ", found a mapping");
    const bool outermost = pointer.empty();
    required(rule, &node, node, path);
    Read out{Json::object(), true};
    for (const auto& [key, value] : node.members) {
      if (outermost && rules_.host_keys.contains(key->text)) continue;
      const std::string where = join(path, in_path(key->text));
      const Json* schema = rule.property(key->text);
      if (schema == nullptr && rule.closed()) {
        auto known = rule.properties();
        if (outermost) known.insert(known.end(), rules_.host_keys.begin(), rules_.host_keys.end());
        const std::string near = nearest(key->text, known);
        report_.fault(code::kUnknownKey, *key, where, "unknown setting" + did_you_mean(key->text, known),
                      near.empty()
                          ? (known.empty() ? "there are no settings here" : "the settings here are " + listed(known))
                          : "rename it to " + near);
        out.constant = false;
        continue;
      }
      Read member =
          read(*value, schema != nullptr ? schema : rule.additional(), pointer + "/" + pointer_token(key->text), where);
      out.constant = out.constant && member.constant;
      out.json.get_ref<Json::object_t&>().emplace_back(key->text, std::move(member.json));
    }
    return out;
  }

  Read list(const Node& node, const SchemaView& rule, const std::string& pointer, const std::string& path) {
    if (!rule.admits("array")) return wrong(code::kShape, node, path, "expected " + rule.wanted() + ", found a list");
    Read out{Json::array(), true};
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      Read element = read(*node.items[i], rule.item(i), pointer + "/" + std::to_string(i), config::item(path, i));
      out.constant = out.constant && element.constant;
      out.json.push_back(std::move(element.json));
    }
    return out;
  }

  Read scalar(const Node& node, const SchemaView& rule, const std::string& path) {
    if (node.broken) return {nullptr, false};
    if (!node.tag.empty()) {
      if (!rule.secret())
        return wrong(code::kSecretHere, node, path, "this setting is no secret, so " + node.tag + " may not stand here",
                     "write the value, or use the secret in a setting that is one");
      secrets_.push_back({node.tag, node.text, path, &node});
      Json name = Json::object();
      name[node.tag] = node.text;
      return {std::move(name), false};
    }
    if (node.is_null()) {
      if (rule.admits("null")) return {nullptr, true};
      return wrong(code::kEmpty, node, path, "expected " + rule.wanted() + ", found nothing",
                   "give it a value, or remove the key");
    }
    if (has_expression(node.text) && !rule.own_template()) {
      if (rules_.expressions) return {node.text, false};
      return wrong(code::kExpressionHere, node, path, "${…} is not evaluated here: " + rules_.no_expressions_because);
    }
    if (rule.secret()) {
      report_.warn(code::kPlainSecret, node, path, "this setting is a secret, and its value stands here in plain text",
                   "write !secret NAME, and keep the value with the secrets");
      return {node.text, false};
    }
    return typed(node, rule, path);
  }

  Read typed(const Node& node, const SchemaView& rule, const std::string& path) {
    const bool plain = node.kind == Node::Kind::plain;
    Json value = plain ? natural(node.text) : Json(node.text);
    if (!rule.takes(value)) {
      if (rule.admits("string"))
        value = node.text;
      else if (plain && rule.admits("number") && is_number_token(node.text))
        value = number(node.text);
      else
        return mistyped(node, rule, path);
    }
    if (auto fault = rule.choice_fault(value)) return wrong(code::kChoice, node, path, *fault);
    if (value.is_string())
      if (auto unit = unit_fault(rule.format(), node.text)) return wrong(unit->first, node, path, unit->second);
    return {std::move(value), true};
  }

  Read mistyped(const Node& node, const SchemaView& rule, const std::string& path) {
    const std::string& text = node.text;
    const std::string found = ", found " + in_quotes(text);
    if (rule.admits("integer") || rule.admits("number")) {
      const auto code = rule.admits("number") ? code::kNumber : code::kInteger;
      const std::string expected = "expected " + rule.wanted();
      if (node.kind == Node::Kind::quoted)
        return wrong(code, node, path, expected + found + " in quotes", "remove the quotes");
      const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
      if (digits.size() > 1 && digits[0] == '0' && digits.find_first_not_of("0123456789") == digits.npos)
        return wrong(code, node, path, expected + found + ": it has a leading zero, which some read as octal",
                     "write it without the zero");
      if (is_number_token(text)) return wrong(code, node, path, expected + found, "write it in plain digits");
      return wrong(code, node, path, expected + found);
    }
    if (rule.admits("boolean")) {
      static constexpr auto kWords = std::to_array<std::pair<std::string_view, std::string_view>>({{"yes", "true"},
                                                                                                   {"on", "true"},
                                                                                                   {"y", "true"},
                                                                                                   {"true", "true"},
                                                                                                   {"no", "false"},
                                                                                                   {"off", "false"},
                                                                                                   {"n", "false"},
                                                                                                   {"false", "false"}});
      std::string lower = text;
      std::ranges::transform(lower, lower.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      const auto word = std::ranges::find(kWords, lower, &std::pair<std::string_view, std::string_view>::first);
      return wrong(code::kBoolean, node, path, "expected true or false" + found,
                   word == kWords.end() ? "" : "write " + std::string(word->second) + " without quotes");
    }
    if (rule.admits("array"))
      return wrong(code::kShape, node, path, "expected " + rule.wanted() + found, "write a list: [a, b]");
    return wrong(code::kShape, node, path, "expected " + rule.wanted() + found);
  }

  static std::optional<std::pair<std::string_view, std::string>> unit_fault(std::string_view format,
                                                                            const std::string& text) {
    const auto check = [](std::string_view code,
                          const auto& parsed) -> std::optional<std::pair<std::string_view, std::string>> {
      if (parsed) return std::nullopt;
      return std::pair(code, parsed.error().message);
    };
    if (format == "duration") return check(code::kDuration, parse_duration(text));
    if (format == "size") return check(code::kSize, parse_size(text));
    if (format == "rate") return check(code::kRate, parse_rate(text));
    if (format == "cron") return check(code::kCron, Cron::parse(text));
    if (format == "zone") return check(code::kZone, Zone::find(text));
    return std::nullopt;
  }

  void further(const Node& node, const Json& schema, const Json& value, const std::string& path) {
    const JsonSchema* more = schemas_.further(schema, root_);
    if (more == nullptr) return;
    for (const auto& violation : more->check(value))
      report_.fault(code::kConstraint, node, path,
                    (violation.pointer.empty() ? "" : violation.pointer + ": ") + violation.message);
  }

  const SettingsRules& rules_;
  const Json& root_;
  SettingsSchemas& schemas_;
  Report& report_;
  std::vector<SecretUse>& secrets_;
};

}  // namespace

SettingsSchemas::SettingsSchemas() = default;
SettingsSchemas::~SettingsSchemas() = default;

const JsonSchema* SettingsSchemas::further(const Json& schema, const Json& root) {
  const std::lock_guard lock(mutex_);
  const auto [entry, fresh] = compiled_.try_emplace(&schema, nullptr);
  if (!fresh || !schema.is_object()) return entry->second.get();
  // What the walk above checks with better words, and what says nothing.
  static constexpr auto kDone = std::to_array<std::string_view>(
      {"type", "enum", "properties", "required", "additionalProperties", "items", "title", "description", "default",
       "examples", "format", "definitions", "$schema", "$id", "$comment", "$ref"});
  Json rest = Json::object();
  for (const auto& [key, rule] : schema.items())
    if (!key.starts_with("x-") && std::ranges::find(kDone, key) == kDone.end()) rest[key] = rule;
  if (rest.empty()) return nullptr;
  if (const Json* definitions = find(root, "/definitions")) rest["definitions"] = *definitions;
  // A component's schema that does not compile is the plugin's fault, told when the plugin is loaded.
  if (auto made = JsonSchema::compile(rest)) entry->second = std::make_unique<JsonSchema>(std::move(*made));
  return entry->second.get();
}

Value read_settings(const Node* with, const Node& owner, const std::string& path, const Json& schema,
                    const SettingsRules& rules, SettingsSchemas& schemas, Report& report,
                    std::vector<SecretUse>& secrets) {
  Walk walk(rules, schema, schemas, report, secrets);
  Value value;
  if (with != nullptr && !with->is_null()) {
    if (with->is_map())
      value.json = walk.read(*with, &schema, "", path).json;
    else
      report.fault(code::kShape, *with, path, "expected a mapping of settings, found " + describe(*with));
  } else {
    walk.required(SchemaView::of(&schema, schema), nullptr, with != nullptr ? *with : owner, path);
  }
  if (!value.json.is_object()) value.json = Json::object();
  value.at = std::move(walk.at);
  return value;
}

Json natural_json(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return nullptr;
    case Node::Kind::plain:
      return natural(node.text);
    case Node::Kind::quoted:
      return node.text;
    case Node::Kind::list: {
      Json list = Json::array();
      for (const auto* item : node.items) list.push_back(natural_json(*item));
      return list;
    }
    case Node::Kind::map:
      break;
  }
  Json map = Json::object();
  for (const auto& [key, value] : node.members) map[key->text] = natural_json(*value);
  return map;
}

Json with_defaults(const Json& settings, const Json& schema) {
  const SchemaView rule = SchemaView::of(&schema, schema);
  if (!settings.is_object()) return settings;
  Json out = settings;
  for (const auto& key : rule.properties()) {
    const Json* property = rule.property(key);
    const auto member = out.find(key);
    if (member != out.end()) {
      if (member->is_object() && property->is_object()) *member = with_defaults(*member, *property);
    } else if (const Json* standard = find(*property, "/default")) {
      out[key] = *standard;
    }
  }
  return out;
}

}  // namespace milepost::config
