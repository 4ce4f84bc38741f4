#include "host/config/effective_view.hpp"

#include <algorithm>
#include <filesystem>

#include "host/config/fault_codes.hpp"
#include "host/config/files.hpp"
#include "host/config/schema_view.hpp"
#include "host/config/shapes.hpp"
#include "host/config/templates.hpp"
#include "host/config/words.hpp"
#include "host/config/yaml.hpp"

namespace milepost::config {
namespace {

namespace fs = std::filesystem;
using yaml::Node;

constexpr std::size_t kMostViewed = 1 << 20;  // bytes of a file
constexpr std::size_t kCommentColumn = 72;    // the furthest that comments are lined up

/// A text as a YAML scalar that reads back as itself, outside of {…} and […]. With ${…} in it, it is no number or word
/// that quotes would make another.
std::string scalar_text(const std::string& text, bool plain) {
  constexpr std::string_view kIndicators = "!&*-?|>@%`\"'#,[]{}: ";
  const bool safe = !text.empty() && kIndicators.find(text.front()) == kIndicators.npos && text.find('\n') == text.npos &&
                    text.find(": ") == text.npos && text.find(" #") == text.npos && text.back() != ':' && text.back() != ' ';
  return safe && (plain || text.find("${") != text.npos) ? text : milepost::text(Json(text));
}

bool raw_flag(const Json* schema, const char* key) {
  const Json* value = schema == nullptr ? nullptr : find(*schema, std::string("/") + key);
  return value != nullptr && value->is_boolean() && value->get<bool>();
}

class Walker {
 public:
  Walker(std::string file, const Node* document, const Catalog* catalog)
      : file_(std::move(file)), document_(document), catalog_(catalog) {}

  /// `node` may be nullptr: what holds without it. nullopt: nothing does.
  std::optional<Shown> walk(const std::string& key, const Node* node, const Json* schema, const Json& root) const {
    if (node == nullptr && raw_flag(schema, "x-optional")) return std::nullopt;
    SchemaView view = SchemaView::of(schema, root);
    if (node != nullptr) view = view.alternative(*node);
    Shown out;
    out.key = key;
    if (node != nullptr)
      out.at = {file_, node->line, node->column};
    else
      out.from = Shown::From::standard;
    if (node != nullptr && node->is_list()) {
      out.list = true;
      for (std::size_t i = 0; i < node->items.size(); ++i)
        if (auto one = walk("", node->items[i], view.item(i), root)) out.members.push_back(std::move(*one));
      if (out.members.empty()) out.text = "[]";
      return out;
    }
    if (node != nullptr ? node->is_map() : !view.properties().empty()) {
      // Absent, it is not there at all where it could not be all defaults.
      if (node == nullptr && !view.required().empty()) return std::nullopt;
      members(node, view, root, out);
      if (node == nullptr && out.members.empty()) return absent(view.json(), std::move(out));
      if (out.members.empty()) out.text = "{}";
      return out;
    }
    if (node != nullptr) return scalar(*node, view, std::move(out));
    return absent(schema, std::move(out));
  }

 private:
  void members(const Node* node, const SchemaView& view, const Json& root, Shown& out) const {
    const auto given = [&](const std::string& key) { return node == nullptr ? nullptr : node->find(key); };
    const Json* component_schema = nullptr;
    const Component* component = component_of(node, view, component_schema);
    for (const auto& key : view.properties()) {
      std::optional<Shown> one;
      if (key == "with" && component != nullptr)
        one = settings(given(key), *component);
      else
        one = walk(key, given(key), view.property(key), root);
      if (one) out.members.push_back(std::move(*one));
    }
    if (node == nullptr || view.closed()) return;
    for (const auto& [key, value] : node->members)
      if (view.property(key->text) == nullptr)
        if (auto one = walk(key->text, value, view.additional(), root)) out.members.push_back(std::move(*one));
  }

