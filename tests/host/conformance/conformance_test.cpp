// What the checks say of a sound connector, and of each flaw.
#include "host/conformance/conformance.hpp"
#include "host/conformance/usage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace milepost::conformance {
namespace TEST_FILE {

using ::testing::HasSubstr;

class Conformance : public ::testing::Test {
 protected:
  Report test(const std::string& flaw, const std::string& only = "",
              std::chrono::seconds at_most = std::chrono::seconds(60)) {
    const std::string sample = ::testing::TempDir() + "careless-" + std::to_string(::getpid()) + ".json";
    Json before = Json::array();
    for (const char* item : {"chair", "table", "lamp"})
      before.push_back({{"method", "POST"},
                        {"target", "/orders"},
                        {"headers", {{"Authorization", "Bearer sandbox-token"}}},
                        {"body", {{"item", item}, {"reference", item}}}});
    std::ofstream(sample) << text(
        Json{{"before", before},
             {"sources", {{"placed", {{"with", Json::object()}}}}},
             {"connection", {{"token", "sandbox-token"}, {"flaw", flaw}}},
             {"actions", {{"send", {{"event", {{"name", "Ann Canary"}}}, {"with", {{"item", "canary {n}"}}}}}}}});
    Options options;
    options.library = std::string(MILEPOST_BINARY_DIR) + "/tests/plugins/careless/careless.so";
    options.sample = sample;
    options.only = only;
    options.deliveries = 3000;
    options.at_most = at_most;
    auto report = conform(options);
    std::filesystem::remove(sample);
    return report;
  }
  static std::string failures(const Report& report) {
    std::string out;
    for (const auto& row : report.rows)
      if (!row.passed && row.check != "imports") out += row.check + ": " + row.detail + "\n";
    return out;
  }
};

TEST_F(Conformance, FindsNothingInASoundConnector) {
  const auto report = test("");
  EXPECT_EQ(failures(report), "");
  EXPECT_GE(report.rows.size(), 50u);
  EXPECT_EQ(report.plugin, "careless");
  EXPECT_EQ(report.version, "1.0.0");
  EXPECT_EQ(report.abi, "1.0");
  EXPECT_EQ(report.digest.size(), 64u);
}

TEST_F(Conformance, FindsCallsThatAreTheHosts) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's own calls are not told apart";
  const auto report = test("", "nothing else");
  EXPECT_FALSE(report.passed());
  const auto imports =
      std::find_if(report.rows.begin(), report.rows.end(), [](const Row& row) { return row.check == "imports"; });
  ASSERT_NE(imports, report.rows.end());
  EXPECT_THAT(imports->detail, HasSubstr("careless.so calls "));
}

struct Flaw {
  const char* flaw;
  const char* check;  ///< that finds it
  const char* words;
};

TEST_F(Conformance, FindsEachFlaw) {
  const Flaw flaws[] = {
      {"throws at creation", "opens against", "threw: boom"},
      {"asks at creation", "creating touches no network", "a service was called with an mp_call that is none of the host's"},
      {"opens once", "open and close", "open twice: internal: it is open already"},
      {"turns results around", "results in order",
       "delivery 1 of 5 lacks a mandatory key: expected permanent, came an answer"},
      {"gives fewer results", "results in order", "gave no result for delivery 5 of 5"},
      {"takes what lacks a key", "mandatory settings", "without item: expected permanent, came an answer"},
      {"never finds", "cut after", "one delivery is one effect"},
      {"repeats by a guess", "cut after", "expected indeterminate, came retryable: no answer"},
      {"takes silence for done", "cut before", "and it was called done"},
      {"repeats by itself", "503", "was sent again in the same call"},
      {"takes 500 for permanent", "500", "expected indeterminate, came permanent"},
      {"takes nonsense for an error", "HTML", "expected indeterminate, came permanent: no id"},
      {"quotes the vendor", "400", "a borrower's data stands in an error"},
      {"forgets how long to wait", "429, date", "retry_after says 0"},
      {"logs the borrower", "mandatory", "a borrower's data stands in a log line"},
      {"counts by borrower", "redirect", "a borrower's data stands in a metric"},
      {"prints", "redirect", "prints to stdout: an order"},
      {"crashes", "redirect", "crashed: SIGSEGV"},
      {"exits", "redirect", "ended the process (exit status 70)"},
      {"throws", "redirect", "threw: boom"},
      {"waits on", "stops", "ms after it was stopped, expected less than 1000"},
      {"leaks", "memory", "memory grew by "},
      {"starts a thread", "memory", "threads were started"},
      {"leaves descriptors", "memory", "descriptors stay open"},
      {"writes a file", "send: redirect", "it wrote orders.txt"},
      {"remembers where it was", "placed: pages", "the same cursor once more gives another page"},
      {"stands still", "placed: pages", "the cursor does not move past its events"},
      {"goes back", "placed: pages", "the cursor leads to the event o-1 twice"},
      {"takes faults for nothing new", "placed: 503", "expected an error, came a page of 0"},
      {"takes nonsense for nothing new", "placed: HTML", "expected an error, came a page of 0"},
      {"takes 500 for permanent", "placed: 500", "expected retryable, came indeterminate"},
      {"forgets how long to wait", "placed: 429, seconds", "the vendor asked for 77 s, retry_after says 0 ms"},
      {"waits on", "placed: stops", "ms after it was stopped, expected less than 1000"},
      {"leaks", "placed: memory", "memory grew by "},
  };
  for (const auto& [flaw, check, words] : flaws) {
    SCOPED_TRACE(flaw);
    // A sanitizer takes the signal for itself, and its own memory drowns the plugin's.
    const std::string_view name = flaw;
    if (kSanitized && (name == "crashes" || name == "leaks")) continue;
    EXPECT_THAT(failures(test(flaw, check)), HasSubstr(words));
  }
}

TEST_F(Conformance, KillsWhatDoesNotReturn) {
  EXPECT_THAT(failures(test("hangs", "mandatory", std::chrono::seconds(2))),
              HasSubstr("did not return within 2 s and was killed"));
}

TEST_F(Conformance, NamesWhatItCannotRead) {
  Options options;
  options.library = "/nowhere/acme.so";
  EXPECT_THAT(failures(conform(options)), HasSubstr("/nowhere/acme.so is not there"));
  options.library = std::string(MILEPOST_BINARY_DIR) + "/tests/plugins/careless/careless.so";
  options.sample = "/nowhere/sample.json";
  EXPECT_THAT(failures(conform(options)), HasSubstr("/nowhere/sample.json cannot be read"));
}

}  // namespace TEST_FILE
}  // namespace milepost::conformance
