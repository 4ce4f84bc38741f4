// round time days_between now has link.
#include "host/expression/functions.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "host/expression/sandbox.hpp"
#include "host/expression/view.hpp"

namespace milepost::expression {

namespace {

constexpr double kExact = 9007199254740992;  // 2^53: below it every whole number is a double

/// A whole number as an integer, so that it is written without ".0".
int push_neatly(lua_State* lua, double number) {
  if (std::abs(number) < kExact && std::trunc(number) == number) {
    lua_pushinteger(lua, static_cast<lua_Integer>(number));
  } else {
    lua_pushnumber(lua, number);
  }
  return 1;
}

/// Rounds the decimal that a person sees, half away from zero: 2.675 to two digits is 2.68, though the double nearest
/// to 2.675 is a little less.
double round_decimal(double number, int digits) {
  char shortest[40];
  const auto written = std::to_chars(shortest, std::end(shortest), std::abs(number), std::chars_format::scientific);
  const std::string_view text(shortest, static_cast<std::size_t>(written.ptr - shortest));  // d.ddde+xx
  const std::size_t e = text.find('e');
  int exponent = 0;
  const char* sign = text.data() + e + 1;
  std::from_chars(*sign == '+' ? sign + 1 : sign, text.data() + text.size(), exponent);

  char mantissa[40] = {'0'};  // a leading zero takes the carry
  int count = 1;
  for (const char c : text.substr(0, e))
    if (c != '.') mantissa[count++] = c;
  const int keep = exponent + 1 + digits;  // how many of the mantissa's digits stay
  if (keep < 0) return 0;
  if (keep >= count - 1) return number;
  if (mantissa[keep + 1] >= '5') {
    int at = keep;
    while (mantissa[at] == '9') mantissa[at--] = '0';
    ++mantissa[at];
  }
  char* end = mantissa + keep + 1;
  *end++ = 'e';
  end = std::to_chars(end, std::end(mantissa), -digits).ptr;
  double rounded = 0;
  std::from_chars(mantissa, end, rounded);
  return std::copysign(rounded, number);
}

int round(lua_State* lua) {
  if (lua_type(lua, 1) != LUA_TNUMBER) return wrong_argument(lua, "round", 1, "a number");
  int whole = 1;
  const lua_Integer digits = lua_isnoneornil(lua, 2) ? 0 : lua_tointegerx(lua, 2, &whole);
  if (whole == 0 || lua_type(lua, 2) == LUA_TSTRING || digits < -15 || digits > 15)
    return wrong_argument(lua, "round", 2, "a whole number from -15 to 15");
  const double number = lua_tonumber(lua, 1);
  if ((lua_isinteger(lua, 1) && digits >= 0) || !std::isfinite(number)) {
    lua_pushvalue(lua, 1);
    return 1;
  }
  return push_neatly(lua, round_decimal(number, static_cast<int>(digits)));
}

int push_seconds(lua_State* lua, telemetry::Time time) {
  const auto micros = telemetry::to_micros(time);
  if (micros % 1'000'000 == 0) {
    lua_pushinteger(lua, micros / 1'000'000);
  } else {
    lua_pushnumber(lua, static_cast<double>(micros) / 1e6);
  }
  return 1;
}

/// time(text): seconds since 1970; nil for nil, and for a text that is no RFC 3339 time.
int time(lua_State* lua) {
  if (lua_isnil(lua, 1)) return 0;
  telemetry::Time read{};
  if (!telemetry::from_text(text_argument(lua, "time", 1), read)) return 0;
  return push_seconds(lua, read);
}

int now(lua_State* lua) { return push_seconds(lua, Sandbox::of(lua).scope()->now); }

/// Seconds of an argument that is seconds already or a time in text.
bool seconds(lua_State* lua, int place, double& out) {
  if (lua_isnil(lua, place)) return false;
  if (lua_type(lua, place) == LUA_TNUMBER) {
    out = lua_tonumber(lua, place);
    return std::isfinite(out);
  }
  telemetry::Time read{};
  if (lua_type(lua, place) != LUA_TSTRING) wrong_argument(lua, "days_between", place, "a time");
  if (!telemetry::from_text(text_argument(lua, "days_between", place), read)) return false;
  out = static_cast<double>(telemetry::to_micros(read)) / 1e6;
  return true;
}

/// days_between(a, b): whole days from a to b, negative when b is earlier; b is now when left out; nil where one is no
/// time.
int days_between(lua_State* lua) {
  if (lua_gettop(lua) < 2) {
    lua_settop(lua, 1);
    now(lua);
  }
  double a = 0, b = 0;
  if (!seconds(lua, 1, a) || !seconds(lua, 2, b)) return 0;
  return push_neatly(lua, std::trunc((b - a) / 86'400));
}

/// has(object, key), has(list, place): true where there is one, be it null.
int has(lua_State* lua) {
  lua_settop(lua, 2);
  const Json* value = view_at(lua, 1);
  if (value == nullptr && !lua_isnil(lua, 1)) return wrong_argument(lua, "has", 1, "an object or a list");
  bool found = false;
  if (value != nullptr && value->is_object()) {
    Sandbox::of(lua).charge(value->size() * 8);
    found = value->contains(std::string(text_argument(lua, "has", 2)));
  } else if (value != nullptr) {
    const lua_Integer place = luaL_checkinteger(lua, 2);
    found = place >= 1 && static_cast<std::size_t>(place) <= value->size();
  }
  lua_pushboolean(lua, found);
  return 1;
}

/// link(system, type, id): the subject that this record belongs to, or nil. An id may be a whole number.
int link(lua_State* lua) {
  if (lua_gettop(lua) != 3) return luaL_error(lua, "link takes three values: a system, a type and an id");
  if (lua_isnil(lua, 3)) return 0;
  if (lua_isinteger(lua, 3)) lua_tolstring(lua, 3, nullptr);  // turns it into text in place
  const std::string system(text_argument(lua, "link", 1));
  const std::string type(text_argument(lua, "link", 2));
  const std::string id(text_argument(lua, "link", 3));
  const auto& find = Sandbox::of(lua).scope()->link;
  // It looks into the store, which no instruction counts.
  Sandbox::of(lua).charge(64 * 1000);
  const auto subject = find ? find(system, type, id) : std::nullopt;
  if (!subject) return 0;
  lua_pushlstring(lua, subject->data(), subject->size());
  return 1;
}

}  // namespace

void install_functions(lua_State* lua) {
  install_text_functions(lua);
  const luaL_Reg functions[] = {{"round", round},  {"time", time}, {"days_between", days_between},
                                {"now", now},      {"has", has},   {"link", link},
                                {nullptr, nullptr}};
  luaL_setfuncs(lua, functions, 0);
}

}  // namespace milepost::expression
