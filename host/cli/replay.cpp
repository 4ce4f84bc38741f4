#include <fmt/core.h>

#include <algorithm>

#include "host/cli/command.hpp"
#include "host/cli/store_link.hpp"
#include "host/cli/story.hpp"

namespace milepost::cli {
namespace {

std::string shown(const Json* value) { return value == nullptr || value->is_null() ? "nothing" : shortened(text(*value), 60); }

void print_difference(const Json& difference, std::size_t width) {
  const auto kind = field(difference, "/kind"), reason = field(difference, "/reason");
  const std::string says = kind == "would_run" ? "+ would run, and did not" : kind == "would_not_run" ? "- would not run, and did" : "~ another request";
  fmt::print("  {:<{}}  {:<{}}  {}{}\n", says.substr(0, 1) + " " + field(difference, "/step"), width + 2, field(difference, "/use"), 20, says.substr(2),
             reason.empty() ? "" : ": " + shortened(reason, 100));
  if (const Json* changes = find(difference, "/changes"))
    for (const auto& change : *changes)
      fmt::print("    {:<{}}  {}: {} → {}\n", "", width, field(change, "/path"), shown(find(change, "/then")), shown(find(change, "/now")));
  const Json* with = find(difference, "/with");
  if (kind != "would_run" || with == nullptr || !with->is_object()) return;
  for (const auto& [key, value] : with->items()) fmt::print("    {:<{}}  {}: {}\n", "", width, key, shown(&value));
}

void print_event(const Json& told) {
  const Json& event = *find(told, "/event");
  fmt::print("{}  {}  {}  {}  {}{}\n", field(event, "/subject"), short_time(field(event, "/accepted_at")), field(event, "/type"), field(event, "/id"),
             field(event, "/pipeline"), get<bool>(told, "/opened").value_or(false) ? "  opened again" : "");
  std::size_t width = 0;
  for (const auto& difference : *find(told, "/differences")) width = std::max(width, field(difference, "/step").size());
  for (const auto& difference : *find(told, "/differences")) print_difference(difference, width);
  if (const auto end = field(told, "/end"); !end.empty()) fmt::print("  would end as a {}\n", end);
  fmt::print("\n");
}

}  // namespace

int replay(const Arguments& arguments) {
  const bool apply = arguments.has("apply");
  if (!arguments.positional.empty()) return wrong_use("`replay` takes no argument; say which events: --since 7d, --subject L-1001");
  if (apply && arguments.has("dry-run")) return wrong_use("either --dry-run or --apply");
  if (!arguments.has("since") && !arguments.has("subject")) return wrong_use("say which events: --since 7d, or --subject L-1001");
  if (apply && arguments.get("reason").empty()) return wrong_use("say why, for the audit trail: --reason \"…\"");
  Json body = Json::object();
  for (const char* filter : {"since", "until", "pipeline", "subject", "type", "reason"})
    if (arguments.has(filter)) body[filter] = arguments.get(filter);
  if (apply) body["apply"] = true;
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  std::uint64_t examined = 0, same = 0, left_out = 0, opened = 0;
  Json differ = Json::array();
  while (true) {
    const auto answer = (*link)->post("/api/v1/replay", body);
    if (!answer) return failed(answer.error());
    const auto count = [&](const char* name) { return get<std::uint64_t>(*answer, name).value_or(0); };
    examined += count("/examined"), same += count("/same"), left_out += count("/left_out");
    for (const auto& told : *find(*answer, "/differ")) {
      opened += get<bool>(told, "/opened").value_or(false);
      if (arguments.json()) differ.push_back(told);
      else print_event(told);
    }
    if (!answer->contains("next")) break;
    body["after"] = (*answer)["next"];
  }
  if (arguments.json()) {
    fmt::print("{}\n", text(Json{{"examined", examined}, {"same", same}, {"left_out", left_out}, {"opened", opened}, {"differ", differ}}));
    return kDone;
  }
  fmt::print("{} event{} looked at: {} would differ, {} would not{}; ", examined, examined == 1 ? "" : "s", examined - same, same,
             left_out ? fmt::format("; {} left out (under way, in doubt, never decoded or pruned)", left_out) : "");
  if (apply) fmt::print("{} opened again\n", opened);
  else fmt::print("nothing was sent\n");
  return kDone;
}

}  // namespace milepost::cli