  /// What `use` names, of a mapping that may have one.
  const Component* component_of(const Node* node, const SchemaView& view, const Json*& use) const {
    use = view.property("use");
    const Node* named = node == nullptr || use == nullptr || catalog_ == nullptr ? nullptr : node->find("use");
    if (named == nullptr) return nullptr;
    const auto kind = get<std::string>(*use, "/x-installed").value_or("");
    if (kind == "sources") return catalog_->source(named->text);
    if (kind == "steps") return catalog_->step(named->text);
    return kind == "connectors" ? catalog_->connector(named->text) : nullptr;
  }

  /// `with`: the component's settings, and those that the host adds.
  std::optional<Shown> settings(const Node* with, const Component& component) const {
    auto out = walk("with", with, &component.settings, component.settings);
    for (const char* host : {component.webhook ? "webhook" : "", component.polling ? "polling" : ""}) {
      if (*host == '\0') continue;
      for (const auto& [key, rule] : shape(host)["properties"].items()) {
        const Node* node = with == nullptr ? nullptr : with->find(key);
        auto one = walk(key, node, &rule, shapes());
        if (!one) continue;
        if (!out) out.emplace().key = "with", out->from = Shown::From::standard;
        std::erase_if(out->members, [&](const Shown& other) { return other.key == key; });
        out->members.push_back(std::move(*one));
        out->text.clear();
      }
    }
    return out;
  }

  static Shown scalar(const Node& node, const SchemaView& view, Shown out) {
    if (!node.tag.empty())
      out.text = node.tag + " " + node.text;
    else if (view.secret())
      out.text = "\"***\"";
    else
      out.text = node.is_null() ? "null" : scalar_text(node.text, node.kind == Node::Kind::plain);
    return out;
  }

  std::optional<Shown> absent(const Json* schema, Shown out) const {
    if (schema == nullptr || !schema->is_object()) return std::nullopt;
    if (const auto from = get<std::string>(*schema, "/x-inherits"); from && document_ != nullptr) {
      out.from = Shown::From::inherited;
      if (const Node* above = document_->find(*from); above != nullptr) {
        out.text = scalar_text(above->text, true);
        return out;
      }
      schema = find(shape("pipeline"), "/properties/" + *from);
    }
    const Json* standard = find(*schema, "/default");
    if (standard == nullptr) return std::nullopt;
    out.text = standard->is_string() ? scalar_text(standard->get<std::string>(), true) : milepost::text(*standard);
    return out;
  }

  std::string file_;
  const Node* document_;
  const Catalog* catalog_;
};

/// A file's document, or nullptr with its faults.
std::unique_ptr<yaml::Document> read(const std::string& root, const std::string& file, Faults& faults) {
  const auto content = read_file(fs::path(root) / file, kMostViewed);
  if (content) return yaml::parse(*content, file, faults);
  if (!content.error().missing)
    faults.push_back({std::string(code::kUnreadable), {file, 0, 0}, "", "the file cannot be read: " + content.error().message, "", false});
  return nullptr;
}

/// Lines of text, each with its origin, which are lined up at the end.
class Writer {
 public:
  explicit Writer(const View& view) : file_(view.file) {
    const std::string lines = view.whole.at.line > 0 ? ": its lines are named on the right" : ", which is not there";
    lines_.push_back({"# " + view.kind + (view.name.empty() ? "" : " " + view.name) + ", from " + view.file + lines, ""});
    for (const auto& member : view.whole.members) write(member, "", "");
  }

  std::string text() const {
    std::size_t column = 0;
    for (const auto& [line, origin] : lines_)
      if (!origin.empty() && line.size() <= kCommentColumn) column = std::max(column, line.size());
    std::string out;
    for (const auto& [line, origin] : lines_) {
      out += line;
      if (!origin.empty()) out += std::string(column > line.size() ? column - line.size() : 0, ' ') + "  # " + origin;
      out += "\n";
    }
    return out;
  }

