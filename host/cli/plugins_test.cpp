#include <fmt/core.h>

#include <charconv>

#include "host/cli/command.hpp"
#include "host/cli/table.hpp"
#include "host/conformance/conformance.hpp"

namespace milepost::cli {

int plugins_test(const Arguments& arguments) {
  if (arguments.positional.size() != 1) return wrong_use("name one library: milepost plugins test PLUGIN.so");
  conformance::Options options;
  options.library = arguments.positional[0];
  options.sample = arguments.get("sample");
  options.sandbox = arguments.get("sandbox");
  options.only = arguments.get("only");
  options.glibc = arguments.get("glibc", options.glibc);
  if (const auto count = arguments.get("deliveries"); !count.empty()) {
    const auto [stop, fault] = std::from_chars(count.data(), count.data() + count.size(), options.deliveries);
    if (fault != std::errc() || stop != count.data() + count.size() || options.deliveries < 100 || options.deliveries > 10'000'000)
      return wrong_use("--deliveries takes a number from 100 to 10000000");
  }
  const auto report = conformance::conform(options);
  if (arguments.json()) {
    fmt::print("{}\n", text(report.json()));
  } else {
    Table table({"", "CHECK", "TOOK", "WHAT"});
    std::size_t failures = 0;
    for (const auto& row : report.rows) {
      table.add({row.passed ? "ok" : "FAILED", row.check, row.took.count() > 0 ? std::to_string(row.took.count()) + " ms" : "", row.detail});
      failures += row.passed ? 0 : 1;
    }
    fmt::print("{}\n{} {}: {} of {} checks passed\n", table.text(), report.plugin, report.version, report.rows.size() - failures, report.rows.size());
  }
  return report.passed() ? kDone : kFaults;
}

}  // namespace milepost::cli
