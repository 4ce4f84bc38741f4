// Expressions: Lua 5.4 in a sandbox. They see payload, event, loan, steps, params as read-only views and our few functions
// (lower upper trim contains starts_with split replace len round time days_between now has link), nothing else. Indexing nil
// gives nil. Instructions and memory are bounded: an expression that loops or grows is stopped with an error.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/telemetry/clock.hpp"
#include "milepost/json.hpp"

namespace milepost::expression {

/// What one evaluation sees. Borrowed until it returns; nullptr reads as nil.
struct Scope {
  const Json* payload = nullptr;
  const Json* event = nullptr;
  const Json* loan = nullptr;
  const Json* steps = nullptr;  ///< {"crm": {…answer body…, "effect": "created"}}; a skipped step is absent
  const Json* params = nullptr;
  /// link(system, type, id) -> subject, or nullopt. May be empty: then link() gives nil.
  std::function<std::optional<std::string>(const std::string&, const std::string&, const std::string&)> link;
  telemetry::Time now{};        ///< what now() and days_between() read
};

/// A compiled expression. Immutable; shared by any number of machines. [any]
class Expression {
 public:
  /// Syntax, unknown globals (with the nearest known name) and the nesting of the source are checked here: `permanent`, the message
  /// names the column (from 1) within `source` as "column N: …".
  static Result<Expression> compile(std::string_view source);
  const std::string& source() const { return source_; }
  /// Set when the source is one plain path such as payload.loan.amount: its segments, ["payload", "loan", "amount"].
  const std::vector<std::string>& path() const { return path_; }

 private:
  friend class Machine;
  friend class Template;
  /// One step of a plain path: a member by name, or an element counted from 1 when `index` is set.
  struct Segment {
    std::string key;
    std::optional<std::uint64_t> index;
  };
  /// `path == "text"`, or `~=`: what most conditions are.
  struct Comparison {
    std::string text;
    bool equal;
  };
  /// As compile(), for a source that begins `offset` bytes into a longer text: columns count from that text's start.
  static Result<Expression> compile_at(std::string_view source, std::size_t offset);
  // Lua has no part in these.
  const Json* walk(const Scope& scope) const;  ///< where a plain path leads; nullptr where it leads nowhere
  bool compares(const Scope& scope) const;     ///< REQUIRES: compared_

  std::string source_;
  std::vector<std::string> path_;
  std::vector<Segment> segments_;  ///< path_ with what kind each segment is; that of a comparison, which has no path_
  std::optional<Comparison> compared_;
  std::string chunk_;              ///< ready to load into a machine
};

/// What an expression gave: nullopt for nil. A plain path gives the JSON value itself (JSON null stays null, numbers keep
/// their text); a computed number is an integer or a double (shortest round trip); a Lua table is an array or an object.
using Value = std::optional<Json>;

struct Bounds {
  std::size_t instructions = 1'000'000;
  std::size_t memory_bytes = 16u << 20;  ///< beyond what the machine itself holds
  /// Of this thread's processor time. The two above end a runaway long before and the same way everywhere; this one is
  /// for what they count too low, such as comparing megabytes in one instruction.
  std::chrono::milliseconds cpu{1000};
};

/// One Lua state, once it needs one. [serial]: one thread at a time; a machine keeps the chunks that it has loaded.
class Machine {
 public:
  explicit Machine(Bounds bounds = {});
  ~Machine();
  Machine(Machine&&) noexcept;
  Machine& operator=(Machine&&) noexcept;

  /// `permanent`: it raised (the message names the expression and why), or passed a bound.
  Result<Value> evaluate(const Expression& expression, const Scope& scope);
  /// For `when` and `check`: boolean, nil (false) or an answer (an object: true); anything else is an error.
  Result<bool> test(const Expression& expression, const Scope& scope);

 private:
  struct State;
  State& state();

  Bounds bounds_;
  std::unique_ptr<State> state_;  ///< made for the first expression that needs Lua
};

/// A text with `${…}` in it. A text that is one `${…}` keeps its value's type; in any other the value is put in as text (a
/// number by its source text, true/false as such); nil, null, arrays and objects inside a text are errors that name the
/// expression. `$${` is a literal `${`. Braces inside an expression nest; quotes hide them.
class Template {
 public:
  static Result<Template> compile(std::string_view source);  ///< also: an unclosed `${`
  bool constant() const;                                     ///< no `${…}` at all
  const std::string& source() const { return source_; }
  /// ["payload", "loan", "id"] when the whole text is one `${payload.loan.id}`: a plain path of names alone; else empty.
  std::vector<std::string> names() const;
  void each(const std::function<void(const Expression&)>& visit) const;  ///< of its expressions
  Result<Value> render(Machine& machine, const Scope& scope) const;

 private:
  struct Piece {
    std::string text;                      ///< when there is no expression
    std::optional<Expression> expression;
  };
  std::string source_;
  std::vector<Piece> pieces_;
};

struct TreeFault {
  std::string pointer;  ///< JSON pointer of the leaf
  Error error;
};

/// A JSON tree whose text leaves are templates (keys never are).
class Tree {
 public:
  /// Every fault of the tree, by JSON pointer.
  static std::expected<Tree, std::vector<TreeFault>> compile(const Json& source);
  /// The tree with its leaves evaluated. A leaf that is nil omits its key (in an array: becomes null). Errors name the pointer.
  Result<Json> render(Machine& machine, const Scope& scope) const;
  bool constant() const;  ///< no `${…}` at all: the scope is not looked at
  void each(const std::function<void(const Expression&)>& visit) const;  ///< of its leaves' expressions

 private:
  struct Node;
  std::shared_ptr<const Node> root_;
};

}  // namespace milepost::expression
