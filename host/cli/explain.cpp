#include <fmt/core.h>

#include "host/cli/command.hpp"
#include "host/config/fault_codes.hpp"
#include "milepost/json.hpp"

namespace milepost::cli {

int explain(const Arguments& arguments) {
  if (arguments.positional.size() != 1) return wrong_use("name one code: milepost explain MP1042");
  const auto* code = config::find_fault_code(arguments.positional[0]);
  if (code == nullptr) return failed({ErrorKind::permanent, "there is no code \"" + arguments.positional[0] + "\""});
  if (arguments.json()) fmt::print("{}\n", text(Json{{"code", code->code}, {"title", code->title}, {"explanation", code->explanation}, {"remedy", code->remedy}}));
  else fmt::print("{}: {}\n\n{}\n\n{}\n", code->code, code->title, code->explanation, code->remedy);
  return kDone;
}

}  // namespace milepost::cli
