// The conformance checks of docs/conformance.md as rows for a test: runs `milepost plugins test --json` of the host
// that came with the SDK, whose code, sockets and processes then are those of production.
//
//   TEST(Acme, Conforms) {
//     const auto report = milepost::testing::conformance(ACME_LIBRARY);
//     for (const auto& row : report.rows) EXPECT_TRUE(row.passed) << row.check << ": " << row.detail;
//   }
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "milepost/json.hpp"

namespace milepost::testing {

struct ConformanceRow {
  std::string check;
  bool passed = false;
  std::string detail;  ///< what was expected and what came
};
struct ConformanceReport {
  std::string plugin, version;
  std::vector<ConformanceRow> rows;  ///< never empty: a host that cannot be run is a row that failed
};

/// `arguments` are the command's own: {"--sample", "other.json"}. `milepost` is the host; milepost::testing names the
/// one beside it.
inline ConformanceReport conformance(const std::string& library, const std::vector<std::string>& arguments = {},
                                     const std::string& milepost =
#ifdef MILEPOST_EXECUTABLE
                                         MILEPOST_EXECUTABLE
#else
                                         "milepost"
#endif
) {
  const auto in_shell = [](const std::string& word) {
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
  };
  std::string command = in_shell(milepost) + " plugins test --json " + in_shell(library);
  for (const auto& argument : arguments) command += " " + in_shell(argument);
  std::string printed;
  if (std::FILE* pipe = ::popen(command.c_str(), "r")) {
    char buffer[4096];
    for (std::size_t got; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) printed.append(buffer, got);
    ::pclose(pipe);
  }
  ConformanceReport report;
  const auto json = read_json(printed);
  const auto* checks = json ? find(*json, "/checks") : nullptr;
  if (checks == nullptr || !checks->is_array()) {
    report.rows.push_back({"the host", false, "gave no report: " + command + " printed: " + printed.substr(0, 300)});
    return report;
  }
  report.plugin = get<std::string>(*json, "/plugin").value_or("");
  report.version = get<std::string>(*json, "/version").value_or("");
  for (const auto& row : *checks)
    report.rows.push_back({get<std::string>(row, "/check").value_or(""), get<bool>(row, "/passed").value_or(false),
                           get<std::string>(row, "/detail").value_or("")});
  return report;
}

}  // namespace milepost::testing
