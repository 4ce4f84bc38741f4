// The plugin over its exported table, a fake host, and the double behind it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "milepost/testing/rig.hpp"
#include "plugins/sheets/sandbox/sandbox.hpp"

extern "C" const mp_plugin milepost_plugin_v1;  // plugins/sheets/plugin.cpp

namespace milepost::sheets {

using namespace std::chrono_literals;
using testing::FakeHost;
using ::testing::HasSubstr;
using testing::key_of;
using testing::loan;
using testing::Ran;
using testing::Rig;

class SheetsTest : public ::testing::Test {
 protected:
  SheetsTest() { host.http.serve(vendor).bearer("sandbox-token"); }
  void connect(Json settings = Json::object()) {
    settings["spreadsheet"] = sandbox::kSpreadsheet;
    settings["key"] = "***";
    const auto opened = rig.connect(settings);
    ASSERT_TRUE(opened) << opened.error().message;
    host.http.forget();
  }

  static Json row_of(const std::string& loan_id, Json row = {{"Stage", "approval"}}) {
    return {{"tab", "Loans"}, {"key", {{"Loan", loan_id}}}, {"row", std::move(row)}};
  }
  static Json line(Json row = {{"Loan", "L-1"}, {"What", "approved"}}) {
    return {{"tab", "Log"}, {"row", std::move(row)}};
  }
  std::vector<Ran> run(const std::string& action, const std::vector<Json>& all, const std::string& from = "item") {
    std::vector<Delivery> batch;
    for (std::size_t i = 0; i < all.size(); ++i) batch.push_back({&event, all[i], key_of(from + std::to_string(i))});
    return rig.run(action, batch);
  }
  /// The rows below a tab's header.
  Json held(const std::string& tab) const {
    Json rows = vendor.state()[tab];
    if (!rows.empty()) rows.erase(0);
    return rows;
  }
  Json header(const std::string& tab) const { return vendor.state()[tab].at(0); }
  /// A request to the double past the plugin, as a person's doing.
  HttpResponse ask(const std::string& method, const std::string& rest, const Json& body = nullptr) {
    return vendor.handle({method,
                          std::string("/v4/spreadsheets/") + sandbox::kSpreadsheet + rest,
                          {{"Authorization", "Bearer sandbox-token"}},
                          body.is_null() ? "" : text(body),
                          Intent::once});
  }
  void type(const std::string& cell, const Json& value) {
    const auto done = ask("PUT", "/values/" + cell + "?valueInputOption=RAW", {{"values", {{value}}}});
    ASSERT_EQ(done.status, 200) << done.body;
  }
  void change(const Json& request) {
    const auto done = ask("POST", ":batchUpdate", {{"requests", Json::array({request})}});
    ASSERT_EQ(done.status, 200) << done.body;
  }
  void move_column(long long tab, int from, int to) {
    change({{"moveDimension",
             {{"source", {{"sheetId", tab}, {"dimension", "COLUMNS"}, {"startIndex", from}, {"endIndex", from + 1}}},
              {"destinationIndex", to}}}});
  }
  std::size_t sent(const std::string& path) const { return host.http.count("POST", root() + path); }
  static std::string root() { return std::string("/v4/spreadsheets/") + sandbox::kSpreadsheet; }
  static constexpr const char* kAppendLog = "/values/%27Log%27%21A1%3AD1:append";
  static constexpr const char* kAppendLoans = "/values/%27Loans%27%21A1%3AE1:append";

  FakeHost host;
  sandbox::SheetsSandbox vendor{host.host()};
  Rig rig{milepost_plugin_v1, host};
  Event event = loan();
};

}  // namespace milepost::sheets
