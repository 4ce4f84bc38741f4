// `milepost test`: the cases of a folder, what came of them, and what no case looks at.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "host/cases/coverage.hpp"
#include "host/cases/read_cases.hpp"
#include "host/cases/suite.hpp"
#include "host/cases/update.hpp"
#include "host/cli/command.hpp"
#include "host/deploy/deployment.hpp"
#include "host/deploy/write_file.hpp"
#include "host/config/files.hpp"
#include "host/cli/junit.hpp"
#include "host/config/fault_text.hpp"
#include "host/telemetry/log.hpp"

namespace milepost::cli {
namespace {


std::string plural(std::size_t count, const std::string& word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

Json to_json(const cases::Verdict& result, bool whole) {
  Json out{{"file", result.file->name}, {"case", result.what->name}, {"line", result.what->at.line},
           {"passed", result.passed()}, {"seconds", std::round(result.took.count() * 1000) / 1000}};
  if (!result.played.failure.empty()) out["failure"] = result.played.failure;
  Json mismatches = Json::array();
  for (const auto& one : result.mismatches)
    mismatches.push_back({{"line", one.at.line}, {"column", one.at.column}, {"path", one.path}, {"expected", one.expected}, {"actual", one.actual}});
  if (!result.passed()) out["mismatches"] = std::move(mismatches);
  if (whole) out["outcome"] = result.played.outcome;
  return out;
}

void print_failure(const cases::Verdict& result) {
  fmt::print("✗ {}:{}  {}\n", result.file->name, result.what->at.line, result.what->name);
  if (!result.played.failure.empty()) fmt::print("    {}\n", result.played.failure);
  for (const auto& one : result.mismatches)
    fmt::print("    {}:{}:{}  {}\n      expected  {}\n      but came  {}\n", one.at.file, one.at.line, one.at.column, one.path,
               one.expected, one.actual);
  fmt::print("\n");
}

/// `all`: also pipelines that no case is of.
void print_coverage(const cases::Coverage& coverage, bool all) {
  std::size_t width = 0;
  for (const auto& pipeline : coverage.pipelines()) width = std::max(width, pipeline.name.size());
  for (const auto& pipeline : coverage.pipelines()) {
    if (pipeline.events == 0) {
      if (all) fmt::print("  {:<{}}  no case\n", pipeline.name, width);
      continue;
    }
    const auto both = pipeline.conditions();
    fmt::print("  {:<{}}  {} of {} steps ran{}\n", pipeline.name, width, pipeline.steps_run(), pipeline.steps.size(),
               both == 0 ? "" : fmt::format(", {} of {} outcomes of conditions seen", pipeline.conditions_seen(), both));
    for (const auto& gap : pipeline.gaps()) fmt::print("  {:<{}}    {}\n", "", width, gap);
  }
}

int update_files(const deploy::Deployment& deployment, const std::vector<cases::CaseFile>& files, const std::vector<cases::Verdict>& results) {
  int code = kDone;
  for (const auto& file : files) {
    std::vector<const cases::Verdict*> own;
    for (const auto& result : results)
      if (result.file == &file) own.push_back(&result);
    const auto updated = cases::update(file, own);
    if (updated.changes > 0) {
      const auto path = deployment.root + "/" + file.name;
      if (const auto now = config::read_file(path, cases::kMostCaseBytes); !now || *now != file.text)
        return failed({ErrorKind::permanent, file.name + " was edited while its cases ran, and is left as it is: run it again"});
      if (const auto written = deploy::write_file(path, updated.text); !written) return failed(written.error());
      fmt::print("{}: {} written\n", file.name, plural(updated.changes, "expectation"));
    }
    for (const auto& fault : updated.kept) {
      fmt::print("{}:{}:{}  {}: {}: {}\n", fault.at.file, fault.at.line, fault.at.column, fault.path, fault.message, fault.remedy);
      code = kFaults;
    }
    for (const auto* result : own)
      if (!result->played.failure.empty()) {
        print_failure(*result);
        code = kFaults;
      }
  }
  return code;
}

}  // namespace

int test(const Arguments& arguments) {
  telemetry::configure_log("auto", arguments.has("debug") ? telemetry::Level::debug : telemetry::Level::none);
  const auto began = std::chrono::steady_clock::now();
  const auto deployment = deploy::load(arguments.folder(), false, nullptr, config::SecretsFrom{.made_up = true});
  // Without its loans.yaml a pipeline passes, or fails, for reasons of another folder.
  if (const auto* fault = deployment.ground_fault())
    return failed({ErrorKind::permanent, config::to_string(*fault) + "; see `milepost check`"});
  cases::Known known{deployment.root, deployment.programs, {}, {}};
  for (const auto& broken : deployment.broken) known.broken.push_back(broken.name);
  for (const auto& installed : deployment.registry->sandboxes())
    known.vendors.push_back(installed.name.substr(0, installed.name.rfind("-sandbox")));
  config::Faults faults;
  const auto files = cases::read_cases(known, arguments.positional, faults);
  std::size_t count = 0;
  for (const auto& file : files) count += file.cases.size();
  if (!std::ranges::all_of(faults, &config::Fault::warning)) {
    if (arguments.json()) {
      Json list = Json::array();
      for (const auto& fault : faults) list.push_back(config::to_json(fault));
      fmt::print("{}\n", text(Json{{"ok", false}, {"faults", list}}));
    } else {
      fmt::print("{}\n", config::render(faults, deployment.root, ::isatty(STDOUT_FILENO) != 0));
    }
    return kFaults;
  }
  if (count == 0) {
    for (const auto& fault : deployment.faults)
      if (!fault.warning) return failed({ErrorKind::permanent, "the folder has faults: see `milepost check`"});
    return failed({ErrorKind::permanent, "there is no case in " + deployment.root + "/tests: docs/testing-pipelines.md says how one is written"});
  }

  const cases::Scratch scratch;
  std::mutex at_the_registry;
  const cases::Ground ground{deployment.registry, deployment.folder.connections, deployment.secrets, deployment.programs, deployment.loans, scratch.path(), at_the_registry};
  const auto only = arguments.get("only");
  const auto results = cases::run_suite(files, ground, [&](const cases::CaseFile&, const cases::Case& what) {
    return only.empty() || what.name.contains(only);
  });
  if (results.empty()) return failed({ErrorKind::permanent, "no case has \"" + only + "\" in its name"});
  if (arguments.has("update")) return update_files(deployment, files, results);

  cases::Coverage coverage(deployment.programs);
  std::size_t passed = 0;
  for (const auto& result : results) {
    passed += result.passed() ? 1 : 0;
    for (const auto& [pipeline, steps] : result.played.stories) coverage.add(pipeline, steps);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  if (const auto path = arguments.get("junit"); !path.empty())
    if (const auto written = deploy::write_file(path, junit(results, took.count())); !written) return failed(written.error());

  const bool ok = passed == results.size();
  if (arguments.json()) {
    Json list = Json::array();
    for (const auto& result : results) list.push_back(to_json(result, arguments.has("show")));
    fmt::print("{}\n", text(Json{{"ok", ok}, {"cases", list}, {"coverage", coverage.json()}, {"seconds", std::round(took.count() * 1000) / 1000}}));
    return ok ? kDone : kFaults;
  }
  for (const auto& result : results) {
    if (!result.passed()) print_failure(result);
    if (arguments.has("show") && result.played.failure.empty())
      fmt::print("{}:{}  {}\n{}\n", result.file->name, result.what->at.line, result.what->name, cases::block(result.played.outcome, 2));
  }
  fmt::print("{}, {} passed{}, in {:.2f} s\n\n", plural(results.size(), "case"), ok ? "all" : std::to_string(passed),
             ok ? "" : fmt::format(", {} failed", results.size() - passed), took.count());
  print_coverage(coverage, only.empty() && arguments.positional.empty());
  return ok ? kDone : kFaults;
}

}  // namespace milepost::cli
