// The plugin over its exported table, a fake host, and the double behind it.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "milepost/testing/rig.hpp"
#include "plugins/hubspot/sandbox/sandbox.hpp"

extern "C" const mp_plugin milepost_plugin_v1;  // plugins/hubspot/plugin.cpp

namespace milepost::hubspot {

using namespace std::chrono_literals;
using testing::FakeHost;
using testing::key_of;
using testing::loan;
using testing::Ran;
using testing::Rig;

class HubspotTest : public ::testing::Test {
 protected:
  HubspotTest() { host.http.serve(vendor).bearer("sandbox-token"); }
  void connect(Json settings = Json::object()) {
    if (!settings.contains("api_version")) settings["api_version"] = "v3";
    settings["token"] = "***";
    const auto opened = rig.connect(settings);
    ASSERT_TRUE(opened) << opened.error().message;
    host.http.forget();
  }

  /// A step's settings for the deal of a loan.
  static Json deal(const std::string& loan_id, Json more = Json::object()) {
    Json properties{{"dealname", "Loan " + loan_id}, {"dealstage", "approval"}};
    properties.update(more);
    return {{"object", "deals"}, {"key", {{"loan_id", loan_id}}}, {"properties", properties}};
  }
  static Json contact(const std::string& email, Json more = Json::object()) {
    return {{"object", "contacts"}, {"key", {{"email", email}}}, {"properties", std::move(more)}};
  }
  std::vector<Ran> upsert(const std::vector<Json>& all) {
    std::vector<Delivery> batch;
    for (std::size_t i = 0; i < all.size(); ++i) batch.push_back({&event, all[i], key_of("item " + std::to_string(i))});
    return rig.run("upsert", batch);
  }
  Json held(const std::string& type) const {
    const auto state = vendor.state();
    return state.contains(type) ? state[type] : Json::array();
  }
  Json last_body() const { return read_json(host.http.requests().back().body).value_or(Json()); }
  /// A request to the double past the plugin, as a person's doing.
  Json ask(const std::string& method, const std::string& target, const Json& body = nullptr) {
    const auto response = vendor.handle(
        {method, target, {{"Authorization", "Bearer sandbox-token"}}, body.is_null() ? "" : text(body), Intent::once});
    return read_json(response.body).value_or(Json());
  }

  FakeHost host;
  sandbox::HubspotSandbox vendor{host.host()};
  Rig rig{milepost_plugin_v1, host};
  Event event = loan();
};

}  // namespace milepost::hubspot
