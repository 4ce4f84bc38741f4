// What a person does with events that wait for one.
#include <fmt/core.h>

#include "host/cli/command.hpp"
#include "host/cli/store_link.hpp"
#include "host/cli/table.hpp"

namespace milepost::cli {
namespace {

/// The event that goes on now, in one line.
int opened(const Arguments& arguments, const Result<Json>& answer, const std::string& what) {
  if (!answer) return failed(answer.error());
  if (arguments.json()) {
    fmt::print("{}\n", text(*answer));
    return kDone;
  }
  const std::string step = field(*answer, "/event/step"), subject = field(*answer, "/event/subject");
  fmt::print("{} {}{}{}\n", what, field(*answer, "/event/receipt"), subject.empty() ? "" : " of " + subject,
             field(*answer, "/event/state") == "dead" ? "" : step.empty() ? ": it begins anew" : ": it goes on at " + step);
  return kDone;
}

int retry_one(const Arguments& arguments, StoreLink& link, const Json& body) {
  const auto path = "/api/v1/dead-letters/" + encoded(arguments.positional[0]) + "/retry";
  return opened(arguments, link.post(with_query(path, arguments, {"pipeline"}), body), "opened");
}

int retry_some(const Arguments& arguments, StoreLink& link, Json body) {
  for (const char* filter : {"pipeline", "subject", "type", "step", "since", "until"})
    if (arguments.has(filter)) body[filter] = arguments.get(filter);
  if (arguments.has("all")) body["all"] = true;
  std::uint64_t opened = 0;
  Json refused = Json::array();
  while (true) {
    const auto answer = link.post("/api/v1/dead-letters/retry", body);
    if (!answer) return failed(answer.error());
    opened += get<std::uint64_t>(*answer, "/opened").value_or(0);
    for (const auto& one : *find(*answer, "/refused")) refused.push_back(one);
    if (!answer->contains("next")) break;
    body["after"] = (*answer)["next"];
  }
  if (arguments.json()) {
    fmt::print("{}\n", text(Json{{"opened", opened}, {"refused", refused}}));
  } else {
    fmt::print("opened {} dead letter{}\n", opened, opened == 1 ? "" : "s");
    Table table({"STAYS DEAD", "WHY"});
    for (const auto& one : refused) table.add({field(one, "/receipt"), field(one, "/reason")});
    if (!table.empty()) fmt::print("\n{}", table.text());
  }
  return refused.empty() ? kDone : kFaults;
}

}  // namespace

int events_retry(const Arguments& arguments) {
  const bool one = arguments.positional.size() == 1;
  bool some = arguments.has("all");
  for (const char* filter : {"subject", "type", "step", "since", "until"}) some = some || arguments.has(filter);
  if (arguments.positional.size() > 1 || (one && some) || (!one && !some && !arguments.has("pipeline")))
    return wrong_use("say which: milepost events retry ID; or --pipeline, --subject, --type, --step, --since, --until; or --all");
  if (arguments.get("reason").empty()) return wrong_use("say why, for the audit trail: --reason \"…\"");
  Json body{{"reason", arguments.get("reason")}};
  if (arguments.has("began")) body["began"] = true;
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  return one ? retry_one(arguments, **link, body) : retry_some(arguments, **link, body);
}

int events_resolve(const Arguments& arguments) {
  if (arguments.positional.size() != 1) return wrong_use("name one event: milepost events resolve ID --as done|retry|abandon --reason \"…\"");
  const auto as = arguments.get("as");
  if (as != "done" && as != "retry" && as != "abandon")
    return wrong_use("say what is so: --as done (the vendor has it), --as retry (it has not: send it again), --as abandon (give it up)");
  if (arguments.get("reason").empty()) return wrong_use("say why, for the audit trail: --reason \"…\"");
  Json body{{"as", as}, {"reason", arguments.get("reason")}};
  if (arguments.has("began")) body["began"] = true;
  if (arguments.has("answer")) {
    auto answer = read_json(arguments.get("answer"));
    if (!answer) return wrong_use("--answer is " + answer.error().message);
    body["answer"] = std::move(*answer);
  }
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  const auto path = with_query("/api/v1/in-doubt/" + encoded(arguments.positional[0]) + "/resolve", arguments, {"pipeline"});
  return opened(arguments, (*link)->post(path, body), as == "abandon" ? "a dead letter now:" : "settled");
}

}  // namespace milepost::cli
