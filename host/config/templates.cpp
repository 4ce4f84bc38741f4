#include "host/config/templates.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "host/config/expression_text.hpp"
#include "host/config/fault_codes.hpp"
#include "host/config/files.hpp"
#include "host/config/mapping.hpp"
#include "host/config/readers.hpp"
#include "host/config/settings.hpp"
#include "host/config/words.hpp"

namespace milepost::config {
namespace {

namespace fs = std::filesystem;
using yaml::Node;

constexpr std::size_t kMostTemplateBytes = 1 << 20;

/// A parameter's default or choice as JSON of its type; its text where it is none, which then fits nothing.
Json typed_value(const Node& node, const std::string& type) {
  if (type == "string" || !node.scalar()) return node.text;
  auto value = read_json(node.text);
  return value ? std::move(*value) : Json(node.text);
}

Json read_parameter(const Node& node, const std::string& path, Report& report) {
  Mapping map(&node, "parameter", path, report);
  Json rule = Json::object();
  static const std::vector<std::string> types = {"string", "integer", "number", "boolean"};
  const auto& type = types.at(map.choice("type").value_or(0));
  rule["type"] = type;
  rule["description"] = map.text("description").value_or("");
  if (const Node* standard = map.take("default")) rule["default"] = typed_value(*standard, type);
  if (const Node* words = map.take("enum")) {
    if (!words->is_list()) report.fault(code::kShape, *words, map.path("enum"), "expected a list of values, found " + describe(*words));
    for (const auto* word : words->items) rule["enum"].push_back(typed_value(*word, type));
  }
  map.refuse_the_rest();
  return rule;
}

Json read_parameters(const Node* node, Report& report) {
  Json properties = Json::object(), required = Json::array();
  if (node != nullptr && !node->is_map()) report.fault(code::kShape, *node, "params", "expected a mapping of parameters, found " + describe(*node));
  if (node != nullptr)
    for (const auto& [key, value] : node->members) {
      properties[key->text] = read_parameter(*value, join("params", in_path(key->text)), report);
      if (!properties[key->text].contains("default")) required.push_back(key->text);
    }
  return {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

std::optional<Template> read_template(const std::string& root, const std::string& file, Faults& faults) {
  const auto content = read_file(fs::path(root) / file, kMostTemplateBytes);
  if (!content) {
    if (!content.error().missing) faults.push_back({std::string(code::kUnreadable), {file, 0, 0}, "", "the file cannot be read: " + content.error().message, "", false});
    return std::nullopt;
  }
  const auto before = faults.size();
  const auto document = yaml::parse(*content, file, faults);
  Report report(file, faults);
  if (document == nullptr || !check_root(document->root, "template", report)) return std::nullopt;
  const Node& node = *document->root;
  Mapping map(&node, "template", "", report);
  Template out;
  out.name = map.needed_text("template", "add template: NAME").value_or("");
  out.file = file;
  out.text = *content;
  out.version = map.integer("version").value_or(1);
  out.params = read_parameters(map.take("params"), report);
  out.locked = map.texts("locked").value_or(std::vector<std::string>());
  map.complete();
  const auto pipeline = shape_keys("pipeline");
  for (const auto& [key, value] : node.members)
    if (!pipeline.contains(key->text) && !shape_keys("template").contains(key->text))
      report.fault(code::kUnknownKey, *key, in_path(key->text), "unknown key" + did_you_mean(key->text, {pipeline.begin(), pipeline.end()}));
  if (const Node* about = node.find("description"); about != nullptr && about->scalar()) out.description = about->text;
  if (faults.size() != before) return std::nullopt;
  return out;
}

/// What a locked name stands for in a pipeline; nullptr: it is not there.
const Node* locked_part(const Node& pipeline, const std::string& name) {
  if (!name.starts_with("steps.")) return pipeline.find(name);
  const Node* steps = pipeline.find("steps");
  if (steps == nullptr) return nullptr;
  for (const auto* step : steps->items)
    if (const Node* id = step->find("id"); id != nullptr && id->text == name.substr(6)) return step;
  return nullptr;
}

/// Equal but for layout and comments.
bool same(const Node& a, const Node& b) {
  if (a.tag != b.tag || a.text != b.text || a.is_map() != b.is_map() || a.is_list() != b.is_list()) return false;
  if (a.items.size() != b.items.size() || a.members.size() != b.members.size()) return false;
  for (std::size_t i = 0; i < a.items.size(); ++i)
    if (!same(*a.items[i], *b.items[i])) return false;
  return std::ranges::all_of(a.members, [&](const auto& member) {
    const Node* other = b.find(member.key->text);
    return other != nullptr && same(*member.value, *other);
  });
}

std::vector<std::string> step_ids(const Node& pipeline) {
  std::vector<std::string> out;
  if (const Node* steps = pipeline.find("steps"))
    for (const auto* step : steps->items)
      if (const Node* id = step->find("id")) out.push_back(id->text);
  return out;
}

void check_locked(const Template& from, const Node& copy, Report& report) {
  Faults none;
  const auto original = yaml::parse(from.text, from.file, none);
  if (original == nullptr || original->root == nullptr) return;
  const std::string remedy = "put it back as it is in " + from.file + ", or have the template changed";
  for (const auto& name : from.locked) {
    const Node* theirs = locked_part(*original->root, name);
    const Node* ours = locked_part(copy, name);
    if (theirs != nullptr && ours == nullptr)
      report.fault(code::kLocked, copy, name, in_quotes(name) + " is locked by the template " + from.name + ", and is missing here", remedy);
    else if (ours != nullptr && (theirs == nullptr || !same(*theirs, *ours)))
      report.fault(code::kLocked, *ours, name, in_quotes(name) + " is locked by the template " + from.name + ", and was edited here", remedy);
  }
  // A locked step that moved is an edit too: an approval after the letter approves nothing.
  const auto before = step_ids(*original->root), now = step_ids(copy);
  for (const auto& name : from.locked) {
    const auto id = name.starts_with("steps.") ? name.substr(6) : "";
    const auto was = std::ranges::find(before, id), is = std::ranges::find(now, id);
    if (was == before.end() || is == now.end()) continue;
    const auto passed = std::find_if(now.begin(), is, [&](const auto& other) { return std::find(was, before.end(), other) != before.end(); });
    if (passed != is)
      report.fault(code::kLocked, *locked_part(copy, name), name, in_quotes(name) + " is locked by the template " + from.name + ", and stands after " + in_quotes(*passed) + " here", remedy);
  }
}

bool in_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

/// Puts parameters into the texts of one document.
class Filling {
 public:
  Filling(const Json* values, Report& report) : values_(values), report_(report) {}

  /// `expression`: the whole text is one.
  void fill(Node& node, bool expression) {
    if (node.text.find("params") == std::string::npos) return;
    if (expression) {
      node.text = in_expression(node.text, node);
      return;
    }
    std::string out;
    std::size_t at = 0;
    // Text stays text, whatever it looks like: a branch may be called "true".
    if (const auto name = parameter(whole(node.text)); !name.empty() && values_ != nullptr)
      if (const Json* found = find(*values_, "/" + name); found != nullptr && found->is_string()) node.kind = Node::Kind::quoted;
    for (const auto piece : scan_expressions(node.text).found) {
      const auto begin = static_cast<std::size_t>(piece.data() - node.text.data());
      const auto name = parameter(piece);
      if (name.empty()) {
        out.append(node.text, at, begin - at).append(in_expression(std::string(piece), node));
        at = begin + piece.size();
      } else {
        out.append(node.text, at, begin - 2 - at).append(value(name, node, false));
        at = begin + piece.size() + 1;
      }
    }
    node.text = out + node.text.substr(at);
  }

 private:
  /// What stands in a text that is one ${…}.
  static std::string_view whole(std::string_view text) {
    return text.starts_with("${") && text.find('}') == text.size() - 1 ? text.substr(2, text.size() - 3) : std::string_view();
  }

  /// NAME of "params.NAME", when that is all.
  static std::string parameter(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    if (!text.starts_with("params.")) return {};
    text.remove_prefix(7);
    return std::ranges::all_of(text, in_name) ? std::string(text) : "";
  }

  std::string in_expression(const std::string& text, const Node& node) {
    std::string out;
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (quote != 0) {
        if (c == '\\' && i + 1 < text.size()) out += text[i++];
        else if (c == quote) quote = 0;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (text.compare(i, 7, "params.") == 0 && (i == 0 || !(in_name(text[i - 1]) || text[i - 1] == '.'))) {
        std::size_t end = i + 7;
        while (end < text.size() && in_name(text[end])) ++end;
        out += value(text.substr(i + 7, end - i - 7), node, true);
        i = end - 1;
        continue;
      }
      out += text[i];
    }
    return out;
  }

  /// `literal`: as an expression writes it.
  std::string value(const std::string& name, const Node& node, bool literal) {
    const Json* found = values_ == nullptr ? nullptr : find(*values_, "/" + name);
    if (found == nullptr) {
      std::vector<std::string> names;
      if (values_ != nullptr)
        for (const auto& [key, unused] : values_->items()) names.push_back(key);
      report_.fault(code::kParameter, node, "",
                    values_ == nullptr ? "this pipeline is a copy of no template, so it has no parameter " + in_quotes(name)
                                       : "the template has no parameter " + in_quotes(name) + did_you_mean(name, names),
                    names.empty() ? "write the value" : "the parameters are " + listed(names));
      return literal ? "nil" : "";
    }
    return found->is_string() && !literal ? found->get<std::string>() : text(*found);
  }

  const Json* values_;
  Report& report_;
};

/// Every value of a document but those under its `template:`, and which of them are expressions.
void collect(const Node& node, bool expression, std::map<const Node*, bool>& out) {
  if (node.scalar()) out.emplace(&node, expression);
  for (const auto* item : node.items) collect(*item, false, out);
  for (const auto& [key, value] : node.members) collect(*value, key->text == "when" || key->text == "check", out);
}

}  // namespace

std::map<std::string, Template> load_templates(const std::string& root, Faults& faults) {
  std::map<std::string, Template> out;
  const auto names = list_folder(fs::path(root) / "templates");
  if (!names && !names.error().missing)
    faults.push_back({std::string(code::kUnreadable), {"templates", 0, 0}, "", "the folder cannot be read: " + names.error().message, "", false});
  for (const auto& name : names.value_or(std::vector<std::string>())) {
    if (!name.ends_with(".yaml")) continue;
    auto one = read_template(root, "templates/" + name, faults);
    if (one) out.emplace(one->name, std::move(*one));
  }
  return out;
}

std::string kept_path(const std::string& name, std::size_t version) { return "templates/kept/" + name + "@" + std::to_string(version) + ".yaml"; }

std::optional<Template> kept_template(const std::string& root, const std::string& name, std::size_t version, Faults& faults) {
  return is_name(name) ? read_template(root, kept_path(name, version), faults) : std::nullopt;
}

std::string copy_text(const Template& from, const std::map<std::string, std::string>& params) {
  std::string out = "template:\n  name: " + from.name + "\n  version: " + std::to_string(from.version) + "\n";
  if (!params.empty()) out += "  params:\n";
  const auto plain = [](const std::string& value) { return !value.empty() && std::ranges::all_of(value, [](char c) { return in_name(c) || c == '-' || c == '.'; }); };
  for (const auto& [key, value] : params) out += "    " + key + ": " + (plain(value) ? value : text(Json(value))) + "\n";
  out += "\n";
  const auto own = shape_keys("template");
  bool skipping = false;
  std::string comments;  // below a key that is skipped: of what follows it, unless that goes on
  for (std::size_t start = 0; start < from.text.size();) {
    const auto end = std::min(from.text.find('\n', start), from.text.size() - 1) + 1;
    const auto line = std::string_view(from.text).substr(start, end - start);
    start = end;
    const bool blank = line.starts_with('\n') || line.starts_with('\r');
    if (skipping && (line.starts_with('#') || (blank && !comments.empty()))) {
      comments += line;
      continue;
    }
    if (!line.empty() && line[0] != ' ' && !blank && line[0] != '-') {
      skipping = own.contains(std::string(line.substr(0, line.find(':'))));
      out += comments;
      comments.clear();
    }
    if (!skipping) out += line;
    else if (!blank) comments.clear();
  }
  return out + comments;
}

std::optional<Copied> copied_from(const Node& root) {
  const Node* own = root.is_map() ? root.find("template") : nullptr;
  if (own == nullptr || !own->is_map()) return std::nullopt;
  Copied out;
  if (const Node* name = own->find("name")) out.name = name->text;
  if (const Node* version = own->find("version")) out.version = std::strtoul(version->text.c_str(), nullptr, 10);
  if (const Node* params = own->find("params"))
    for (const auto& [key, value] : params->members) out.params.emplace(key->text, value->text);
  return out;
}

const Template* Templates::kept(const std::string& name, std::size_t version, Faults& faults) {
  const std::lock_guard lock(mutex_);
  const auto [entry, fresh] = kept_.try_emplace({name, version});
  if (fresh) entry->second = kept_template(root_, name, version, faults);
  return entry->second ? &*entry->second : nullptr;
}

void Templates::apply(yaml::Document& document, Report& report, Faults& faults) {
  const Node& root = *document.root;
  const Node* own = root.find("template");
  Json values;
  bool known = own == nullptr;
  if (own != nullptr) {
    Mapping map(own, "copied", "template", report);
    const auto name = map.needed_text("name", "add name: TEMPLATE");
    map.need("version", "add version: NUMBER");
    const auto version = map.integer("version");
    const Node* params = map.take("params");
    map.refuse_the_rest();
    if (!name || !version) return;
    const Template* from = kept(*name, *version, faults);
    if (from == nullptr) {
      report.fault(code::kTemplate, *own, "template", "what this is a copy of is not kept: " + kept_path(*name, *version),
                   "put the file back from version control, or make the copy anew by `milepost template new`");
      return;
    }
    std::vector<SecretUse> secrets;
    const SettingsRules rules{.expressions = false, .no_expressions_because = "parameters are known before there is an event"};
    SettingsSchemas schemas;  // of their own: a template's lives shorter than a component's
    values = with_defaults(read_settings(params, *own, "template.params", from->params, rules, schemas, report, secrets).json, from->params);
    check_locked(*from, root, report);
    known = true;
  }
  if (!known || std::ranges::none_of(document.nodes, [](const Node& node) { return node.text.contains("params"); })) return;
  std::map<const Node*, bool> texts;
  for (const auto& [key, value] : root.members)
    if (value != own) collect(*value, false, texts);
  Filling filling(own == nullptr ? nullptr : &values, report);
  for (auto& node : document.nodes)
    if (const auto found = texts.find(&node); found != texts.end()) filling.fill(node, found->second);
}

}  // namespace milepost::config
