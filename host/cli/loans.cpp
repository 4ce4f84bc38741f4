#include <fmt/core.h>

#include "host/cli/command.hpp"
#include "host/cli/store_link.hpp"
#include "host/cli/story.hpp"
#include "host/cli/table.hpp"

namespace milepost::cli {
namespace {

/// A plain value of a row, as a person reads it.
std::string member_text(const Json& row, const char* pointer) {
  const Json* value = find(row, pointer);
  return value == nullptr || value->is_null() ? "" : value->is_string() ? value->get<std::string>() : text(*value);
}
std::string day(const std::string& time) { return time.substr(0, 10); }

std::string tasks_cell(const Json& state) {
  const auto open = member_text(state, "/open_tasks"), overdue = member_text(state, "/overdue_tasks");
  if (open.empty()) return "";
  return open + (overdue.empty() || overdue == "0" ? "" : ", " + overdue + " overdue");
}

Result<Json> ask(const Arguments& arguments, const std::string& path) {
  auto link = StoreLink::open(arguments.folder());
  if (!link) return fail(link.error());
  return (*link)->get(path);
}

std::string loan_path_text(const Json& path) {
  Table table({"STAGE", "SINCE", "UNTIL", "DAYS", "BUSINESS DAYS"});
  for (const auto& stay : path)
    table.add({member_text(stay, "/stage"), short_time(member_text(stay, "/since")), short_time(member_text(stay, "/until")), member_text(stay, "/days"), member_text(stay, "/business_days")});
  return table.text();
}

}  // namespace

int loans_list(const Arguments& arguments) {
  auto path = with_query("/api/v1/loans", arguments, {"stage", "branch", "broker", "type", "after", "limit"});
  for (const char* option : {"stuck", "overdue"})
    if (arguments.has(option)) path.append(path.find('?') == path.npos ? "?" : "&").append(option).append("=yes");
  const auto answer = ask(arguments, path);
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
    return kDone;
  }
  Table table({"LOAN", "STAGE", "SINCE", "DAYS", "BUSINESS", "DUE", "STUCK", "TASKS", "BRANCH", "BROKER", "TYPE"});
  for (const auto& loan : *find(*answer, "/loans")) {
    const Json& state = *find(loan, "/state");
    table.add({member_text(loan, "/subject"), member_text(state, "/stage"), day(member_text(state, "/stage_since")), member_text(state, "/days_in_stage"), member_text(state, "/business_days_in_stage"),
               day(member_text(state, "/stage_due")), member_text(state, "/stuck") == "true" ? "yes" : "", tasks_cell(state), member_text(state, "/branch"), member_text(state, "/broker"),
               member_text(state, "/loan_type")});
  }
  if (table.empty()) fmt::print("no loans\n");
  else fmt::print("{}", table.text());
  if (const auto next = field(*answer, "/next"); !next.empty()) fmt::print("…and more: --after {}\n", next);
  return kDone;
}

