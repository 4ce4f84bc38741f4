#include "host/config/systems.hpp"

#include <algorithm>
#include <set>

#include "host/config/fault_codes.hpp"
#include "host/config/words.hpp"

namespace milepost::config {
namespace {

/// A pipeline that writes to one system what another says.
struct Way {
  std::string to;
  const Pipeline* pipeline;
  const Step* step;
  bool tracks;  ///< what comes back is told apart there
};

using Ways = std::map<std::string, std::vector<Way>>;  ///< by whom they come from

Ways ways_of(const LoanModel& loans, const std::map<std::string, Pipeline>& pipelines) {
  Ways out;
  for (const auto& [name, pipeline] : pipelines) {
    for (const auto& source : pipeline.sources) {
      if (source.use == "events" || source.use == "schedule") continue;
      const auto from = system_of_source(loans, name, source.use);
      bool tracks = false;
      for (const auto& step : pipeline.steps) {
        tracks |= step.use == "track";
        if (step.connection.empty()) continue;
        const auto to = system_of_action(loans, step.use, step.connection);
        if (to != from && loans.systems.contains(to)) out[from].push_back({to, &pipeline, &step, tracks});
      }
    }
  }
  return out;
}

}  // namespace

std::string connector_of(const std::string& use) {
  const auto dot = use.find('.');
  return dot == use.npos ? "" : use.substr(0, dot);
}

std::string system_of(const LoanModel& loans, const std::vector<std::string>& names) {
  std::string last;
  for (const auto& name : names) {
    if (name.empty()) continue;
    last = name;
    for (const auto& [system, theirs] : loans.systems)
      if (std::ranges::find(theirs, name) != theirs.end()) return system;
  }
  // Not under `systems`: it names itself.
  for (const auto& name : names) {
    if (name.empty()) continue;
    if (loans.systems.contains(name)) return name;
    for (const auto& [field, rule] : loans.owners)
      if (rule.owner == name) return name;
  }
  return last;
}

std::string system_of_source(const LoanModel& loans, const std::string& pipeline, const std::string& source) {
  const auto connector = connector_of(source);
  // Plain webhooks, schedules and followed events are nobody's in particular: the pipeline says whose.
  return connector.empty() ? system_of(loans, {source, pipeline}) : system_of(loans, {pipeline, source, connector});
}

std::string system_of_action(const LoanModel& loans, const std::string& use, const std::string& connection) {
  return system_of(loans, {connection, use, connector_of(use)});
}

Faults check_systems(const LoanModel& loans, const std::vector<std::string>& known) {
  Faults out;
  for (const auto& [system, names] : loans.systems) {
    const auto at = loans.at.find("systems." + system);
    for (const auto& name : names)
      if (std::ranges::find(known, name) == known.end())
        out.push_back({std::string(code::kUnknownSystem), at == loans.at.end() ? Position{"loans.yaml", 0, 0} : at->second, "systems." + system,
                       in_quotes(name) + " is no connector, connection, pipeline or source of this folder" + did_you_mean(name, known),
                       "correct the name, or take it out", false});
  }
  return out;
}

Faults check_rings(const LoanModel& loans, const std::map<std::string, Pipeline>& pipelines) {
  Faults out;
  const auto ways = ways_of(loans, pipelines);
  std::set<const Step*> told;
  for (const auto& [start, first] : ways) {
    for (const auto& way : first) {
      if (way.tracks || told.contains(way.step)) continue;
      // Does it lead back?
      std::set<std::string> seen;
      std::vector<std::string> next = {way.to};
      while (!next.empty() && !seen.contains(start)) {
        const auto at = next.back();
        next.pop_back();
        if (!seen.insert(at).second) continue;
        if (const auto on = ways.find(at); on != ways.end())
          for (const auto& further : on->second) next.push_back(further.to);
      }
      if (!seen.contains(start)) continue;
      told.insert(way.step);
      out.push_back({std::string(code::kRing), way.step->at, "steps." + way.step->id,
                     "writes to " + way.to + " what " + start + " says, and what " + way.to + " says comes back to " + start,
                     "track it first: an echo then goes no further; or write from a pipeline that follows milepost.loan_changed", true});
    }
  }
  return out;
}

}  // namespace milepost::config
