#include <fmt/core.h>

#include "host/cli/command.hpp"
#include "host/cli/table.hpp"
#include "host/config/fault_codes.hpp"
#include "milepost/json.hpp"

namespace milepost::cli {
namespace {

Json to_json(const config::FaultCode& code) {
  return {{"code", code.code}, {"title", code.title}, {"explanation", code.explanation}, {"remedy", code.remedy}};
}

int list_codes(bool json) {
  Json list = Json::array();
  Table table({"CODE", "WHAT"});
  for (const auto& code : config::fault_codes()) {
    list.push_back(to_json(code));
    table.add({std::string(code.code), std::string(code.title)});
  }
  fmt::print("{}", json ? text(list) + "\n" : table.text());
  return kDone;
}

}  // namespace

int explain(const Arguments& arguments) {
  if (arguments.positional.empty()) return list_codes(arguments.json());
  if (arguments.positional.size() != 1) return wrong_use("name one code: milepost explain MP1042");
  const auto* code = config::find_fault_code(arguments.positional[0]);
  if (code == nullptr) return failed({ErrorKind::permanent, "there is no code \"" + arguments.positional[0] + "\"; `milepost explain` lists them all"});
  if (arguments.json())
    fmt::print("{}\n", text(to_json(*code)));
  else
    fmt::print("{}: {}\n\n{}\n\n{}\n", code->code, code->title, code->explanation, code->remedy);
  return kDone;
}

}  // namespace milepost::cli
