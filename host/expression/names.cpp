#include "host/expression/names.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace milepost::expression {

namespace {

using Kind = Token::Kind;

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j)
      diagonal = std::exchange(row[j + 1], std::min({row[j + 1] + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)}));
  }
  return row.back();
}

std::string remedy(std::string_view name) {
  for (const std::string_view foreign : {"null", "None", "undefined", "NULL"})
    if (name == foreign) return "; write nil";
  std::string_view best;
  std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
  const auto consider = [&](std::string_view candidate) {
    if (name.size() > candidate.size() + least) return;
    if (const auto d = distance(name, candidate); d < least) least = d, best = candidate;
  };
  for (const auto root : kRoots) consider(root);
  for (const auto function : kFunctions) consider(function);
  if (!best.empty()) return "; did you mean " + std::string(best) + "?";
  return "; there are payload, event, loan, steps, params and a few functions";
}

bool known(std::string_view name) {
  return std::ranges::find(kRoots, name) != std::end(kRoots) ||
         std::ranges::find(kFunctions, name) != std::end(kFunctions);
}

/// Names that are declared by local, function parameters or for, wherever in the source: a name used outside its block
/// is rare, and then simply nil.
class Names {
 public:
  explicit Names(std::span<const Token> tokens) : tokens_(tokens) {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (at(i).is("local") && !at(i + 1).is("function")) declare_list(i + 1);
      if (at(i).is("local") && at(i + 1).is("function")) declared_.insert(at(i + 2).text);
      if (at(i).is("for")) declare_list(i + 1);
      if (at(i).is("function")) declare_parameters(i + 1);
    }
  }

  std::optional<UnknownName> first_unknown() const {
    std::vector<char> open;  // brackets around the token at hand
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const Token& token = at(i);
      if (token.is("(") || token.is("[") || token.is("{")) open.push_back(token.text.front());
      if ((token.is(")") || token.is("]") || token.is("}")) && !open.empty()) open.pop_back();
      if (token.kind != Kind::name || is_member(i) || is_label(i) || is_attribute(i)) continue;
      const bool table_key = !open.empty() && open.back() == '{' && at(i + 1).is("=") &&
                             (before(i).is("{") || before(i).is(",") || before(i).is(";"));
      // _ENV is how Lua would hand out its own tables.
      if (token.text != "_ENV" && (table_key || known(token.text) || declared_.contains(token.text))) continue;
      const std::string name(token.text.substr(0, 64));
      return UnknownName{token.begin, "unknown name " + name + remedy(token.text.substr(0, 64))};
    }
    return std::nullopt;
  }

 private:
  const Token& at(std::size_t i) const { return i < tokens_.size() ? tokens_[i] : end_; }
  const Token& before(std::size_t i) const { return i > 0 ? tokens_[i - 1] : end_; }
  bool is_member(std::size_t i) const { return before(i).is(".") || before(i).is(":"); }
  bool is_label(std::size_t i) const { return before(i).is("goto") || (before(i).is("::") && at(i + 1).is("::")); }
  bool is_attribute(std::size_t i) const {
    return before(i).is("<") && at(i + 1).is(">") && (at(i).text == "const" || at(i).text == "close");
  }
  void declare_list(std::size_t i) {
    while (at(i).kind == Kind::name) {
      declared_.insert(at(i++).text);
      if (at(i).is("<")) i += 3;
      if (!at(i).is(",")) return;
      ++i;
    }
  }
  void declare_parameters(std::size_t i) {
    while (at(i).kind == Kind::name || at(i).is(".") || at(i).is(":")) {
      if (at(i).is(":")) declared_.insert("self");
      ++i;
    }
    if (at(i).is("(")) declare_list(i + 1);
  }

  std::span<const Token> tokens_;
  std::set<std::string_view> declared_;
  Token end_{};
};

}  // namespace

std::optional<UnknownName> unknown_name(std::span<const Token> tokens) { return Names(tokens).first_unknown(); }

}  // namespace milepost::expression
