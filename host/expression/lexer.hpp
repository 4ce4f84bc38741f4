// Lua's tokens with their places, as far as checks before Lua need them: names, brackets, strings, comments.
#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

namespace milepost::expression {

struct Token {
  enum class Kind { name, keyword, number, string, symbol, end };
  Kind kind = Kind::end;
  std::string_view text;  ///< as written; a string with its quotes
  std::size_t begin = 0;  ///< byte offset in the source

  bool is(std::string_view word) const { return (kind == Kind::symbol || kind == Kind::keyword) && text == word; }
  std::size_t end() const { return begin + text.size(); }
};

/// What keeps a source from being cut into tokens: a string or a comment without its end.
struct LexicalFault {
  std::size_t at;
  std::string_view what;
};

class Lexer {
 public:
  explicit Lexer(std::string_view source, std::size_t begin = 0) : source_(source), at_(begin) {}
  /// The next token; Kind::end at the end of the source, again and again. A byte that Lua does not know is a symbol.
  std::expected<Token, LexicalFault> next();

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }
  std::expected<void, LexicalFault> skip_blank();
  std::expected<void, LexicalFault> quoted();
  /// Past a [[…]] or [=[…]=] that begins here; false when none does. `what` begins at `begin`.
  std::expected<bool, LexicalFault> long_bracket(std::string_view what, std::size_t begin);

  std::string_view source_;
  std::size_t at_;
};

}  // namespace milepost::expression
