// One Lua state with nothing in it but views and our functions, and one purse that everything it does is paid from:
// instructions by the hook, memory by the allocator, work on long texts by the functions that do it.
#pragma once

#include <memory>
#include <unordered_map>

#include "host/expression/expression.hpp"
#include "host/expression/lua.hpp"

namespace milepost::expression {

class Sandbox {
 public:
  explicit Sandbox(Bounds bounds);
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  static Sandbox& of(lua_State* lua) { return **static_cast<Sandbox**>(lua_getextraspace(lua)); }
  lua_State* lua() const { return lua_.get(); }

  /// Around each evaluation: fills the purse and lends the scope; end() takes the scope back, and every view with it.
  void begin(const Scope& scope);
  void end();
  const Scope* scope() const { return scope_; }
  std::uint64_t generation() const { return generation_; }

  /// Pays for work on so many bytes that no instruction counts; raises in Lua when the purse is empty.
  void charge(std::size_t bytes);
  /// Why the evaluation ended, given what Lua raised: the bound that it passed, or else that message.
  std::string reason(std::string_view raised) const;
  const Bounds& bounds() const { return bounds_; }

  /// Lua holds a number with more digits than a double has by its nearest double. It is remembered here, so that one
  /// that comes out untouched gets its own digits back.
  void remember(double value, const Json& source);
  /// The number that came in as this double: nullptr for none; `ambiguous` when several different ones did.
  const Json* remembered(double value, bool& ambiguous) const;

 private:
  enum class Bound { none, instructions, cpu };

  static void* allocate(void* self, void* block, std::size_t old_size, std::size_t new_size);
  static void hook(lua_State* lua, lua_Debug*);
  static int prepare(lua_State* lua);
  bool spend(std::size_t instructions);
  bool in_time();

  Bounds bounds_;
  std::size_t used_ = 0;      ///< bytes that Lua holds
  std::size_t resident_ = 0;  ///< bytes that it held after the last full collection
  std::size_t memory_limit_ = 0;
  std::size_t spent_ = 0;  ///< instructions, and what else was charged as such
  std::int64_t cpu_deadline_ = 0;  ///< 0: nobody has asked for the time yet
  Bound passed_ = Bound::none;
  const Scope* scope_ = nullptr;
  std::uint64_t generation_ = 0;
  std::unordered_map<double, const Json*> remembered_;
  std::unique_ptr<lua_State, void (*)(lua_State*)> lua_;  // last: closing it frees through the members above
};

}  // namespace milepost::expression
