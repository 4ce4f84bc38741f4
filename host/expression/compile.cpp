// What can be known of an expression before it runs: its tokens, its brackets, Lua's syntax, its names.
#include <algorithm>
#include <charconv>

#include "host/expression/expression.hpp"
#include "host/expression/lexer.hpp"
#include "host/expression/lua.hpp"
#include "host/expression/names.hpp"

namespace milepost::expression {

namespace {

constexpr std::size_t kLongest = 8192;
constexpr std::size_t kDeepest = 64;
// In brackets, so that it can be one expression only; the line feed ends a comment that the source may end with.
constexpr std::string_view kOpening = "return (";
constexpr std::string_view kClosing = "\n)";

struct SourceFault {
  std::size_t at;  ///< byte offset in the source
  std::string message;
};
using Check = std::optional<SourceFault>;

std::expected<std::vector<Token>, SourceFault> tokens_of(std::string_view source) {
  std::vector<Token> tokens;
  for (Lexer lexer(source);;) {
    const auto token = lexer.next();
    if (!token)
      return std::unexpected(SourceFault{token.error().at, std::string(token.error().what) + " is not closed"});
    if (token->kind == Token::Kind::end) return tokens;
    tokens.push_back(*token);
  }
}

/// Without this, `a) or (b` would slip through the brackets that are put around the source.
Check brackets(const std::vector<Token>& tokens) {
  std::vector<const Token*> open;
  const auto partner = [](char c) { return c == '(' ? ')' : c == '[' ? ']' : '}'; };
  for (const Token& token : tokens) {
    if (token.is("(") || token.is("[") || token.is("{")) {
      open.push_back(&token);
      if (open.size() > kDeepest)
        return SourceFault{token.begin, "brackets nest deeper than " + std::to_string(kDeepest)};
    } else if (token.is(")") || token.is("]") || token.is("}")) {
      if (open.empty() || partner(open.back()->text.front()) != token.text.front())
        return SourceFault{token.begin, "unexpected '" + std::string(token.text) + "'"};
      open.pop_back();
    }
  }
  if (!open.empty()) return SourceFault{open.back()->begin, "'" + std::string(open.back()->text) + "' is not closed"};
  return std::nullopt;
}

/// Hands the chunk to Lua byte by byte: how far Lua had read when it gave up is where the fault is.
struct Feed {
  std::string_view chunk;
  std::size_t given = 0;

