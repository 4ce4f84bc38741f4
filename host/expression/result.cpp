#include "host/expression/result.hpp"

#include <algorithm>
#include <cmath>

#include "host/expression/sandbox.hpp"
#include "host/expression/view.hpp"

namespace milepost::expression {

namespace {

constexpr int kDeepestResult = 64;

bool is_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned lead = byte(i);
    const std::size_t size = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
    if (size == 0) return false;
    for (std::size_t k = 1; k < size; ++k)
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    // Too long a form, a surrogate, or past the last code point.
    const unsigned second = byte(i + 1);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return false;
    if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return false;
    i += size;
  }
  return true;
}

/// Turns Lua values into JSON. A table may hold itself, or one view a million times, so depth and size are bounded.
class Reader {
 public:
  explicit Reader(lua_State* lua) : lua_(lua), left_(Sandbox::of(lua).bounds().memory_bytes) {}

  Result<Json> read(int place, int depth) {
    if (depth > kDeepestResult || lua_checkstack(lua_, 4) == 0)
      return refuse("a table that nests deeper than 64, or holds itself");
    if (!pay(sizeof(Json) + 16)) return too_large();
    switch (lua_type(lua_, place)) {
      case LUA_TNIL:
        return Json(nullptr);
      case LUA_TBOOLEAN:
        return Json(lua_toboolean(lua_, place) == 1);
      case LUA_TNUMBER:
        return number(place);
      case LUA_TSTRING:
        return text(place);
      case LUA_TUSERDATA:
        return copy(*view_at(lua_, place));
      case LUA_TTABLE:
        return table(lua_absindex(lua_, place), depth);
      default:
        return refuse(std::string("a ") + lua_typename(lua_, lua_type(lua_, place)));
    }
  }

 private:
  static std::unexpected<Error> refuse(const std::string& what) {
    return fail(ErrorKind::permanent, "it gives " + what);
  }
  static std::unexpected<Error> too_large() { return refuse("more than its bound on memory"); }
  bool pay(std::size_t bytes) {
    if (bytes > left_) return false;
    left_ -= bytes;
    return true;
  }

  Result<Json> number(int place) {
    if (lua_isinteger(lua_, place)) return Json(static_cast<std::int64_t>(lua_tointeger(lua_, place)));
    const double value = lua_tonumber(lua_, place);
    bool ambiguous = false;
    if (const Json* source = Sandbox::of(lua_).remembered(value, ambiguous)) return copy(*source);
    if (ambiguous) return refuse("one of several numbers with more digits than it can tell apart");
    if (!std::isfinite(value)) return refuse("a number that is not finite");
    if (std::abs(value) < 9007199254740992 && std::trunc(value) == value) return Json(static_cast<std::int64_t>(value));
    return Json(value);
  }

  Result<Json> text(int place) {
    std::size_t size = 0;
    const char* data = lua_tolstring(lua_, place, &size);
    if (!pay(size)) return too_large();
    if (!is_utf8({data, size})) return refuse("a text that is not UTF-8");
    return Json(std::string(data, size));
  }

  /// A copy of what came in, counted as it grows.
  Result<Json> copy(const Json& value) { return measure(value) ? Result<Json>(value) : Result<Json>(too_large()); }
  bool measure(const Json& value) {
    if (!pay(sizeof(Json) + (value.is_string() ? value.get_ref<const std::string&>().size() : 0))) return false;
    if (value.is_object())
      for (const auto& [key, member] : value.get_ref<const Json::object_t&>())
        if (!pay(sizeof(std::string) + key.size()) || !measure(member)) return false;
    if (value.is_array())
      for (const Json& element : value)
        if (!measure(element)) return false;
    return true;
  }

  /// 1 to n make a list, text keys an object (in the keys' order, since Lua keeps none); nothing else can be JSON.
  Result<Json> table(int place, int depth) {
    const lua_Unsigned length = lua_rawlen(lua_, place);
    Json list = Json::array();
    for (lua_Unsigned i = 1; i <= length; ++i) {
      lua_rawgeti(lua_, place, static_cast<lua_Integer>(i));
      auto element = read(-1, depth + 1);
      lua_pop(lua_, 1);
      if (!element) return fail(element.error());
      list.push_back(std::move(*element));
    }

    std::vector<std::pair<std::string, Json>> members;
    lua_pushnil(lua_);
    while (lua_next(lua_, place) != 0) {
      const bool fits =
          length == 0 ? lua_type(lua_, -2) == LUA_TSTRING
                      : lua_isinteger(lua_, -2) && static_cast<lua_Unsigned>(lua_tointeger(lua_, -2)) - 1 < length;
      if (!fits) {
        lua_pop(lua_, 2);
        return refuse("a table that is neither a list nor has only text keys");
      }
      if (length > 0) {
        lua_pop(lua_, 1);
        continue;
      }
      auto key = text(-2);
      auto member = key ? read(-1, depth + 1) : fail(key.error());
      lua_pop(lua_, 1);
      if (!member) {
        lua_pop(lua_, 1);
        return member;
      }
      members.emplace_back(key->get<std::string>(), std::move(*member));
    }
    if (length > 0) return list;
    std::ranges::sort(members, {}, &std::pair<std::string, Json>::first);
    Json object = Json::object();
    auto& entries = static_cast<std::vector<Json::object_t::value_type>&>(object.get_ref<Json::object_t&>());
    for (auto& [key, member] : members) entries.emplace_back(std::move(key), std::move(member));
    return object;
  }

  lua_State* lua_;
  std::size_t left_;
};

}  // namespace

Result<Value> result_of(lua_State* lua) {
  if (lua_isnil(lua, -1)) return Value(std::nullopt);
  auto json = Reader(lua).read(-1, 1);
  if (!json) return fail(json.error());
  return Value(std::move(*json));
}

}  // namespace milepost::expression