 private:
  std::string origin(const Shown& shown) const {
    if (shown.from == Shown::From::standard) return "default";
    return shown.from == Shown::From::inherited ? "the pipeline's" : "line " + std::to_string(shown.at.line);
  }
  /// `dash`: "- " in front of an item's first line.
  void write(const Shown& shown, const std::string& indent, const std::string& dash) {
    const std::string head = indent + dash + (shown.key.empty() ? "" : scalar_text(shown.key, true) + ":");
    if (shown.members.empty()) {
      lines_.push_back({head + (shown.key.empty() ? "" : " ") + shown.text, origin(shown)});
      return;
    }
    const std::string inner = indent + std::string(dash.size(), ' ');
    if (shown.key.empty()) {  // an item that is a mapping, or a list in a list
      for (std::size_t i = 0; i < shown.members.size(); ++i)
        write(shown.members[i], i == 0 ? indent : inner, i == 0 ? dash + (shown.list ? "- " : "") : shown.list ? "- " : "");
      return;
    }
    lines_.push_back({head, ""});
    for (const auto& member : shown.members) write(member, inner + "  ", shown.list ? "- " : "");
  }

  std::string file_;
  std::vector<std::pair<std::string, std::string>> lines_;
};

void add_values(const Shown& shown, const std::string& path, Json& out) {
  if (shown.members.empty()) {
    Json from = "default";
    if (shown.from == Shown::From::inherited) from = "the pipeline";
    if (shown.from == Shown::From::file) from = {{"file", shown.at.file}, {"line", shown.at.line}, {"column", shown.at.column}};
    out.push_back({{"path", path}, {"value", shown.text}, {"from", std::move(from)}});
  }
  for (std::size_t i = 0; i < shown.members.size(); ++i)
    add_values(shown.members[i], shown.list ? item(path, i) : join(path, in_path(shown.members[i].key)), out);
}

}  // namespace

std::optional<View> view_host(const std::string& root, Faults& faults) {
  const std::string file = "milepost.yaml";
  const auto document = read(root, file, faults);
  if (document == nullptr && !faults.empty()) return std::nullopt;
  const Node* node = document == nullptr || document->root == nullptr || !document->root->is_map() ? nullptr : document->root;
  View out{"host", "", file, {}};
  if (auto whole = Walker(file, node, nullptr).walk("", node, &shape("host"), shapes())) out.whole = std::move(*whole);
  return out;
}

std::optional<View> view_definition(const std::string& root, const std::string& kind, const std::string& name,
                                    const Catalog& catalog, Faults& faults) {
  std::vector<std::string> names;
  Templates templates(root);
  const std::string folder = kind + "s";
  for (const auto& file : list_folder(fs::path(root) / folder).value_or(std::vector<std::string>())) {
    if (!file.ends_with(".yaml")) continue;
    Faults own;
    const auto path = folder + "/" + file;
    const auto document = read(root, path, own);
    const Node* node = document == nullptr ? nullptr : document->root;
    if (kind == "pipeline" && node != nullptr && node->is_map()) {
      Report report(path, own);
      templates.apply(*document, report, own);
    }
    const Node* named = node == nullptr || !node->is_map() ? nullptr : node->find(kind);
    const auto called = named == nullptr || !named->scalar() ? fs::path(file).stem().string() : named->text;
    names.push_back(called);
    if (called != name) continue;
    if (node == nullptr || !node->is_map()) {
      faults = std::move(own);
      return std::nullopt;
    }
    View out{kind, name, path, {}};
    if (auto whole = Walker(path, node, &catalog).walk("", node, &shape(kind), shapes())) out.whole = std::move(*whole);
    return out;
  }
  faults.push_back({std::string(kind == "pipeline" ? code::kUnknownPipeline : code::kUnknownConnection), {}, "",
                    "there is no " + kind + " " + in_quotes(name) + did_you_mean(name, names),
                    names.empty() ? "the folder has none" : "there are " + listed(names), false});
  return std::nullopt;
}

std::string to_text(const View& view) { return Writer(view).text(); }

Json to_json(const View& view) {
  Json values = Json::array();
  add_values(view.whole, "", values);
  Json out = {{"kind", view.kind}};
  if (!view.name.empty()) out["name"] = view.name;
  out["file"] = view.file;
  out["values"] = std::move(values);
  return out;
}

}  // namespace milepost::config
