// `milepost plan` and `milepost apply`.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>

#include "host/cli/change_text.hpp"
#include "host/cli/command.hpp"
#include "host/cli/store_link.hpp"
#include "host/config/fault_text.hpp"

namespace milepost::cli {
namespace {

constexpr std::size_t kShownHash = 16;

/// What would be otherwise in one step, by subject.
struct Otherwise {
  std::string step, use;
  std::set<std::string> would, would_not, another;
};
/// What past events of one pipeline would have done.
struct Shadow {
  std::uint64_t examined = 0, same = 0, left_out = 0;
  std::vector<Otherwise> steps;  ///< as they were met
  std::set<std::string> ends;    ///< subjects of which an event would end as a dead letter, and did not
};

Otherwise& step_of(Shadow& shadow, const Json& difference) {
  const auto step = field(difference, "/step"), use = field(difference, "/use");
  for (auto& one : shadow.steps)
    if (one.step == step && one.use == use) return one;
  return shadow.steps.emplace_back(Otherwise{step, use, {}, {}, {}});
}

Result<Shadow> shadow_of(StoreLink& link, const std::string& hash, const std::string& pipeline, const std::string& since) {
  Shadow out;
  Json body{{"hash", hash}, {"pipeline", pipeline}, {"since", since}};
  while (true) {
    const auto page = link.post("/api/v1/plan/replay", body);
    if (!page) return fail(page.error());
    out.examined += get<std::uint64_t>(*page, "/examined").value_or(0);
    out.same += get<std::uint64_t>(*page, "/same").value_or(0);
    out.left_out += get<std::uint64_t>(*page, "/left_out").value_or(0);
    for (const auto& told : *find(*page, "/differ")) {
      auto subject = field(told, "/event/subject");
      if (subject.empty()) subject = field(told, "/event/receipt");
      if (told.contains("end")) out.ends.insert(subject);
      for (const auto& difference : *find(told, "/differences")) {
        const auto kind = field(difference, "/kind");
        auto& step = step_of(out, difference);
        (kind == "would_run" ? step.would : kind == "would_not_run" ? step.would_not : step.another).insert(subject);
      }
    }
    if (!page->contains("next")) return out;
    body["after"] = (*page)["next"];
  }
}

Json to_json(const Shadow& shadow) {
  Json out{{"examined", shadow.examined}, {"same", shadow.same}, {"left_out", shadow.left_out}, {"dead_letters", shadow.ends.size()}, {"steps", Json::array()}};
  for (const auto& step : shadow.steps)
    out["steps"].push_back({{"step", step.step}, {"use", step.use}, {"would_run", step.would.size()}, {"would_not_run", step.would_not.size()}, {"other_request", step.another.size()}});
  return out;
}

/// "3 loans would get it that did not".
std::string words_of(const Otherwise& step) {
  std::string out;
  const auto add = [&](std::size_t count, const char* one, const char* many) {
    if (count > 0) out.append(out.empty() ? "" : "; ").append(fmt::format("{} {}", count, count == 1 ? one : many));
  };
  add(step.would.size(), "loan would get it that did not", "loans would get it that did not");
  add(step.would_not.size(), "that did would not", "that did would not");
  add(step.another.size(), "would get another request", "would get another request");
  return out;
}

void print_shadows(const std::map<std::string, Shadow>& shadows, const std::string& since) {
  std::uint64_t examined = 0, same = 0;
  std::size_t step_width = 0, use_width = 0;
  for (const auto& [pipeline, shadow] : shadows) {
    examined += shadow.examined;
    same += shadow.same;
    for (const auto& step : shadow.steps) step_width = std::max(step_width, step.step.size()), use_width = std::max(use_width, step.use.size());
  }
  if (examined == 0) return fmt::print("No event of the last {} to try it with.\n\n", since);
  if (same == examined) return fmt::print("Of the last {}, none of {} event{} would have gone another way.\n\n", since, examined, examined == 1 ? "" : "s");
  fmt::print("Of the last {}, {} of {} events would have gone another way:\n", since, examined - same, examined);
  for (const auto& [pipeline, shadow] : shadows) {
    if (shadow.same == shadow.examined) continue;
    fmt::print("  {}\n", pipeline);
    for (const auto& step : shadow.steps) fmt::print("      {:<{}}  {:<{}}  {}\n", step.step, step_width, step.use, use_width, words_of(step));
    if (!shadow.ends.empty())
      fmt::print("      {} loan{} would have a dead letter that had none\n", shadow.ends.size(), shadow.ends.size() == 1 ? "" : "s");
  }
  fmt::print("\n");
}

/// Pieces of mail that the last events would have cost more, and less.
struct Pieces {
  std::size_t more = 0, fewer = 0;
};
Pieces pieces_of(const std::map<std::string, Shadow>& shadows, const Json& mail) {
  Pieces out;
  for (const auto& [pipeline, shadow] : shadows) {
    const auto steps = mail.find(pipeline);
    if (steps == mail.end()) continue;
    for (const auto& step : shadow.steps) {
      if (std::ranges::find(*steps, Json(step.step)) == steps->end()) continue;
      out.more += step.would.size();
      out.fewer += step.would_not.size();
    }
  }
  return out;
}

/// A price such as 0.89, in ten-thousandths: money is no double.
std::optional<std::int64_t> price_of(const std::string& typed) {
  const auto dot = typed.find('.');
  const auto whole = typed.substr(0, dot);
  auto part = dot == typed.npos ? std::string() : typed.substr(dot + 1);
  const auto digits = [](const std::string& text) { return text.find_first_not_of("0123456789") == text.npos; };
  if (whole.empty() || whole.size() > 9 || part.size() > 4 || !digits(whole) || !digits(part) || typed.ends_with('.')) return std::nullopt;
  part.resize(4, '0');
  return std::stoll(whole) * 10'000 + std::stoll(part);
}
std::string amount(std::int64_t ten_thousandths) {
  auto out = fmt::format("{}.{:04}", ten_thousandths / 10'000, ten_thousandths % 10'000);
  while (out.ends_with('0') && out.size() - out.find('.') > 3) out.pop_back();
  return out;
}

void print_pieces(const Pieces& pieces, const std::string& since, std::int64_t price) {
  if (pieces.more == 0 && pieces.fewer == 0) return;
  const auto net = static_cast<std::int64_t>(pieces.more) - static_cast<std::int64_t>(pieces.fewer);
  fmt::print("Mail: in {} {} more and {} fewer, as far as the gate and once: let them go", since, pieces.more == 1 ? "1 piece" : fmt::format("{} pieces", pieces.more), pieces.fewer);
  if (price > 0 && net != 0) fmt::print(": {} {}", amount(std::abs(net) * price), net > 0 ? "more" : "less");
  fmt::print(".\n\n");
}

config::Faults faults_of(const Json& list) {
  config::Faults out;
  for (const auto& fault : list)
    out.push_back({field(fault, "/code"), {field(fault, "/file"), get<int>(fault, "/line").value_or(0), get<int>(fault, "/column").value_or(0)}, field(fault, "/path"),
                   field(fault, "/message"), field(fault, "/remedy"), get<bool>(fault, "/warning").value_or(false)});
  return out;
}

}  // namespace

int plan(const Arguments& arguments) {
  if (!arguments.positional.empty()) return wrong_use("`plan` takes no argument; name the folder with --config DIR");
  const auto since = arguments.get("since", "7d");
  const auto price = price_of(arguments.get("price", "0"));
  if (!price) return wrong_use("--price takes what a piece costs, such as 0.89");
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  auto planned = (*link)->post("/api/v1/plan", Json::object());
  if (!planned) return failed(planned.error());
  const Json& plan = *find(*planned, "/plan");
  const bool sound = get<bool>(*planned, "/sound").value_or(false), running = get<bool>(*planned, "/running").value_or(false);
  const auto hash = field(plan, "/hash");
  std::map<std::string, Shadow> shadows;
  if (sound && !arguments.has("no-replay")) {
    for (const auto& change : *find(plan, "/pipelines")) {
      if (field(change, "/kind") != "changed" || !change.contains("keys")) continue;
      auto shadow = shadow_of(**link, hash, field(change, "/name"), since);
      if (!shadow) return failed(shadow.error());
      shadows.emplace(field(change, "/name"), std::move(*shadow));
    }
  }
  const auto pieces = pieces_of(shadows, *find(*planned, "/mail"));
  if (arguments.json()) {
    (*planned)["pieces"] = {{"more", pieces.more}, {"fewer", pieces.fewer}};
    (*planned)["replayed"] = Json::object();
    for (const auto& [pipeline, shadow] : shadows) (*planned)["replayed"][pipeline] = to_json(shadow);
    fmt::print("{}\n", text(*planned));
    return sound ? kDone : kFaults;
  }
  if (const auto faults = faults_of(*find(*planned, "/faults")); !faults.empty())
    fmt::print("{}\n", config::render(faults, std::filesystem::absolute(arguments.folder()).lexically_normal().string(), ::isatty(STDOUT_FILENO) != 0));
  if (!sound) {
    fmt::print("The folder cannot be applied as it is; what runs goes on.\n");
    return kFaults;
  }
  const auto changes = change_text(plan, find(*planned, "/under_way"));
  if (changes.empty()) {
    fmt::print("Nothing changes: {} is what the folder says.\n", running ? "what runs" : "what ran last");
    return kDone;
  }
  fmt::print("{}\n", changes);
  if (!shadows.empty()) print_shadows(shadows, since);
  print_pieces(pieces, since, *price);
  if (find(plan, "/pipelines")->empty() && find(plan, "/connections")->empty() && find(plan, "/loans")->empty()) fmt::print("Nothing else changes: it takes a restart.\n");
  else if (running) fmt::print("To apply exactly this:\n  milepost apply {} --reason \"…\"\n", hash.substr(0, kShownHash));
  else fmt::print("No host runs: the next `milepost run` takes the folder as it stands then.\n");
  return kDone;
}

int apply(const Arguments& arguments) {
  if (arguments.positional.size() != 1) return wrong_use("name the plan by its hash: milepost apply HASH --reason \"…\"; `milepost plan` prints it");
  if (arguments.positional[0].size() < 8) return wrong_use("write at least 8 characters of the hash");
  if (arguments.get("reason").empty()) return wrong_use("say why, for the audit trail: --reason \"…\"");
  auto link = StoreLink::open(arguments.folder());
  if (!link) return failed(link.error());
  const auto answer = (*link)->post("/api/v1/apply", {{"hash", arguments.positional[0]}, {"reason", arguments.get("reason")}});
  if (!answer) return failed(answer.error());
  if (arguments.json()) fmt::print("{}\n", text(*answer));
  else fmt::print("{}applied\n", change_text(*find(*answer, "/plan"), nullptr));
  return kDone;
}

}  // namespace milepost::cli
