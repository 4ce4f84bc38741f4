// `milepost doctor`: would it run here, and is it well? It looks, and changes nothing.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>

#include "host/cli/command.hpp"
#include "host/cli/examination.hpp"
#include "host/cli/table.hpp"

namespace milepost::cli {
namespace {

using State = Finding::State;

const char* word(State state) { return state == State::ok ? "ok" : state == State::warning ? "warning" : "fault"; }

std::string as_json(const Findings& findings, bool well, bool runs) {
  Json list = Json::array();
  for (const auto& finding : findings) {
    Json one = {{"check", finding.what}, {"state", word(finding.state)}, {"detail", finding.detail}};
    if (!finding.remedy.empty()) one["remedy"] = finding.remedy;
    list.push_back(std::move(one));
  }
  return text(Json{{"ok", well}, {"host_runs", runs}, {"checks", std::move(list)}});
}

std::string as_text(const Findings& findings, bool runs) {
  Table table({"CHECK", "STATE", "WHAT"});
  for (const auto& finding : findings) {
    table.add({finding.what, word(finding.state), finding.detail});
    if (!finding.remedy.empty()) table.add({"", "", "→ " + finding.remedy});
  }
  const auto count = [&](State state) { return std::ranges::count(findings, state, &Finding::state); };
  const auto faults = count(State::fault), warnings = count(State::warning);
  std::string last = faults == 0 && warnings == 0 ? "all is well" : "";
  if (faults > 0) last += fmt::format("{} fault{}", faults, faults == 1 ? "" : "s");
  if (warnings > 0) last += fmt::format("{}{} warning{}", last.empty() ? "" : ", ", warnings, warnings == 1 ? "" : "s");
  return fmt::format("{}\n{}; {}\n", table.text(), last, runs ? "a host runs on this folder" : "no host runs on this folder");
}

}  // namespace

int doctor(const Arguments& arguments) {
  if (!arguments.positional.empty()) return wrong_use("`doctor` takes no argument; name the folder with --config DIR");
  const auto deployment = deploy::load(arguments.folder(), false);
  const bool runs = host_runs(deployment);
  Findings findings;
  examine_folder(deployment, findings);
  examine_secrets(deployment, findings);
  examine_plugins(deployment, findings);
  examine_ports(deployment, runs, findings);
  examine_certificate(deployment, findings);
  examine_disk(deployment, findings);
  examine_clock(deployment, findings);
  examine_store(deployment, runs, findings);
  examine_connections(deployment, runs, findings);
  const bool well = std::ranges::count(findings, State::fault, &Finding::state) == 0;
  fmt::print("{}", arguments.json() ? as_json(findings, well, runs) + "\n" : as_text(findings, runs));
  return well ? kDone : kFaults;
}

}  // namespace milepost::cli
