#include "host/expression/lexer.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace milepost::expression {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c); }
bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

constexpr std::string_view kKeywords[] = {"and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
                                          "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
                                          "repeat",   "return", "then", "true", "until",  "while"};
// Longest first. && and || are no Lua; as one token they get a better message.
constexpr std::string_view kSymbols[] = {"...", "..", "==", "~=", "<=", ">=", "//", "::", "<<", ">>", "&&", "||", "!="};

}  // namespace

std::expected<Token, LexicalFault> Lexer::next() {
  if (auto blank = skip_blank(); !blank) return std::unexpected(blank.error());
  const std::size_t begin = at_;
  const auto token = [&](Token::Kind kind) { return Token{kind, source_.substr(begin, at_ - begin), begin}; };
  if (at_ >= source_.size()) return token(Token::Kind::end);

  const char c = peek();
  if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
    // As Lua does: everything that could belong to a numeral is taken, and judged later.
    const std::string_view exponents = c == '0' && (peek(1) | 0x20) == 'x' ? "pP" : "eE";
    while (is_name(peek()) || peek() == '.') {
      const bool exponent = exponents.find(peek()) != exponents.npos;
      ++at_;
      if (exponent && (peek() == '+' || peek() == '-')) ++at_;
    }
    return token(Token::Kind::number);
  }
  if (is_name(c)) {
    while (is_name(peek())) ++at_;
    const auto word = source_.substr(begin, at_ - begin);
    return token(std::ranges::find(kKeywords, word) != std::end(kKeywords) ? Token::Kind::keyword : Token::Kind::name);
  }
  if (c == '"' || c == '\'') {
    if (auto read = quoted(); !read) return std::unexpected(read.error());
    return token(Token::Kind::string);
  }
  if (c == '[') {
    auto read = long_bracket("a long string", begin);
    if (!read) return std::unexpected(read.error());
    if (*read) return token(Token::Kind::string);
  }
  const auto symbol = std::ranges::find_if(kSymbols, [&](auto s) { return source_.substr(at_).starts_with(s); });
  at_ += symbol == std::end(kSymbols) ? 1 : symbol->size();
  return token(Token::Kind::symbol);
}

std::expected<void, LexicalFault> Lexer::skip_blank() {
  while (at_ < source_.size()) {
    if (is_blank(peek())) {
      ++at_;
    } else if (peek() == '-' && peek(1) == '-') {
      const std::size_t begin = std::exchange(at_, at_ + 2);
      auto read = long_bracket("a comment", begin);
      if (!read) return std::unexpected(read.error());
      if (!*read) at_ = std::min(source_.find('\n', at_), source_.size());
    } else {
      break;
    }
  }
  return {};
}

std::expected<void, LexicalFault> Lexer::quoted() {
  const std::size_t begin = at_;
  const char quote = source_[at_++];
  while (at_ < source_.size()) {
    const char c = source_[at_++];
    if (c == quote) return {};
    if (c == '\n' || c == '\r') break;
    if (c != '\\' || at_ >= source_.size()) continue;
    if (source_[at_++] == 'z')
      while (is_blank(peek())) ++at_;
  }
  return std::unexpected(LexicalFault{begin, "a text"});
}

std::expected<bool, LexicalFault> Lexer::long_bracket(std::string_view what, std::size_t begin) {
  if (peek() != '[') return false;
  std::size_t level = 0;
  while (peek(1 + level) == '=') ++level;
  if (peek(1 + level) != '[') return false;
  const std::string closing = ']' + std::string(level, '=') + ']';
  const std::size_t end = source_.find(closing, at_ + level + 2);
  if (end == source_.npos) return std::unexpected(LexicalFault{begin, what});
  at_ = end + closing.size();
  return true;
}

}  // namespace milepost::expression
