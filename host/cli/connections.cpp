#include <fmt/core.h>

#include "host/cli/command.hpp"
#include "host/cli/store_link.hpp"
#include "host/cli/table.hpp"

namespace milepost::cli {
namespace {

int change(const Arguments& arguments, const std::string& action) {
  if (arguments.positional.size() != 1) return wrong_use("name one connection: milepost connections " + action + " NAME --reason \"…\"");
  if (arguments.get("reason").empty()) return wrong_use("say why, for the audit trail: --reason \"…\"");
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  const auto answer = (*link)->post("/api/v1/connections/" + encoded(arguments.positional[0]) + "/" + action, {{"reason", arguments.get("reason")}});
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
    return kDone;
  }
  const auto reason = field(*answer, "/connection/reason");
  fmt::print("{} is {}{}\n", arguments.positional[0], field(*answer, "/connection/state"), reason.empty() ? "" : ": " + reason);
  return kDone;
}

/// "": in the host's own process.
std::string isolation(const Json& connection) {
  const Json* children = find(connection, "/children");
  if (children == nullptr) return "";
  unsigned ended = 0;
  for (const auto& child : *children) ended += get<unsigned>(child, "/ended").value_or(0);
  return ended == 0 ? "process" : "process, ended " + std::to_string(ended) + (ended == 1 ? " time" : " times");
}

/// Of the connection; else what an isolated plugin last ended by.
std::string why(const Json& connection) {
  std::string reason = field(connection, field(connection, "/reason").empty() ? "/warning" : "/reason");
  if (const Json* children = reason.empty() ? find(connection, "/children") : nullptr)
    for (const auto& child : *children)
      if (reason.empty() && !field(child, "/reason").empty()) reason = "last end: " + field(child, "/reason");
  return reason;
}

}  // namespace

int connections_list(const Arguments& arguments) {
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  const auto answer = (*link)->get("/api/v1/connections");
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
    return kDone;
  }
  Table table({"CONNECTION", "CONNECTOR", "STATE", "IN FLIGHT", "ISOLATION", "WHY"});
  for (const auto& row : *find(*answer, "/connections"))
    table.add({field(row, "/name"), field(row, "/connector"), field(row, "/state"), std::to_string(get<unsigned>(row, "/in_flight").value_or(0)), isolation(row), why(row)});
  if (table.empty()) fmt::print("no host runs, or it has no connections\n");
  else fmt::print("{}", table.text());
  return kDone;
}

int connections_pause(const Arguments& arguments) { return change(arguments, "pause"); }
int connections_resume(const Arguments& arguments) { return change(arguments, "resume"); }

int connections_probe(const Arguments& arguments) {
  if (arguments.positional.size() != 1) return wrong_use("name one connection: milepost connections probe NAME");
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  const auto answer = (*link)->post("/api/v1/connections/" + encoded(arguments.positional[0]) + "/probe", Json::object());
  if (!answer) return failed(answer.error());
  const bool works = get<bool>(*answer, "/works").value_or(false);
  if (arguments.json()) fmt::print("{}\n", text(*answer));
  else if (works) fmt::print("{} works\n", arguments.positional[0]);
  else fmt::print("{} does not work: {}\n", arguments.positional[0], field(*answer, "/reason"));
  return works ? kDone : kFaults;
}

}  // namespace milepost::cli
