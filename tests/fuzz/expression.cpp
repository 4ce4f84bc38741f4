// Compiles what it is given as an expression and as a template, and evaluates it against a fixed scope with tight bounds: nothing
// may crash, hang or change the scope. Every accepted value must survive being written and read again.
#include <cstdint>
#include <cstdlib>

#include "host/expression/expression.hpp"

using namespace milepost;
using namespace milepost::expression;

namespace {

const std::string kPayload =
    R"({"type":"stage.changed","loan":{"id":"L-1001","amount":25000.00,"big":18446744073709551616,"note":null},)"
    R"("tags":["a","b"],"borrowers":[{"name":"Zo\u00eb"}]})";

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const Result<Value>& result) {
  if (!result || !*result) return;
  const auto again = read_json(text(**result), {.depth = 256});
  require(again.has_value() && text(*again) == text(**result));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Json payload = *read_json(kPayload);
  static const Json steps = *read_json(R"({"crm":{"id":"7","effect":"created"}})");
  static Machine machine(Bounds{.instructions = 20'000, .memory_bytes = 1 << 20, .cpu = std::chrono::seconds(5)});
  Scope scope;
  scope.payload = &payload;
  scope.steps = &steps;
  scope.link = [](const std::string& system, auto&, auto&) { return std::optional<std::string>(system); };

  const std::string_view source(reinterpret_cast<const char*>(data), size);
  if (const auto expression = Expression::compile(source)) {
    check(machine.evaluate(*expression, scope));
    (void)machine.test(*expression, scope);
  }
  if (const auto made = Template::compile(source)) check(made->render(machine, scope));
  require(text(payload) == text(*read_json(kPayload)));
  return 0;
}
