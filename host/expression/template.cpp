#include "host/expression/expression.hpp"
#include "host/expression/lexer.hpp"

namespace milepost::expression {

namespace {

/// Where the `}` stands that closes an expression which begins at `begin`. Braces nest; strings and comments hide them.
Result<std::size_t> closing_brace(std::string_view source, std::size_t begin) {
  const auto refuse = [](std::size_t at, const std::string& what) {
    return fail(ErrorKind::permanent, "column " + std::to_string(at + 1) + ": " + what);
  };
  std::size_t depth = 0;
  for (Lexer lexer(source, begin);;) {
    const auto token = lexer.next();
    if (!token) return refuse(token.error().at, std::string(token.error().what) + " inside ${…} is not closed");
    if (token->kind == Token::Kind::end)
      return refuse(begin - 2, "${ is not closed by }; in YAML, a text that holds { or # wants quotes around it");
    if (token->is("{")) ++depth;
    if (token->is("}") && depth-- == 0) return token->begin;
  }
}

}  // namespace

Result<Template> Template::compile(std::string_view source) {
  Template made;
  made.source_ = source;
  std::string text;
  for (std::size_t at = 0; at < source.size();) {
    const std::string_view rest = source.substr(at);
    if (rest.starts_with("$${")) {
      text += "${";
      at += 3;
    } else if (rest.starts_with("${")) {
      const auto end = closing_brace(source, at + 2);
      if (!end) return fail(end.error());
      auto expression = Expression::compile_at(source.substr(at + 2, *end - at - 2), at + 2);
      if (!expression) return fail(expression.error());
      if (!text.empty()) made.pieces_.push_back({std::exchange(text, {}), std::nullopt});
      made.pieces_.push_back({{}, std::move(*expression)});
      at = *end + 1;
    } else {
      text += source[at++];
    }
  }
  if (!text.empty()) made.pieces_.push_back({std::move(text), std::nullopt});
  return made;
}

bool Template::constant() const {
  for (const Piece& piece : pieces_)
    if (piece.expression) return false;
  return true;
}

std::vector<std::string> Template::names() const {
  if (pieces_.size() != 1 || !pieces_.front().expression) return {};
  for (const auto& segment : pieces_.front().expression->segments_)
    if (segment.index) return {};
  return pieces_.front().expression->path();
}

void Template::each(const std::function<void(const Expression&)>& visit) const {
  for (const Piece& piece : pieces_)
    if (piece.expression) visit(*piece.expression);
}

Result<Value> Template::render(Machine& machine, const Scope& scope) const {
  if (pieces_.size() == 1 && pieces_.front().expression) return machine.evaluate(*pieces_.front().expression, scope);
  std::string text;
  for (const Piece& piece : pieces_) {
    if (!piece.expression) {
      text += piece.text;
      continue;
    }
    const auto value = machine.evaluate(*piece.expression, scope);
    if (!value) return fail(value.error());
    const auto refuse = [&](const char* what) {
      return fail(ErrorKind::permanent,
                  "in " + piece.expression->source() + ": it is " + what + ", which has no place inside a text");
    };
    if (!*value || (*value)->is_null()) return refuse("nil");
    const Json& json = **value;
    if (json.is_structured()) return refuse(json.is_array() ? "a list" : "an object");
    text += json.is_string() ? json.get_ref<const std::string&>() : milepost::text(json);
  }
  return Value(Json(std::move(text)));
}

}  // namespace milepost::expression
