#include "host/expression/sandbox.hpp"

#include <time.h>

#include <cstdlib>
#include <new>

#include "host/expression/functions.hpp"
#include "host/expression/view.hpp"

namespace milepost::expression {

namespace {

constexpr int kHookEvery = 1000;
// What one instruction's time is worth in bytes copied or compared, roughly.
constexpr std::size_t kBytesPerInstruction = 64;
constexpr std::size_t kLong = 4096;  // bytes

std::int64_t cpu_now() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

int refuse_assignment(lua_State* lua) {
  return luaL_error(lua, "there are no global variables to assign to; use local inside a function");
}

}  // namespace

Sandbox::Sandbox(Bounds bounds) : bounds_(bounds), lua_(lua_newstate(&Sandbox::allocate, this), lua_close) {
  if (lua_ == nullptr) throw std::bad_alloc();
  *static_cast<Sandbox**>(lua_getextraspace(lua_.get())) = this;
  lua_pushcfunction(lua_.get(), &Sandbox::prepare);
  if (lua_pcall(lua_.get(), 0, 0, 0) != LUA_OK) throw std::bad_alloc();
}

int Sandbox::prepare(lua_State* lua) {
  install_views(lua);

  // What has no members has none of any name: payload.a.b.c is nil where payload.a is missing, or is a number.
  lua_createtable(lua, 0, 1);
  lua_newtable(lua);
  lua_setfield(lua, -2, "__index");
  const auto give_metatable = [&](auto push) {
    push();
    lua_pushvalue(lua, -2);
    lua_setmetatable(lua, -2);
    lua_pop(lua, 1);
  };
  give_metatable([&] { lua_pushnil(lua); });
  give_metatable([&] { lua_pushboolean(lua, 1); });
  give_metatable([&] { lua_pushinteger(lua, 0); });
  give_metatable([&] { lua_pushliteral(lua, ""); });
  lua_pop(lua, 1);

  // The globals stay empty; behind them are the functions, and behind those the roots, made when they are asked for.
  lua_pushglobaltable(lua);
  lua_createtable(lua, 0, 2);
  lua_newtable(lua);
  install_functions(lua);
  lua_createtable(lua, 0, 1);
  lua_pushcfunction(lua, &push_root);
  lua_setfield(lua, -2, "__index");
  lua_setmetatable(lua, -2);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, &refuse_assignment);
  lua_setfield(lua, -2, "__newindex");
  lua_setmetatable(lua, -2);
  return 0;
}

void Sandbox::begin(const Scope& scope) {
  // What earlier evaluations left behind is not this one's, and must not add up.
  constexpr std::size_t kWorthCollecting = 1u << 20;
  if (used_ > resident_ + kWorthCollecting) {
    lua_gc(lua_.get(), LUA_GCCOLLECT);
    resident_ = used_;
  }
  ++generation_;
  spent_ = 0;
  passed_ = Bound::none;
  memory_limit_ = used_ + bounds_.memory_bytes;
  cpu_deadline_ = 0;
  lua_sethook(lua_.get(), &Sandbox::hook, LUA_MASKCOUNT, kHookEvery);
  scope_ = &scope;
}

void Sandbox::end() {
  scope_ = nullptr;
  ++generation_;
  remembered_.clear();
  lua_settop(lua_.get(), 0);
}

bool Sandbox::spend(std::size_t instructions) {
  spent_ += instructions;
  if (spent_ > bounds_.instructions) passed_ = Bound::instructions;
  return passed_ == Bound::none;
}

/// From the first time that somebody asks, or a long text comes in: most are done before, and the clock costs more than they do.
bool Sandbox::in_time() {
  const auto now = cpu_now();
  if (cpu_deadline_ == 0) cpu_deadline_ = now + std::chrono::nanoseconds(bounds_.cpu).count();
  if (now > cpu_deadline_) passed_ = Bound::cpu;
  return passed_ == Bound::none;
}

void Sandbox::charge(std::size_t bytes) {
  if (!spend(bytes / kBytesPerInstruction) || (bytes > kLong && !in_time())) luaL_error(lua_.get(), "bound");
}

void Sandbox::hook(lua_State* lua, lua_Debug*) {
  Sandbox& self = of(lua);
  if (!self.spend(kHookEvery) || !self.in_time()) luaL_error(lua, "bound");
}

void* Sandbox::allocate(void* self, void* block, std::size_t old_size, std::size_t new_size) {
  auto& sandbox = *static_cast<Sandbox*>(self);
  if (block == nullptr) old_size = 0;  // then it is the kind of the object
  if (new_size == 0) {
    std::free(block);
    sandbox.used_ -= old_size;
    return nullptr;
  }
  if (new_size > old_size && sandbox.scope_ != nullptr) {
    // Filling it is what a long text costs, so its bytes are paid for. A refusal makes Lua collect all its garbage and
    // ask again, which is paid for as well.
    if (!sandbox.spend(new_size / kBytesPerInstruction)) return nullptr;
    if (new_size > kLong && sandbox.cpu_deadline_ == 0) sandbox.in_time();  // what makes a single instruction dear
    if (sandbox.used_ - old_size + new_size > sandbox.memory_limit_) {
      sandbox.spent_ += sandbox.used_ / kBytesPerInstruction;
      return nullptr;
    }
  }
  void* moved = std::realloc(block, new_size);
  if (moved != nullptr) sandbox.used_ = sandbox.used_ - old_size + new_size;
  return moved;
}

std::string Sandbox::reason(std::string_view raised) const {
  if (passed_ == Bound::instructions)
    return "it takes more than " + std::to_string(bounds_.instructions) + " instructions";
  if (passed_ == Bound::cpu) return "it takes more than " + std::to_string(bounds_.cpu.count()) + " ms";
  if (raised == "not enough memory")
    return "it takes more than " + std::to_string(bounds_.memory_bytes) + " bytes of memory";
  return std::string(without_line(raised));
}

void Sandbox::remember(double value, const Json& source) {
  const auto [known, fresh] = remembered_.emplace(value, &source);
  if (!fresh && known->second != nullptr && number_text(*known->second) != number_text(source)) known->second = nullptr;
}

const Json* Sandbox::remembered(double value, bool& ambiguous) const {
  const auto found = remembered_.find(value);
  ambiguous = found != remembered_.end() && found->second == nullptr;
  return found == remembered_.end() ? nullptr : found->second;
}

}  // namespace milepost::expression
