#include <unordered_map>

#include "host/expression/expression.hpp"
#include "host/expression/lua.hpp"
#include "host/expression/result.hpp"
#include "host/expression/sandbox.hpp"
#include "host/expression/view.hpp"

namespace milepost::expression {

namespace {

// Loaded chunks that one machine keeps. A host has some hundred expressions; past this all go, and return as they are
// used.
constexpr std::size_t kMostChunks = 1024;
constexpr char kChunks = 0;  // its address is the key in the registry

/// `in "payload.a + 1": it gives …`, on one line and not too long for one.
Error named(const Expression& expression, const std::string& why) {
  std::string source = expression.source();
  if (source.size() > 120) {
    std::size_t end = 120;
    while ((source[end] & 0xc0) == 0x80) --end;
    source = source.substr(0, end) + "…";
  }
  for (char& c : source)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return Error{ErrorKind::permanent, "in " + source + ": " + why};
}

struct Job {
  const std::string* chunk;
  lua_Integer slot;
  bool loaded;
};

/// Runs protected: everything in here may raise.
int run(lua_State* lua) {
  const auto& job = *static_cast<const Job*>(lua_touserdata(lua, 1));
  if (lua_rawgetp(lua, LUA_REGISTRYINDEX, &kChunks) != LUA_TTABLE) {
    lua_newtable(lua);
    lua_pushvalue(lua, -1);
    lua_rawsetp(lua, LUA_REGISTRYINDEX, &kChunks);
    lua_replace(lua, -2);
  }
  if (job.loaded) {
    lua_rawgeti(lua, -1, job.slot);
  } else {
    if (luaL_loadbufferx(lua, job.chunk->data(), job.chunk->size(), "=", "t") != LUA_OK) return lua_error(lua);
    lua_pushvalue(lua, -1);
    lua_rawseti(lua, -3, job.slot);
  }
  lua_call(lua, 0, 1);
  return 1;
}

/// One step of a plain path; nullptr where it leads nowhere.
const Json* member(const Json& value, const std::string& key, const std::optional<std::uint64_t>& index) {
  if (index) return value.is_array() && *index >= 1 && *index <= value.size() ? &value[*index - 1] : nullptr;
  if (!value.is_object()) return nullptr;
  const auto found = value.find(key);
  return found == value.end() ? nullptr : &*found;
}

}  // namespace

struct Machine::State {
  explicit State(Bounds bounds) : sandbox(bounds) {}

  /// Leaves the value on the stack, for `look` to judge before the scope ends.
  template <class Look>
  auto evaluate(const Expression& expression, const std::string& chunk, const Scope& scope, Look look)
      -> decltype(look(static_cast<lua_State*>(nullptr))) {
    lua_State* const lua = sandbox.lua();
    const auto known = slots.find(chunk);
    if (known == slots.end() && slots.size() >= kMostChunks) {
      lua_pushnil(lua);
      lua_rawsetp(lua, LUA_REGISTRYINDEX, &kChunks);
      slots.clear();
    }
    const Job job{&chunk, known == slots.end() ? static_cast<lua_Integer>(slots.size()) + 1 : known->second,
                  known != slots.end()};

    struct Ended {
      Sandbox& sandbox;
      ~Ended() { sandbox.end(); }
    };
    sandbox.begin(scope);
    const Ended ended{sandbox};
    lua_pushcfunction(lua, &run);
    lua_pushlightuserdata(lua, const_cast<Job*>(&job));
    const int status = lua_pcall(lua, 1, 1, 0);
    if (status != LUA_OK) {
      const bool said =
          status > 0 && lua_type(lua, -1) == LUA_TSTRING;  // below zero: a foreign exception, and no message
      return fail(named(expression, sandbox.reason(said ? lua_tostring(lua, -1) : "it failed")));
    }
    if (!job.loaded) slots.emplace(chunk, job.slot);
    auto result = look(lua);
    if (!result) return fail(named(expression, result.error().message));
    return result;
  }

  Sandbox sandbox;
  std::unordered_map<std::string, lua_Integer> slots;  ///< chunk -> its place among the loaded ones
};

Machine::Machine(Bounds bounds) : bounds_(bounds) {}
Machine::~Machine() = default;
Machine::Machine(Machine&&) noexcept = default;
Machine& Machine::operator=(Machine&&) noexcept = default;

Machine::State& Machine::state() {
  if (state_ == nullptr) state_ = std::make_unique<State>(bounds_);
  return *state_;
}

const Json* Expression::walk(const Scope& scope) const {
  const Json* at = root_of(scope, segments_.front().key);
  for (std::size_t i = 1; at != nullptr && i < segments_.size(); ++i)
    at = member(*at, segments_[i].key, segments_[i].index);
  return at;
}

bool Expression::compares(const Scope& scope) const {
  const Json* found = walk(scope);
  const bool same = found != nullptr && found->is_string() && found->get_ref<const std::string&>() == compared_->text;
  return same == compared_->equal;
}

Result<Value> Machine::evaluate(const Expression& expression, const Scope& scope) {
  if (expression.compared_) return Value(Json(expression.compares(scope)));
  if (!expression.path().empty()) {
    const Json* found = expression.walk(scope);
    return found == nullptr ? Value(std::nullopt) : Value(*found);
  }
  return state().evaluate(expression, expression.chunk_, scope, [](lua_State* lua) { return result_of(lua); });
}

Result<bool> Machine::test(const Expression& expression, const Scope& scope) {
  const auto wrong = [](const std::string& found) {
    return fail(ErrorKind::permanent, "it must give true, false, nil or an answer, and gives " + found);
  };
  const auto judge = [&](const Json* value) -> Result<bool> {
    if (value == nullptr || value->is_null()) return false;
    if (value->is_boolean()) return value->get<bool>();
    if (value->is_object()) return true;
    return wrong(is_number(*value) ? "a number" : value->is_string() ? "a text" : "a list");
  };
  if (expression.compared_) return expression.compares(scope);
  if (!expression.path().empty()) {
    auto result = judge(expression.walk(scope));
    if (!result) return fail(named(expression, result.error().message));
    return result;
  }
  return state().evaluate(expression, expression.chunk_, scope, [&](lua_State* lua) -> Result<bool> {
    switch (lua_type(lua, -1)) {
      case LUA_TNIL:
        return false;
      case LUA_TBOOLEAN:
        return lua_toboolean(lua, -1) == 1;
      case LUA_TUSERDATA:
        return judge(view_at(lua, -1));
      case LUA_TSTRING:
        return wrong("a text");
      default:
        return wrong(std::string("a ") + lua_typename(lua, lua_type(lua, -1)));
    }
  });
}

}  // namespace milepost::expression
