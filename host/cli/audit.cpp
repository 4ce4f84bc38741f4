#include <fmt/core.h>

#include <fstream>
#include <iostream>

#include "host/audit/trail.hpp"
#include "host/cli/command.hpp"
#include "host/cli/store_link.hpp"
#include "host/cli/table.hpp"

namespace milepost::cli {

int audit_list(const Arguments& arguments) {
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  auto answer = (*link)->get(with_query("/api/v1/audit", arguments, {"limit", "subject", "pipeline", "event", "kind"}));
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
    return kDone;
  }
  Table table({"ROW", "TIME", "KIND", "USER", "ACTION", "SUBJECT", "STEP", "OUTCOME", "DETAILS"});
  const Json* rows = find(*answer, "/rows");
  for (std::size_t i = 0; rows != nullptr && i < rows->size(); ++i) {
    const Json& row = (*rows)[i];
    const auto field = [&](const char* key) { return get<std::string>(row, std::string("/") + key).value_or(""); };
    const Json* details = find(row, "/details");
    std::string shown = details == nullptr ? "" : details->is_null() ? "(erased)" : text(*details);
    if (shown == "{}") shown.clear();
    table.add({std::to_string(get<std::uint64_t>(row, "/sequence").value_or(0)), field("time"), field("kind"), field("user"), field("action"),
               field("subject"), field("step"), field("outcome"), shown.substr(0, 120)});
  }
  fmt::print("{}", table.text());
  return kDone;
}

int audit_verify(const Arguments& arguments) {
  audit::Verdict verdict;
  if (arguments.positional.size() == 1) {
    std::ifstream file(arguments.positional[0]);
    if (!file) return failed({ErrorKind::permanent, arguments.positional[0] + " cannot be read"});
    verdict = audit::verify_export(file);
  } else {
    // Read-only beside a running host: WAL lets a reader in, and verification takes no lock that the writer waits for.
    telemetry::SystemClock clock;
    auto store = journal::Store::open({.path = store_path(arguments.folder()), .clock = &clock, .read_only = true});
    if (!store) return failed(store.error());
    verdict = audit::verify(**store);
  }
  if (arguments.json()) {
    fmt::print("{}\n", text(Json{{"ok", verdict.fault.empty()}, {"rows", verdict.rows}, {"erased", verdict.erased}, {"head", verdict.head}, {"fault", verdict.fault}}));
  } else if (verdict.fault.empty()) {
    fmt::print("whole: {} rows{}, head {}\n", verdict.rows, verdict.erased ? fmt::format(" ({} with erased details)", verdict.erased) : "", verdict.head);
  } else {
    fmt::print("BROKEN: {}\n{} rows before it are whole\n", verdict.fault, verdict.rows);
  }
  return verdict.fault.empty() ? kDone : kFaults;
}

int audit_export(const Arguments& arguments) {
  telemetry::SystemClock clock;
  auto store = journal::Store::open({.path = store_path(arguments.folder()), .clock = &clock, .read_only = true});
  if (!store) return failed(store.error());
  audit::write_export(**store, std::cout);
  std::cout.flush();
  if (!std::cout) return failed({ErrorKind::permanent, "the export could not be written whole"});
  return kDone;
}

}  // namespace milepost::cli
