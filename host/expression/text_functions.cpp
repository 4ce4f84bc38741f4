// lower upper trim contains starts_with split replace len. Each is linear in what it reads and writes, and pays for
// that.
#include <string.h>

#include <algorithm>

#include "host/expression/functions.hpp"
#include "host/expression/sandbox.hpp"
#include "host/expression/view.hpp"

namespace milepost::expression {

namespace {

void charge(lua_State* lua, std::size_t bytes) { Sandbox::of(lua).charge(bytes); }

void push_text(lua_State* lua, std::string_view text) { lua_pushlstring(lua, text.data(), text.size()); }

/// memmem is linear for any needle (two-way); std::string_view::find is not. For one byte memchr reads no further than it must.
std::size_t find(std::string_view text, std::string_view part, std::size_t from = 0) {
  const void* found = part.size() == 1 ? memchr(text.data() + from, part[0], text.size() - from)
                                       : memmem(text.data() + from, text.size() - from, part.data(), part.size());
  return found == nullptr ? text.npos : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

/// ASCII only: other letters would need the rules of a language.
template <char from, char to>
int change_case(lua_State* lua, const char* name) {
  const auto text = text_argument(lua, name, 1);
  charge(lua, text.size() * 4);
  luaL_Buffer buffer;
  char* out = luaL_buffinitsize(lua, &buffer, text.size());
  std::ranges::transform(text, out, [](char c) { return c >= from && c <= to ? static_cast<char>(c ^ 0x20) : c; });
  luaL_pushresultsize(&buffer, text.size());
  return 1;
}
int lower(lua_State* lua) { return change_case<'A', 'Z'>(lua, "lower"); }
int upper(lua_State* lua) { return change_case<'a', 'z'>(lua, "upper"); }

int trim(lua_State* lua) {
  constexpr std::string_view kBlank = " \t\n\v\f\r";
  auto text = text_argument(lua, "trim", 1);
  charge(lua, text.size() * 4);
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  text = text.substr(0, text.find_last_not_of(kBlank) + 1);
  push_text(lua, text);
  return 1;
}

/// contains(text, part), or contains(list, value) for a list that came in or one made here.
int contains(lua_State* lua) {
  lua_settop(lua, 2);
  if (lua_type(lua, 1) == LUA_TSTRING) {
    const auto text = text_argument(lua, "contains", 1);
    const auto part = text_argument(lua, "contains", 2);
    charge(lua, (text.size() + part.size()) * 8);
    lua_pushboolean(lua, find(text, part) != text.npos);
    return 1;
  }
  const Json* list = view_at(lua, 1);
  const bool table = lua_type(lua, 1) == LUA_TTABLE;
  if (!table && (list == nullptr || !list->is_array())) return wrong_argument(lua, "contains", 1, "text or a list");
  const std::size_t size = table ? lua_rawlen(lua, 1) : list->size();
  for (std::size_t i = 0; i < size; ++i) {
    charge(lua, 256);
    if (table) {
      lua_rawgeti(lua, 1, static_cast<lua_Integer>(i) + 1);
    } else {
      push(lua, (*list)[i]);
    }
    const bool same = lua_compare(lua, 2, -1, LUA_OPEQ) == 1;
    lua_pop(lua, 1);
    if (same) {
      lua_pushboolean(lua, 1);
      return 1;
    }
  }
  lua_pushboolean(lua, 0);
  return 1;
}

int starts_with(lua_State* lua) {
  const auto text = text_argument(lua, "starts_with", 1);
  const auto beginning = text_argument(lua, "starts_with", 2);
  charge(lua, beginning.size());
  lua_pushboolean(lua, text.starts_with(beginning));
  return 1;
}

int split(lua_State* lua) {
  auto text = text_argument(lua, "split", 1);
  const auto separator = text_argument(lua, "split", 2);
  if (separator.empty()) return wrong_argument(lua, "split", 2, "a text that is not empty");
  charge(lua, text.size() * 8);
  lua_newtable(lua);
  for (lua_Integer i = 1;; ++i) {
    charge(lua, 512);
    const std::size_t end = find(text, separator);
    push_text(lua, text.substr(0, end));
    lua_rawseti(lua, -2, i);
    if (end == text.npos) return 1;
    text.remove_prefix(end + separator.size());
  }
}

int replace(lua_State* lua) {
  const auto text = text_argument(lua, "replace", 1);
  const auto from = text_argument(lua, "replace", 2);
  const auto to = text_argument(lua, "replace", 3);
  if (from.empty()) return wrong_argument(lua, "replace", 2, "a text that is not empty");
  charge(lua, text.size() * 16);
  // Counted first: the result is then made in one piece, of a size that the bound on memory has seen.
  std::size_t count = 0;
  for (std::size_t at = 0; (at = find(text, from, at)) != text.npos; at += from.size()) ++count;
  const std::size_t size = text.size() - count * from.size() + count * to.size();
  charge(lua, size);
  luaL_Buffer buffer;
  char* out = luaL_buffinitsize(lua, &buffer, size);
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t found = std::min(find(text, from, at), text.size());
    out = std::ranges::copy(text.substr(at, found - at), out).out;
    if (found == text.size()) break;
    out = std::ranges::copy(to, out).out;
    at = found + from.size();
  }
  luaL_pushresultsize(&buffer, size);
  return 1;
}

/// Characters of a text (code points, as a person counts them), elements of a list, members of an object.
int len(lua_State* lua) {
  std::size_t size = 0;
  if (const Json* value = view_at(lua, 1)) {
    size = value->size();
  } else if (lua_type(lua, 1) == LUA_TTABLE) {
    size = lua_rawlen(lua, 1);
  } else if (lua_type(lua, 1) == LUA_TSTRING) {
    const auto text = text_argument(lua, "len", 1);
    charge(lua, text.size() * 4);
    size = static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
  } else {
    return wrong_argument(lua, "len", 1, "text, a list or an object");
  }
  lua_pushinteger(lua, static_cast<lua_Integer>(size));
  return 1;
}

}  // namespace

void install_text_functions(lua_State* lua) {
  const luaL_Reg functions[] = {
      {"lower", lower}, {"upper", upper},     {"trim", trim}, {"contains", contains}, {"starts_with", starts_with},
      {"split", split}, {"replace", replace}, {"len", len},   {nullptr, nullptr}};
  luaL_setfuncs(lua, functions, 0);
}

std::string_view text_argument(lua_State* lua, const char* function, int place) {
  if (lua_type(lua, place) != LUA_TSTRING) wrong_argument(lua, function, place, "text");
  std::size_t size = 0;
  const char* text = lua_tolstring(lua, place, &size);
  return {text, size};
}

int wrong_argument(lua_State* lua, const char* function, int place, const char* wanted) {
  const Json* view = view_at(lua, place);
  const char* found = view == nullptr     ? lua_typename(lua, lua_isnone(lua, place) ? LUA_TNIL : lua_type(lua, place))
                          : view->is_object() ? "an object"
                                          : "a list";
  return luaL_error(lua, "%s: argument %d must be %s, found %s", function, place, wanted, found);
}

}  // namespace milepost::expression
