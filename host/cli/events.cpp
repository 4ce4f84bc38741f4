#include <fmt/core.h>

#include "host/cli/command.hpp"
#include "host/cli/store_link.hpp"
#include "host/cli/story.hpp"
#include "host/cli/table.hpp"

namespace milepost::cli {
namespace {

std::string column(const Json& row, const char* key) { return get<std::string>(row, std::string("/") + key).value_or(""); }

/// A list of events; `last` heads the last column, which shows `key`.
int list(const Arguments& arguments, const std::string& path, std::initializer_list<const char*> filters, const char* nothing) {
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  auto answer = (*link)->get(with_query(path, arguments, filters));
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
    return kDone;
  }
  Table table({"ACCEPTED", "PIPELINE", "SUBJECT", "TYPE", "STATE", "STEP", "ID", "RECEIPT", "WHY"});
  const Json* rows = find(*answer, "/events");
  for (std::size_t i = 0; rows != nullptr && i < rows->size(); ++i) {
    const Json& row = (*rows)[i];
    table.add({short_time(column(row, "accepted_at")), column(row, "pipeline"), column(row, "subject"), column(row, "type"), column(row, "state"),
               column(row, "step"), column(row, "id"), column(row, "receipt"), column(row, "fault")});
  }
  if (table.empty()) fmt::print("{}\n", nothing);
  else fmt::print("{}", table.text());
  if (answer->contains("next")) fmt::print("…and more: --limit N\n");
  return kDone;
}

}  // namespace

int events_list(const Arguments& arguments) {
  return list(arguments, "/api/v1/events", {"limit", "subject", "pipeline", "state", "type", "id", "since", "until"}, "no events");
}
int events_dead_letters(const Arguments& arguments) {
  return list(arguments, "/api/v1/dead-letters", {"limit", "subject", "pipeline", "type", "step", "since", "until"}, "no dead letters");
}
int events_in_doubt(const Arguments& arguments) {
  return list(arguments, "/api/v1/in-doubt", {"limit", "subject", "pipeline", "type", "step", "since", "until"}, "nothing is in doubt");
}

int events_show(const Arguments& arguments) {
  if (arguments.positional.size() != 1) return wrong_use("name one event by its id or receipt: milepost events show ID");
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  auto answer = (*link)->get(with_query("/api/v1/events/" + encoded(arguments.positional[0]), arguments, {"pipeline"}));
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
    return kDone;
  }
  const Json* event = find(*answer, "/event");
  if (event == nullptr) event = &*answer;
  for (const auto& [key, value] : event->items())
    if (!value.is_null() && !value.is_structured()) fmt::print("{:<16} {}\n", key, value.is_string() ? value.get<std::string>() : text(value));
  fmt::print("\n{}", story_text(*answer));
  const Json* rows = find(*answer, "/audit");
  if (rows != nullptr && !rows->empty()) {
    Table table({"ROW", "TIME", "KIND", "USER", "ACTION", "STEP", "OUTCOME"});
    for (const auto& row : *rows)
      table.add({std::to_string(get<std::uint64_t>(row, "/sequence").value_or(0)), short_time(column(row, "time")), column(row, "kind"), column(row, "user"),
                 column(row, "action"), column(row, "step"), column(row, "outcome")});
    fmt::print("\n{}", table.text());
  }
  if (const auto payload = get<std::string>(*answer, "/payload")) fmt::print("\npayload\n{}\n", *payload);
  return kDone;
}

int why(const Arguments& arguments) {
  const bool one = arguments.has("event");
  if (one ? !arguments.positional.empty() : arguments.positional.size() != 1)
    return wrong_use("name a subject, such as a loan's id: milepost why L-1001; or one event: milepost why --event ID");
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  auto answer = one ? (*link)->get(with_query("/api/v1/events/" + encoded(arguments.get("event")), arguments, {"pipeline"}))
                    : (*link)->get(with_query("/api/v1/subjects/" + encoded(arguments.positional[0]) + "/why", arguments, {"pipeline", "limit"}));
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
    return kDone;
  }
  if (one) {
    fmt::print("{}", story_text(*answer));
    return kDone;
  }
  fmt::print("{}\n", subject_text(*answer));
  if (answer->contains("older")) fmt::print("\n…and older events: --limit N\n");
  for (const auto& told : *find(*answer, "/events")) fmt::print("\n{}", story_text(told));
  return kDone;
}

}  // namespace milepost::cli
