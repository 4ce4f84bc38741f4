#include <fmt/core.h>

#include "host/cli/change_text.hpp"
#include "host/cli/command.hpp"
#include "host/cli/store_link.hpp"
#include "host/cli/story.hpp"
#include "host/cli/table.hpp"

namespace milepost::cli {
namespace {

constexpr std::size_t kShownVersion = 12;

std::string deed(const Json& entry) {
  const auto action = field(entry, "/action");
  return action.substr(action.find('.') + 1);
}

}  // namespace

int pipelines_list(const Arguments& arguments) {
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  const auto answer = (*link)->get("/api/v1/pipelines");
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
    return kDone;
  }
  Table table({"PIPELINE", "VERSION", "STATE", "OWNER", "SOURCES"});
  for (const auto& row : *find(*answer, "/pipelines")) {
    std::string sources;
    for (const auto& source : *find(row, "/sources")) sources.append(sources.empty() ? "" : ", ").append(source.get<std::string>());
    table.add({field(row, "/name"), field(row, "/version").substr(0, kShownVersion), get<bool>(row, "/running").value_or(false) ? "runs" : "has a fault", field(row, "/owner"), sources});
  }
  if (table.empty()) fmt::print("no host runs, or it has no pipelines\n");
  else fmt::print("{}", table.text());
  return kDone;
}

int pipelines_history(const Arguments& arguments) {
  if (arguments.positional.size() != 1) return wrong_use("name one pipeline: milepost pipelines history NAME");
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  const auto answer = (*link)->get(with_query("/api/v1/pipelines/" + encoded(arguments.positional[0]) + "/history", arguments, {"limit"}));
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
    return kDone;
  }
  Table table({"VERSION", "LIVE FROM", "HOW", "WHO", "WHY"});
  for (const auto& entry : *find(*answer, "/history")) {
    const auto version = field(entry, "/version");
    table.add({version.empty() ? "taken away" : version.substr(0, kShownVersion), short_time(field(entry, "/at")), deed(entry), field(entry, "/user"), field(entry, "/reason")});
  }
  fmt::print("{}", table.text());
  return kDone;
}

int pipelines_diff(const Arguments& arguments) {
  const auto& typed = arguments.positional;
  if (typed.empty() || typed.size() > 3) return wrong_use("name a pipeline, and up to two versions: milepost pipelines diff NAME [A [B]]");
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  std::string path = "/api/v1/pipelines/" + encoded(typed[0]) + "/diff";
  if (typed.size() > 1) path += "?from=" + encoded(typed[1]);
  if (typed.size() > 2) path += "&to=" + encoded(typed[2]);
  const auto answer = (*link)->get(path);
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
    return kDone;
  }
  const auto from = field(*answer, "/from"), to = field(*answer, "/to");
  if (from.empty()) {
    fmt::print("{} has one version: {}\n", typed[0], to.substr(0, kShownVersion));
    return kDone;
  }
  const Json& keys = *find(*answer, "/keys");
  fmt::print("{}  {} → {}\n{}", typed[0], from.substr(0, kShownVersion), to.substr(0, kShownVersion), keys_text(keys, "  "));
  if (keys.empty()) fmt::print("  they say the same\n");
  return kDone;
}

int pipelines_revert(const Arguments& arguments) {
  if (arguments.positional.size() != 1 || !arguments.has("to"))
    return wrong_use("name the pipeline and the version: milepost pipelines revert NAME --to VERSION --reason \"…\"; `milepost pipelines history NAME` lists them");
  if (arguments.get("reason").empty()) return wrong_use("say why, for the audit trail: --reason \"…\"");
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  Json body{{"to", arguments.get("to")}, {"reason", arguments.get("reason")}};
  if (arguments.has("discard")) body["discard"] = true;
  const auto answer = (*link)->post("/api/v1/pipelines/" + encoded(arguments.positional[0]) + "/revert", body);
  if (!answer) return failed(answer.error());
  if (arguments.json()) fmt::print("{}\n", text(*answer));
  else fmt::print("{}taken back: the file is as it was, and runs\n", change_text(*find(*answer, "/plan"), nullptr));
  return kDone;
}

}  // namespace milepost::cli