int loans_show(const Arguments& arguments) {
  if (arguments.positional.size() != 1) return wrong_use("name one loan: milepost loans show L-1001");
  const auto answer = ask(arguments, "/api/v1/loans/" + encoded(arguments.positional[0]));
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
    return kDone;
  }
  std::string names;
  if (const Json* before = find(*answer, "/names"))
    for (const auto& name : *before) names += (names.empty() ? "  before: " : ", ") + name.get<std::string>();
  fmt::print("{}  revision {}{}\n\n", member_text(*answer, "/subject"), member_text(*answer, "/revision"), names);
  const Json& state = *find(*answer, "/state");
  for (const auto& [key, value] : state.items())
    if (key != "tasks") fmt::print("{:<24} {}\n", key, value.is_string() ? value.get<std::string>() : text(value));
  if (const Json& path = *find(*answer, "/path"); !path.empty()) fmt::print("\n{}", loan_path_text(path));
  if (const Json* tasks = find(state, "/tasks")) {
    Table table({"TASK", "STATE", "DUE", "OVERDUE", "TITLE"});
    for (const auto& [id, task] : tasks->items())
      table.add({id, member_text(task, "/state"), short_time(member_text(task, "/due")), member_text(task, "/overdue") == "true" ? "yes" : "", member_text(task, "/title")});
    fmt::print("\n{}", table.text());
  }
  if (const Json& mail = *find(*answer, "/mail"); !mail.empty()) {
    Table table({"MAIL", "SENT", "ASKED BACK", "STEP", "EVENT"});
    for (const auto& piece : mail)
      table.add({member_text(piece, "/use"), short_time(member_text(piece, "/sent_at")), short_time(member_text(piece, "/recalled_at")), member_text(piece, "/step"), member_text(piece, "/event")});
    fmt::print("\n{}", table.text());
  }
  if (const Json* chain = find(*answer, "/chain"); chain != nullptr && !chain->empty()) {
    Table table({"WHEN", "WHAT", "PIECE", "BY"});
    for (const auto& link : *chain) {
      const auto what = member_text(link, "/what");
      table.add({short_time(member_text(link, "/time")), what == "told" || what == "responded" ? member_text(link, "/state") : what == "stage" ? "stage " + member_text(link, "/stage") : what,
                 member_text(link, "/piece"), what == "mailed" ? member_text(link, "/use") : member_text(link, "/by")});
    }
    fmt::print("\n{}", table.text());
  }
  return kDone;
}

int loans_history(const Arguments& arguments) {
  if (arguments.positional.size() != 1) return wrong_use("name one loan: milepost loans history L-1001");
  const auto answer = ask(arguments, with_query("/api/v1/loans/" + encoded(arguments.positional[0]) + "/history", arguments, {"before", "limit"}));
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
    return kDone;
  }
  Table table({"REVISION", "TIME", "PIPELINE", "TYPE", "FIELDS"});
  for (const auto& revision : *find(*answer, "/revisions")) {
    std::string fields;
    for (const auto& [key, value] : find(revision, "/fields")->items()) fields.append(fields.empty() ? "" : ", ").append(key).append(" ").append(value.is_string() ? value.get<std::string>() : text(value));
    table.add({member_text(revision, "/revision"), short_time(member_text(revision, "/time")), member_text(revision, "/pipeline"), member_text(revision, "/type"), shortened(fields, 100)});
  }
  fmt::print("{}", table.text());
  if (const auto next = member_text(*answer, "/next"); !next.empty()) fmt::print("…and older ones: --before {}\n", next);
  return kDone;
}

namespace {

int set_suppressed(const Arguments& arguments, const char* verb) {
  if (arguments.positional.size() != 1 || arguments.get("reason").empty())
    return wrong_use(std::string("say who and why: milepost mail ") + (*verb == 'a' ? "suppress" : "unsuppress") + " KEY --reason TEXT");
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  const auto answer = (*link)->post(std::string("/api/v1/suppressions/") + verb, {{"key", arguments.positional[0]}, {"reason", arguments.get("reason")}});
  if (!answer) return failed(answer.error());
  if (arguments.json()) fmt::print("{}\n", text(*answer));
  else fmt::print("{}{}{}\n", *verb == 'a' ? "no mail goes to " : "mail may go to ", arguments.positional[0], *verb == 'a' ? " any more" : " again");
  return kDone;
}

}  // namespace

int mail_suppress(const Arguments& arguments) { return set_suppressed(arguments, "add"); }
int mail_unsuppress(const Arguments& arguments) { return set_suppressed(arguments, "remove"); }

int mail_suppressed(const Arguments& arguments) {
  const auto answer = ask(arguments, with_query("/api/v1/suppressions", arguments, {"after", "limit"}));
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
    return kDone;
  }
  Table table({"WHO", "SINCE", "BY", "WHY"});
  for (const auto& one : *find(*answer, "/suppressions")) table.add({member_text(one, "/key"), short_time(member_text(one, "/since")), member_text(one, "/user"), member_text(one, "/reason")});
  if (table.empty()) fmt::print("nobody\n");
  else fmt::print("{}", table.text());
  if (const auto next = field(*answer, "/next"); !next.empty()) fmt::print("…and more: --after {}\n", next);
  return kDone;
}

}  // namespace milepost::cli
