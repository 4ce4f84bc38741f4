#include "host/expression/expression.hpp"

namespace milepost::expression {

/// A constant, a leaf, a list or an object; what holds no `${…}` anywhere below is one constant.
struct Tree::Node {
  Json constant;
  std::optional<Template> leaf;
  std::vector<Node> children;     ///< elements of a list, or members of an object
  std::vector<std::string> keys;  ///< of the members; empty for a list

  bool is_constant() const { return !leaf && children.empty(); }

  static Node compile(const Json& source, const std::string& pointer, std::vector<TreeFault>& faults);
  Result<Value> render(Machine& machine, const Scope& scope, const std::string& pointer) const;
  void each(const std::function<void(const Expression&)>& visit) const {
    if (leaf) leaf->each(visit);
    for (const Node& child : children) child.each(visit);
  }
};

namespace {

std::string below(const std::string& pointer, std::string_view key) {
  std::string longer = pointer + '/';
  for (const char c : key) longer += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return longer;
}

}  // namespace

Tree::Node Tree::Node::compile(const Json& source, const std::string& pointer, std::vector<TreeFault>& faults) {
  Node node;
  bool constant = true;
  if (source.is_string()) {
    auto leaf = Template::compile(source.get_ref<const std::string&>());
    if (!leaf) {
      faults.push_back({pointer, leaf.error()});
    } else if (source.get_ref<const std::string&>().find("${") == std::string::npos) {
      node.constant = source;
    } else {
      node.leaf = std::move(*leaf);
    }
    return node;
  }
  if (source.is_object()) {
    for (const auto& [key, member] : source.get_ref<const Json::object_t&>()) {
      node.keys.push_back(key);
      node.children.push_back(compile(member, below(pointer, key), faults));
      constant = constant && node.children.back().is_constant();
    }
  } else if (source.is_array()) {
    for (std::size_t i = 0; i < source.size(); ++i) {
      node.children.push_back(compile(source[i], below(pointer, std::to_string(i)), faults));
      constant = constant && node.children.back().is_constant();
    }
  }
  if (constant) {
    node = Node();
    node.constant = source;
  }
  return node;
}

Result<Value> Tree::Node::render(Machine& machine, const Scope& scope, const std::string& pointer) const {
  if (leaf) {
    auto value = leaf->render(machine, scope);
    if (!value && !pointer.empty()) value.error().message = pointer + ": " + value.error().message;
    return value;
  }
  if (!keys.empty()) {
    Json object = Json::object();
    // Keys are distinct already: the map's own search on each insert would only repeat that.
    auto& entries = static_cast<std::vector<Json::object_t::value_type>&>(object.get_ref<Json::object_t&>());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      auto value = children[i].render(machine, scope, below(pointer, keys[i]));
      if (!value) return value;
      if (*value) entries.emplace_back(keys[i], std::move(**value));
    }
    return Value(std::move(object));
  }
  if (!children.empty()) {
    Json list = Json::array();
    for (std::size_t i = 0; i < children.size(); ++i) {
      auto value = children[i].render(machine, scope, below(pointer, std::to_string(i)));
      if (!value) return value;
      list.push_back(*value ? std::move(**value) : Json(nullptr));
    }
    return Value(std::move(list));
  }
  return Value(constant);
}

std::expected<Tree, std::vector<TreeFault>> Tree::compile(const Json& source) {
  std::vector<TreeFault> faults;
  auto root = std::make_shared<const Node>(Node::compile(source, "", faults));
  if (!faults.empty()) return std::unexpected(std::move(faults));
  Tree tree;
  tree.root_ = std::move(root);
  return tree;
}

bool Tree::constant() const { return root_ == nullptr || root_->is_constant(); }

void Tree::each(const std::function<void(const Expression&)>& visit) const {
  if (root_ != nullptr) root_->each(visit);
}

Result<Json> Tree::render(Machine& machine, const Scope& scope) const {
  if (root_ == nullptr) return Json(nullptr);
  auto value = root_->render(machine, scope, "");
  if (!value) return fail(value.error());
  return *value ? std::move(**value) : Json(nullptr);
}

}  // namespace milepost::expression
