#include "host/config/schema_view.hpp"

#include <algorithm>
#include <array>

#include "host/config/decimal.hpp"
#include "host/config/words.hpp"

namespace milepost::config {
namespace {

constexpr int kMostHops = 32;  // of $ref: a schema that refers to itself ends here

std::string noun(std::string_view type) {
  static constexpr auto kNouns =
      std::to_array<std::pair<std::string_view, std::string_view>>({{"string", "text"},
                                                                    {"integer", "a whole number"},
                                                                    {"number", "a number"},
                                                                    {"boolean", "true or false"},
                                                                    {"array", "a list"},
                                                                    {"object", "a mapping"},
                                                                    {"null", "nothing"}});
  const auto found = std::ranges::find(kNouns, type, &std::pair<std::string_view, std::string_view>::first);
  return std::string(found == kNouns.end() ? type : found->second);
}

}  // namespace

SchemaView SchemaView::of(const Json* schema, const Json& root) {
  for (int hop = 0; hop < kMostHops && schema != nullptr && schema->is_object(); ++hop) {
    const auto ref = schema->find("$ref");
    if (ref == schema->end() || !ref->is_string()) return {schema, root};
    const auto& target = ref->get_ref<const std::string&>();
    schema = target.starts_with('#') ? milepost::find(root, std::string_view(target).substr(1)) : nullptr;
  }
  return {nullptr, root};
}

const Json* SchemaView::member(const char* key) const {
  if (schema_ == nullptr) return nullptr;
  const auto found = schema_->find(key);
  return found == schema_->end() ? nullptr : &*found;
}

bool SchemaView::flag(const char* key) const {
  const Json* value = member(key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

std::vector<SchemaView> SchemaView::alternatives() const {
  std::vector<SchemaView> out;
  for (const char* key : {"anyOf", "oneOf"})
    if (const Json* list = member(key); list != nullptr && list->is_array())
      for (const auto& schema : *list) out.push_back(of(&schema, *root_));
  return out;
}

SchemaView SchemaView::alternative(const yaml::Node& node) const {
  if (member("properties") != nullptr || member("items") != nullptr) return *this;
  const auto fits = [&](const SchemaView& view) {
    if (node.is_map()) return view.admits("object");
    if (node.is_list()) return view.admits("array");
    if (!node.tag.empty()) return view.secret();
    return view.admits("string") || view.admits("number") || view.admits("integer") || view.admits("boolean");
  };
  const auto all = alternatives();
  // Of several that fit a scalar none is chosen: the type may be that of any.
  if (std::ranges::count_if(all, fits) == 1) return std::ranges::find_if(all, fits)->alternative(node);
  if (node.is_map() || node.is_list() || !node.tag.empty())
    if (const auto first = std::ranges::find_if(all, fits); first != all.end()) return *first;
  return *this;
}

bool SchemaView::admits(std::string_view type) const {
  const Json* types = member("type");
  const auto is = [&](const Json& name) {
    return name.is_string() && (name == type || (type == "integer" && name == "number"));
  };
  if (types != nullptr && types->is_string()) return is(*types);
  if (types != nullptr && types->is_array()) return std::ranges::any_of(*types, is);
  const auto all = alternatives();
  return all.empty() || std::ranges::any_of(all, [&](const SchemaView& view) { return view.admits(type); });
}

bool SchemaView::takes(const Json& value) const {
  if (value.is_boolean()) return admits("boolean");
  if (value.is_string()) return admits("string");
  if (is_number(value)) return admits("number") || (admits("integer") && is_integer(number_text(value)));
  return value.is_null() && admits("null");
}

std::string SchemaView::wanted() const {
  std::string out;
  for (const char* type : {"string", "number", "integer", "boolean", "array", "object"}) {
    if (!admits(type) || (std::string_view(type) == "integer" && admits("number"))) continue;
    out += (out.empty() ? "" : " or ") + noun(type);
  }
  return out.empty() ? "nothing" : out;
}

std::string_view SchemaView::format() const {
  const Json* name = member("format");
  return name != nullptr && name->is_string() ? std::string_view(name->get_ref<const std::string&>())
                                              : std::string_view();
}

std::vector<std::string> SchemaView::properties() const {
  std::vector<std::string> out;
  if (const Json* named = member("properties"); named != nullptr && named->is_object())
    for (const auto& [key, schema] : named->items()) out.push_back(key);
  return out;
}

std::vector<std::string> SchemaView::required() const {
  std::vector<std::string> out;
  if (const Json* named = member("required"); named != nullptr && named->is_array())
    for (const auto& key : *named)
      if (key.is_string()) out.push_back(key.get<std::string>());
  return out;
}

const Json* SchemaView::property(const std::string& key) const {
  const Json* named = member("properties");
  if (named == nullptr || !named->is_object()) return nullptr;
  const auto found = named->find(key);
  return found == named->end() ? nullptr : &*found;
}

const Json* SchemaView::additional() const {
  const Json* rule = member("additionalProperties");
  return rule != nullptr && rule->is_object() ? rule : nullptr;
}

bool SchemaView::closed() const {
  const Json* rule = member("additionalProperties");
  if (rule == nullptr) return member("properties") != nullptr && member("patternProperties") == nullptr;
  return rule->is_boolean() && !rule->get<bool>();
}

const Json* SchemaView::item(std::size_t index) const {
  const Json* rule = member("items");
  if (rule == nullptr) return nullptr;
  if (rule->is_object()) return rule;
  return rule->is_array() && index < rule->size() ? &(*rule)[index] : nullptr;
}

std::optional<std::string> SchemaView::choice_fault(const Json& value) const {
  const Json* choices = member("enum");
  if (choices == nullptr || !choices->is_array()) return std::nullopt;
  std::vector<std::string> valid;
  const std::string written = value.is_string() ? value.get<std::string>() : text(value);
  for (const auto& choice : *choices) {
    if (text(choice) == text(value)) return std::nullopt;
    valid.push_back(choice.is_string() ? choice.get<std::string>() : text(choice));
  }
  return "expected one of " + listed(valid) + ", found " + in_quotes(written) + did_you_mean(written, valid);
}

}  // namespace milepost::config
