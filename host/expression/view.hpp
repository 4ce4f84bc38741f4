// JSON as Lua sees it: scalars by value, objects and lists as read-only views that are read in place, never converted.
#pragma once

#include "host/expression/expression.hpp"
#include "host/expression/lua.hpp"
#include "milepost/json.hpp"

namespace milepost::expression {

/// Makes the views' metatable known to this state.
void install_views(lua_State* lua);
/// Pushes a value: null as nil, a number as integer or float, an object or a list as a view on it.
void push(lua_State* lua, const Json& value);
/// payload, event, loan, steps or params; nullptr when the scope has none, and for any other name.
const Json* root_of(const Scope& scope, std::string_view name);
/// The Lua function behind the globals: the name of a root -> its value, any other -> nil.
int push_root(lua_State* lua);
/// What the view at this place shows; nullptr when there is no view. Raises in Lua for one of an earlier evaluation.
const Json* view_at(lua_State* lua, int place);

}  // namespace milepost::expression
