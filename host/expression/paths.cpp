#include "host/expression/paths.hpp"

#include <algorithm>

#include "host/expression/lexer.hpp"
#include "host/expression/names.hpp"

namespace milepost::expression {

namespace {

constexpr std::size_t kMostBytes = 200;

/// The first `most` bytes at the most, and no half character.
std::string cut(const std::string& text, std::size_t most) {
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return text.substr(0, most) + "…";
}

std::vector<Token> tokens_of(std::string_view source) {
  std::vector<Token> tokens;
  for (Lexer lexer(source);;) {
    const auto token = lexer.next();
    if (!token || token->kind == Token::Kind::end) return tokens;
    tokens.push_back(*token);
  }
}

/// payload, event … themselves, not a member of that name.
bool is_root(const std::vector<Token>& tokens, std::size_t i) {
  return tokens[i].kind == Token::Kind::name && (i == 0 || !(tokens[i - 1].is(".") || tokens[i - 1].is(":"))) &&
         std::ranges::find(kRoots, tokens[i].text) != std::end(kRoots);
}

}  // namespace

bool is_constant(std::string_view source) {
  return std::ranges::none_of(tokens_of(source), [](const Token& token) {
    return token.kind == Token::Kind::name &&
           (std::ranges::find(kRoots, token.text) != std::end(kRoots) || token.text == "now" ||
            token.text == "days_between" || token.text == "link");
  });
}

std::vector<Expression> paths_in(std::string_view source) {
  const auto tokens = tokens_of(source);
  const auto is = [&](std::size_t i, std::string_view symbol) { return i < tokens.size() && tokens[i].is(symbol); };
  std::vector<Expression> paths;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!is_root(tokens, i)) continue;
    std::size_t last = i;
    for (;;) {
      if (is(last + 1, ".") && last + 2 < tokens.size()) {
        last += 2;
      } else if (is(last + 1, "[") && is(last + 3, "]") && tokens[last + 2].kind != Token::Kind::name) {
        last += 3;
      } else {
        break;
      }
    }
    if (last == i) continue;
    auto path = Expression::compile(source.substr(tokens[i].begin, tokens[last].end() - tokens[i].begin));
    i = last;
    const auto known = [&](const Expression& other) { return path && other.source() == path->source(); };
    if (path && !path->path().empty() && std::ranges::none_of(paths, known)) paths.push_back(std::move(*path));
  }
  return paths;
}

void Looked::at_members(const std::set<std::string>& names) {
  if (payload_) payload_->insert(names.begin(), names.end());
}

void Looked::at_everything() {
  payload_.reset();
  event_.reset();
}

void Looked::at(const Expression& expression) {
  const auto tokens = tokens_of(expression.source());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!is_root(tokens, i) || (tokens[i].text != "payload" && tokens[i].text != "event")) continue;
    Members& members = tokens[i].text == "event" ? event_ : payload_;
    const bool named = i + 2 < tokens.size() && tokens[i + 1].is(".") && tokens[i + 2].kind == Token::Kind::name;
    if (!named)
      members.reset();
    else if (members)
      members->emplace(tokens[i + 2].text);
  }
}

Json values_of(const std::vector<Expression>& paths, Machine& machine, const Scope& scope) {
  Json values = Json::object();
  for (const auto& path : paths) {
    const auto value = machine.evaluate(path, scope);
    Json& place = values[path.source()] = value && *value ? **value : Json(nullptr);
    const auto shown = text(place);
    if (shown.size() > kMostBytes) place = cut(place.is_string() ? place.get<std::string>() : shown, kMostBytes);
  }
  return values;
}

}  // namespace milepost::expression
