#include "host/cli/junit.hpp"

#include <fmt/core.h>

#include <map>

namespace milepost::cli {
namespace {

/// As an attribute or a text; control characters are no XML at all.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else if (c == '\n') out += "&#10;";
    else out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

std::string failure_of(const cases::Verdict& result) {
  if (!result.played.failure.empty())
    return fmt::format("<error message=\"{}\"/>", escaped(result.played.failure));
  std::string body;
  for (const auto& one : result.mismatches)
    body += fmt::format("{}:{}:{} {}\n  expected {}\n  but came {}\n", one.at.file, one.at.line, one.at.column, one.path, one.expected, one.actual);
  const auto& first = result.mismatches.front();
  return fmt::format("<failure message=\"{}\">{}</failure>",
                     escaped(first.path + ": expected " + first.expected + ", but came " + first.actual), escaped(body));
}

}  // namespace

std::string junit(const std::vector<cases::Verdict>& results, double seconds) {
  std::map<std::string, std::vector<const cases::Verdict*>> suites;
  std::size_t failed = 0, stuck = 0;
  for (const auto& result : results) {
    suites[result.file->name].push_back(&result);
    failed += !result.mismatches.empty() ? 1 : 0;
    stuck += !result.played.failure.empty() ? 1 : 0;
  }
  std::string out = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\">\n",
                                results.size(), failed, stuck, seconds);
  for (const auto& [file, own] : suites) {
    std::size_t lost = 0, broken = 0;
    double time = 0;
    std::string cases;
    for (const auto* result : own) {
      lost += !result->mismatches.empty() ? 1 : 0;
      broken += !result->played.failure.empty() ? 1 : 0;
      time += result->took.count();
      cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.3f}\"", escaped(file), escaped(result->what->name),
                           escaped(file), result->what->at.line, result->took.count());
      cases += result->passed() ? "/>\n" : ">\n      " + failure_of(*result) + "\n    </testcase>\n";
    }
    out += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\">\n{}  </testsuite>\n", escaped(file),
                       own.size(), lost, broken, time, cases);
  }
  return out + "</testsuites>\n";
}

}  // namespace milepost::cli
