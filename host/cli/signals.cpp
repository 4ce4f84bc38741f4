// `milepost loans signals`: a lender's figures as tables, JSON or CSV.
#include <fmt/core.h>

#include "host/cli/command.hpp"
#include "host/cli/store_link.hpp"
#include "host/cli/story.hpp"
#include "host/cli/table.hpp"

namespace milepost::cli {
namespace {

std::string figure(const Json& from, const char* pointer) {
  const Json* value = find(from, pointer);
  return value == nullptr || value->is_null() ? "" : value->is_string() ? value->get<std::string>() : text(*value);
}
std::string percent(const Json& from, const char* pointer) {
  const auto rate = get<double>(from, pointer);
  return rate ? fmt::format("{:.1f} %", *rate * 100) : "–";
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string out = "\"";
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  return out + "\"";
}

/// A line for each figure: group, signal, stage, figure, value.
void print_csv(const Json& answer) {
  fmt::print("group,signal,stage,figure,value\r\n");
  for (const auto& group : *find(answer, "/groups")) {
    const auto name = csv_cell(figure(group, "/group"));
    const auto lines = [&](const std::string& signal, const std::string& stage, const Json& figures) {
      for (const auto& [key, value] : figures.items())
        if (!value.is_structured() && !value.is_null()) fmt::print("{},{},{},{},{}\r\n", name, signal, csv_cell(stage), key, text(value));
    };
    fmt::print("{},loans,,count,{}\r\n", name, figure(group, "/loans"));
    for (const auto& stage : *find(group, "/days_in_stage")) {
      const auto named = figure(stage, "/stage");
      fmt::print("{},days_in_stage,{},there,{}\r\n", name, csv_cell(named), figure(stage, "/there"));
      lines("days_in_stage", named, *find(stage, "/days"));
      lines("business_days_in_stage", named, *find(stage, "/business_days"));
    }
    for (const char* signal : {"overdue", "mismatch", "mail_to_close", "automation"}) lines(signal, "", *find(group, std::string("/") + signal));
    for (const char* arm : {"mailed", "held_out"}) {
      const Json& one = *find(group, std::string("/mail_effect/") + arm);
      lines("mail_effect", arm, one);
      lines("mail_effect_days", arm, *find(one, "/days"));
    }
    for (const auto& one : *find(group, "/mismatch/fields"))
      for (const char* key : {"compared", "mismatched", "rate"}) fmt::print("{},mismatch,{},{},{}\r\n", name, csv_cell(figure(one, "/system") + "/" + figure(one, "/field")), key, figure(one, (std::string("/") + key).c_str()));
    for (const auto& one : *find(group, "/webhooks"))
      fmt::print("{},webhooks,{},missed,{}\r\n", name, csv_cell(figure(one, "/pipeline") + "/" + figure(one, "/source")), figure(one, "/missed"));
  }
}

void print_group(const Json& group, const std::string& by) {
  const auto name = figure(group, "/group");
  if (!by.empty()) fmt::print("{}\n", name.empty() ? "(no " + by + ")" : name);
  Table stages({"STAGE", "THERE", "LEFT", "DAYS: MEAN", "MEDIAN", "9 OF 10", "BUSINESS: MEAN", "MEDIAN"});
  for (const auto& stage : *find(group, "/days_in_stage"))
    stages.add({figure(stage, "/stage"), figure(stage, "/there"), figure(stage, "/days/count"), figure(stage, "/days/mean"), figure(stage, "/days/median"),
                figure(stage, "/days/p90"), figure(stage, "/business_days/mean"), figure(stage, "/business_days/median")});
  if (!stages.empty()) fmt::print("{}", stages.text());
  Table rates({"SIGNAL", "RATE", "OF"});
  rates.add({"overdue", percent(group, "/overdue/rate"), figure(group, "/overdue/overdue") + " of " + figure(group, "/overdue/due") + " tasks due"});
  rates.add({"mismatch", percent(group, "/mismatch/rate"), figure(group, "/mismatch/mismatched") + " of " + figure(group, "/mismatch/compared") + " compared"});
  for (const auto& one : *find(group, "/mismatch/fields"))
    rates.add({"  " + figure(one, "/system") + ": " + figure(one, "/field"), percent(one, "/rate"), figure(one, "/mismatched") + " of " + figure(one, "/compared") + " compared"});
  for (const auto& one : *find(group, "/webhooks"))
    rates.add({"missed webhooks", figure(one, "/missed"), "of " + figure(one, "/source") + " to " + figure(one, "/pipeline") + ": a poll brought them"});
  const auto changes = get<std::int64_t>(group, "/automation/changes").value_or(0), by_hand = get<std::int64_t>(group, "/automation/by_hand").value_or(0);
  rates.add({"automation", percent(group, "/automation/coverage"), fmt::format("{} of {} stage changes with no hand", changes - by_hand, changes)});
  const auto closed = figure(group, "/mail_to_close/count"), median = figure(group, "/mail_to_close/median");
  rates.add({"mail to close", median.empty() ? "–" : median + " days", "median of " + closed + " loans that closed after mail"});
  for (const auto& [arm, named] : {std::pair("mailed", "close, of those mailed"), std::pair("held_out", "close, of those held out")}) {
    const Json& one = *find(group, std::string("/mail_effect/") + arm);
    if (figure(one, "/loans") == "0") continue;
    const auto days = figure(one, "/days/median");
    rates.add({named, percent(one, "/rate"), figure(one, "/closed") + " of " + figure(one, "/loans") + " loans" + (days.empty() ? "" : ", median " + days + " days") + ", " + figure(one, "/responded") + " responded"});
  }
  fmt::print("{}\n", rates.text());
}

}  // namespace

int loans_signals(const Arguments& arguments) {
  if (arguments.has("csv") && arguments.json()) return wrong_use("choose one of --csv and --json");
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  const auto answer = (*link)->get(with_query("/api/v1/signals", arguments, {"by", "since", "until", "branch", "broker", "type"}));
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
  } else if (arguments.has("csv")) {
    print_csv(*answer);
  } else {
    fmt::print("{} to {}\n\n", short_time(field(*answer, "/since")), short_time(field(*answer, "/until")));
    const Json& groups = *find(*answer, "/groups");
    if (groups.empty()) fmt::print("no loans\n");
    for (const auto& group : groups) print_group(group, field(*answer, "/by"));
  }
  return kDone;
}

}  // namespace milepost::cli
