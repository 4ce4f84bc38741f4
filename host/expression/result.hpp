// What an evaluation left on Lua's stack, as JSON.
#pragma once

#include "host/expression/expression.hpp"
#include "host/expression/lua.hpp"

namespace milepost::expression {

/// The value on top of the stack; the error says what cannot leave Lua, without naming the expression. REQUIRES: within
/// Sandbox::begin() and end(). Raises nothing in Lua.
Result<Value> result_of(lua_State* lua);

}  // namespace milepost::expression
