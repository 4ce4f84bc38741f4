// YAML as a tree with positions, styles and tags. yaml-cpp parses; this layer guards what it lets through: duplicate
// keys, tabs, alias bombs and cycles, several documents, other encodings, and expressions that YAML itself tears apart.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/config/fault.hpp"

namespace milepost::config::yaml {

struct Node {
  enum class Kind { null, plain, quoted, list, map };
  struct Member {
    const Node* key;
    const Node* value;
  };

  Kind kind = Kind::null;
  int line = 1, column = 1;  ///< from 1; columns count code points
  std::string tag;           ///< "", "!secret" or "!env"; then `text` is the name
  std::string text;          ///< of a scalar
  bool broken = false;       ///< its fault is told already: there is nothing to read
  std::vector<const Node*> items;
  std::vector<Member> members;
  std::size_t weight = 1;  ///< values in it, aliases expanded
  std::size_t height = 1;  ///< levels in it, aliases expanded

  bool scalar() const { return kind == Kind::plain || kind == Kind::quoted; }
  bool is_map() const { return kind == Kind::map; }
  bool is_list() const { return kind == Kind::list; }
  bool is_null() const { return kind == Kind::null; }
  const Node* find(std::string_view key) const;  ///< of a map; nullptr when it has none
};

/// Owns its nodes. Aliases share the node that they name.
struct Document {
  std::deque<Node> nodes;
  const Node* root = nullptr;  ///< null for an empty file
};

struct Options {
  bool expressions = true;  ///< report `${` that never closes
};

/// nullptr when the text cannot be read to its end; other faults leave a document to go on with.
std::unique_ptr<Document> parse(std::string_view text, const std::string& file, Faults& faults, Options options = {});

}  // namespace milepost::config::yaml