  static const char* read(lua_State*, void* self, std::size_t* size) {
    auto& feed = *static_cast<Feed*>(self);
    *size = feed.given < feed.chunk.size() ? 1 : 0;
    return *size == 0 ? nullptr : &feed.chunk[feed.given++];
  }
};

/// Lua's words for a syntax error, in ours: without its line, and with what the writer probably meant.
std::string reworded(std::string_view message) {
  const std::size_t near = message.rfind(" near ");
  if (near == message.npos) return std::string(message.substr(0, message.find(" at line ")));
  std::string token(message.substr(near + 6));
  if (token.size() > 40) token = token.substr(0, 40) + "…";
  if (message.starts_with("<name> expected"))
    return "a name is expected before " + token + "; a member may be written [\"…\"]";
  const bool unexpected = message.starts_with("')' expected") || message.starts_with("unexpected symbol");
  std::string text = unexpected ? "unexpected " + token : std::string(message.substr(0, near)) + " before " + token;
  if (token == "'='") text += "; to compare, write ==";
  if (token == "'!'") text += "; \"not equal\" is ~=, \"not\" is not";
  if (token == "'&'") text += "; write and";
  if (token == "'|'") text += "; write or";
  return text;
}

/// One state a thread, since making one costs more than reading a chunk into it. Nothing is ever run in it.
lua_State* reader() {
  thread_local const std::unique_ptr<lua_State, void (*)(lua_State*)> lua(luaL_newstate(), lua_close);
  if (lua != nullptr) lua_settop(lua.get(), 0);
  return lua.get();
}

Check syntax(std::string_view chunk, std::size_t source_size, const std::vector<Token>& tokens) {
  lua_State* const lua = reader();
  if (lua == nullptr) return SourceFault{0, "out of memory"};
  Feed feed{chunk};
  if (lua_load(lua, &Feed::read, &feed, "=", "t") == LUA_OK) return std::nullopt;

  const char* raised = lua_tostring(lua, -1);
  const std::string_view message = without_line(raised != nullptr ? raised : "out of memory");
  // The last byte read is one past the token that Lua did not want.
  const std::size_t read = feed.given - std::min(feed.given, kOpening.size());
  if (message.ends_with(" near ')'") && read > source_size + 1)
    return SourceFault{source_size, tokens.empty() ? "there is no expression" : "the expression ends too early"};
  const auto last =
      std::find_if(tokens.rbegin(), tokens.rend(), [&](const Token& token) { return token.begin + 1 < read; });
  return SourceFault{last == tokens.rend() ? 0 : last->begin, reworded(message)};
}

}  // namespace

Result<Expression> Expression::compile(std::string_view source) { return compile_at(source, 0); }

Result<Expression> Expression::compile_at(std::string_view source, std::size_t offset) {
  const auto refuse = [&](const SourceFault& fault) {
    return fail(ErrorKind::permanent, "column " + std::to_string(offset + fault.at + 1) + ": " + fault.message);
  };
  if (source.size() > kLongest)
    return refuse({0, "an expression is longer than " + std::to_string(kLongest) + " bytes"});
  const auto tokens = tokens_of(source);
  if (!tokens) return refuse(tokens.error());

  Expression expression;
  expression.source_ = source;
  expression.chunk_.append(kOpening).append(source).append(kClosing);

  if (const auto fault = brackets(*tokens)) return refuse(*fault);
  if (const auto fault = syntax(expression.chunk_, source.size(), *tokens)) return refuse(*fault);
  if (const auto unknown = unknown_name(*tokens)) return refuse({unknown->at, unknown->message});

  // A plain path: root, then .name, ["text"] or [number]; to the end, or to == or ~= and a plain text.
  const auto is = [&](std::size_t i, std::string_view symbol) { return i < tokens->size() && (*tokens)[i].is(symbol); };
  const auto plain_text = [](const Token& token) {
    const bool plain = token.kind == Token::Kind::string && token.text.front() != '[' && token.text.find('\\') == token.text.npos;
    return plain ? std::optional(std::string(token.text.substr(1, token.text.size() - 2))) : std::nullopt;
  };
  if (std::ranges::find(kRoots, tokens->front().text) == std::end(kRoots)) return expression;
  std::vector<Segment> segments{{std::string(tokens->front().text), std::nullopt}};
  std::optional<Comparison> compared;
  for (std::size_t i = 1; i < tokens->size();) {
    if (is(i, ".") && i + 1 < tokens->size()) {
      segments.push_back({std::string((*tokens)[i + 1].text), std::nullopt});
      i += 2;
    } else if (is(i, "[") && is(i + 2, "]")) {
      const Token& key = (*tokens)[i + 1];
      std::uint64_t index = 0;
      const auto [stop, error] = std::from_chars(key.text.data(), key.text.data() + key.text.size(), index);
      if (auto name = plain_text(key))
        segments.push_back({*std::move(name), std::nullopt});
      else if (key.kind == Token::Kind::number && error == std::errc() && stop == key.text.data() + key.text.size())
        segments.push_back({std::string(key.text), index});
      else
        return expression;
      i += 3;
    } else if ((is(i, "==") || is(i, "~=")) && i + 2 == tokens->size()) {
      auto text = plain_text((*tokens)[i + 1]);
      if (!text) return expression;
      compared = Comparison{*std::move(text), is(i, "==")};
      i += 2;
    } else {
      return expression;
    }
  }
  expression.segments_ = std::move(segments);
  expression.compared_ = std::move(compared);
  if (!expression.compared_)
    for (const Segment& segment : expression.segments_) expression.path_.push_back(segment.key);
  return expression;
}

}  // namespace milepost::expression
