// The functions that expressions have, in place of Lua's own library.
#pragma once

#include "host/expression/lua.hpp"

namespace milepost::expression {

/// Puts them into the table on top of the stack: those on text (text_functions.cpp) and the others.
void install_functions(lua_State* lua);
void install_text_functions(lua_State* lua);

/// The text at this place; otherwise raises "lower: argument 1 must be text, found nil". No number passes for a text:
/// Lua would write 25000.00 as 25000.0. Borrowed from Lua's stack.
std::string_view text_argument(lua_State* lua, const char* function, int place);
/// Raises "lower: argument 1 must be …, found …".
int wrong_argument(lua_State* lua, const char* function, int place, const char* wanted);

}  // namespace milepost::expression
