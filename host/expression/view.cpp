#include "host/expression/view.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "host/expression/sandbox.hpp"

namespace milepost::expression {

namespace {

struct View {
  const Json* at;
  std::uint64_t generation;
};
constexpr char kMetatable = 0;  // its address is the key in the registry

/// More than a double surely keeps, counted without the zeros at both ends.
bool too_many_digits(std::string_view token) {
  token = token.substr(0, token.find_first_of("eE"));
  std::size_t digits = 0, zeros = 0;
  for (const char c : token) {
    if (c < '0' || c > '9') continue;
    if (c == '0') {
      if (digits > 0) ++zeros;
    } else {
      digits += std::exchange(zeros, 0) + 1;
    }
  }
  return digits > 15;
}

void push_number(lua_State* lua, const Json& value) {
  if (value.is_number_integer() && (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX))
    return lua_pushinteger(lua, value.get<std::int64_t>());
  if (value.is_number_float()) return lua_pushnumber(lua, value.get<double>());

  const std::string token = number_text(value);
  Sandbox::of(lua).charge(token.size() * 16);
  const double number = std::strtod(token.c_str(), nullptr);
  const bool underflows = number == 0 && token.find_first_of("123456789") < token.find_first_of("eE");
  if (!std::isfinite(number) || underflows || too_many_digits(token)) Sandbox::of(lua).remember(number, value);
  lua_pushnumber(lua, number);
}

int index(lua_State* lua) {
  const Json& value = *view_at(lua, 1);
  if (value.is_array()) {
    int whole = 0;
    const lua_Integer place = lua_type(lua, 2) == LUA_TNUMBER ? lua_tointegerx(lua, 2, &whole) : 0;
    if (whole == 0 || place < 1 || static_cast<std::size_t>(place) > value.size()) return 0;
    push(lua, value[static_cast<std::size_t>(place) - 1]);
    return 1;
  }
  if (lua_type(lua, 2) != LUA_TSTRING) return 0;
  std::size_t size = 0;
  const char* key = lua_tolstring(lua, 2, &size);
  Sandbox::of(lua).charge(value.size() * 8);
  const auto found = value.find(std::string(key, size));
  if (found == value.end()) return 0;
  push(lua, *found);
  return 1;
}

int refuse_write(lua_State* lua) { return luaL_error(lua, "what came in is read-only"); }

int length(lua_State* lua) {
  const Json& value = *view_at(lua, 1);
  if (!value.is_array()) return luaL_error(lua, "# wants a list or a text, not an object; use len()");
  lua_pushinteger(lua, static_cast<lua_Integer>(value.size()));
  return 1;
}

bool equal(lua_State* lua, const Json& a, const Json& b) {
  Sandbox::of(lua).charge(64 + 8 * (a.size() + b.size()));
  if (is_number(a) && is_number(b)) {
    push_number(lua, a);
    push_number(lua, b);
    const bool same = lua_rawequal(lua, -1, -2) == 1;
    lua_pop(lua, 2);
    return same;
  }
  if (a.type() != b.type() || a.size() != b.size()) return false;
  if (a.is_array())
    return std::equal(a.begin(), a.end(), b.begin(), [&](auto& x, auto& y) { return equal(lua, x, y); });
  if (a.is_string()) Sandbox::of(lua).charge(a.get_ref<const std::string&>().size());
  if (!a.is_object()) return a == b;
  auto guess = b.begin();  // most often both have their members in the same order
  for (auto member = a.begin(); member != a.end(); ++member, ++guess) {
    auto other = guess;
    if (other.key() != member.key()) {
      Sandbox::of(lua).charge(b.size() * 8);
      other = b.find(member.key());
    }
    if (other == b.end() || !equal(lua, *member, *other)) return false;
  }
  return true;
}

int equals(lua_State* lua) {
  luaL_checkstack(lua, 8, nullptr);
  lua_pushboolean(lua, equal(lua, *view_at(lua, 1), *view_at(lua, 2)));
  return 1;
}

}  // namespace

void install_views(lua_State* lua) {
  const luaL_Reg entries[] = {
      {"__index", index}, {"__newindex", refuse_write}, {"__len", length}, {"__eq", equals}, {nullptr, nullptr}};
  lua_createtable(lua, 0, 5);
  luaL_setfuncs(lua, entries, 0);
  lua_pushliteral(lua, "JSON");  // as in "attempt to concatenate a JSON value (field 'loan')"
  lua_setfield(lua, -2, "__name");
  lua_rawsetp(lua, LUA_REGISTRYINDEX, &kMetatable);
}

void push(lua_State* lua, const Json& value) {
  if (is_number(value)) return push_number(lua, value);
  switch (value.type()) {
    case Json::value_t::boolean:
      return lua_pushboolean(lua, value.get<bool>());
    case Json::value_t::string: {
      const auto& text = value.get_ref<const std::string&>();
      lua_pushlstring(lua, text.data(), text.size());
      return;
    }
    case Json::value_t::object:
    case Json::value_t::array:
      *static_cast<View*>(lua_newuserdatauv(lua, sizeof(View), 0)) = {&value, Sandbox::of(lua).generation()};
      lua_rawgetp(lua, LUA_REGISTRYINDEX, &kMetatable);
      lua_setmetatable(lua, -2);
      return;
    default:
      return lua_pushnil(lua);
  }
}

const Json* root_of(const Scope& scope, std::string_view name) {
  if (name == "payload") return scope.payload;
  if (name == "event") return scope.event;
  if (name == "loan") return scope.loan;
  if (name == "steps") return scope.steps;
  return name == "params" ? scope.params : nullptr;
}

int push_root(lua_State* lua) {
  const Scope* scope = Sandbox::of(lua).scope();
  if (scope == nullptr || lua_type(lua, 2) != LUA_TSTRING) return 0;
  const Json* root = root_of(*scope, lua_tostring(lua, 2));
  if (root == nullptr) return 0;
  push(lua, *root);
  return 1;
}

const Json* view_at(lua_State* lua, int place) {
  if (lua_type(lua, place) != LUA_TUSERDATA) return nullptr;  // no other userdata ever reaches an expression
  const auto& view = *static_cast<const View*>(lua_touserdata(lua, place));
  if (view.generation != Sandbox::of(lua).generation()) luaL_error(lua, "a value of an earlier event was kept");
  return view.at;
}

}  // namespace milepost::expression
