#include <fmt/core.h>

#include "host/cli/command.hpp"
#include "host/cli/store_link.hpp"
#include "host/cli/table.hpp"

namespace milepost::cli {

int events_list(const Arguments& arguments) {
  auto link = StoreLink::open(store_path(arguments.folder()));
  if (!link) return failed(link.error());
  std::string query = "/api/v1/events?limit=" + encoded(arguments.get("limit", "50"));
  for (const char* filter : {"subject", "pipeline", "state", "type"})
    if (arguments.has(filter)) query += std::string("&") + filter + "=" + encoded(arguments.get(filter));
  auto answer = (*link)->get(query);
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
    return kDone;
  }
  Table table({"ACCEPTED", "PIPELINE", "SUBJECT", "TYPE", "STATE", "ID", "RECEIPT", "WHY"});
  const Json* rows = find(*answer, "/events");
  for (std::size_t i = 0; rows != nullptr && i < rows->size(); ++i) {
    const auto field = [&](const char* key) { return get<std::string>((*rows)[i], std::string("/") + key).value_or(""); };
    table.add({field("accepted_at"), field("pipeline"), field("subject"), field("type"), field("state"), field("id"), field("receipt"), field("fault")});
  }
  fmt::print("{}", table.text());
  return kDone;
}

int events_show(const Arguments& arguments) {
  if (arguments.positional.size() != 1) return wrong_use("name one event by its id or receipt: milepost events show ID");
  auto link = StoreLink::open(store_path(arguments.folder()));
  if (!link) return failed(link.error());
  auto answer = (*link)->get("/api/v1/events/" + encoded(arguments.positional[0]));
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
    return kDone;
  }
  const Json* event = find(*answer, "/event");
  if (event == nullptr) event = &*answer;
  for (const auto& [key, value] : event->items())
    if (!value.is_null() && !value.is_structured()) fmt::print("{:<16} {}\n", key, value.is_string() ? value.get<std::string>() : text(value));
  const Json* effects = find(*answer, "/effects");
  if (effects != nullptr && !effects->empty()) {
    Table table({"STEP", "STATE", "ATTEMPT", "CONNECTION", "ANSWER OR ERROR"});
    for (const auto& effect : *effects) {
      const auto field = [&](const char* key) { return get<std::string>(effect, std::string("/") + key).value_or(""); };
      std::string said;
      for (const char* key : {"/answer", "/error"})
        if (const Json* found = find(effect, key); found != nullptr && !found->is_null() && said.empty()) said = found->is_string() ? found->get<std::string>() : text(*found);
      table.add({field("step"), field("state"), std::to_string(get<unsigned>(effect, "/attempt").value_or(0)), field("connection"), said});
    }
    fmt::print("\n{}", table.text());
  }
  const Json* rows = find(*answer, "/audit");
  if (rows != nullptr && !rows->empty()) {
    Table table({"ROW", "TIME", "KIND", "ACTION", "STEP", "OUTCOME"});
    for (const auto& row : *rows) {
      const auto field = [&](const char* key) { return get<std::string>(row, std::string("/") + key).value_or(""); };
      table.add({std::to_string(get<std::uint64_t>(row, "/sequence").value_or(0)), field("time"), field("kind"), field("action"), field("step"), field("outcome")});
    }
    fmt::print("\n{}", table.text());
  }
  if (const auto payload = get<std::string>(*answer, "/payload")) fmt::print("\npayload\n{}\n", *payload);
  return kDone;
}

}  // namespace milepost::cli
