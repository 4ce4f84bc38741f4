// Lua, built as C++: an error raised in Lua is an exception there, so no destructor is skipped on its way.
#pragma once

extern "C" {
#include <lauxlib.h>
#include <lua.h>
}

#include <string_view>

namespace milepost::expression {

/// A message of Lua's without its ":<line>: ", which counts within our own chunk.
inline std::string_view without_line(std::string_view message) {
  if (!message.starts_with(':')) return message;
  const auto end = message.find(": ");
  return end == message.npos ? message : message.substr(end + 2);
}

}  // namespace milepost::expression
