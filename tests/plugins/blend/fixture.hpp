// The plugin over its exported table, a fake host, and the double behind it.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "milepost/testing/rig.hpp"
#include "plugins/blend/sandbox/sandbox.hpp"

extern "C" const mp_plugin milepost_plugin_v1;  // plugins/blend/plugin.cpp

namespace milepost::blend {

using namespace std::chrono_literals;
using testing::FakeHost;
using testing::key_of;
using testing::Ran;
using testing::Rig;

class BlendTest : public ::testing::Test {
 protected:
  BlendTest() { host.http.serve(vendor).bearer("sandbox-token"); }
  Status try_connect(Json settings = Json::object()) {
    if (!settings.contains("target_instance")) settings["target_instance"] = "sandbox~default";
    settings["token"] = "***";
    return rig.connect(settings);
  }
  void connect(const Json& settings = Json::object()) {
    const auto opened = try_connect(settings);
    ASSERT_TRUE(opened) << opened.error().message;
    host.http.forget();
  }

  /// What create_application is told for a deal of the CRM.
  static Json deal(const std::string& crm_id, Json fields = Json::object()) {
    return {{"crm_id", crm_id},
            {"party", {{"name", {{"firstName", "Ines"}, {"lastName", "Okafor"}}}, {"email", "ines@example.test"}}},
            {"fields", std::move(fields)}};
  }
  std::string created(const std::string& crm_id) {
    const auto ran = rig.run("create_application", deal(crm_id));
    EXPECT_TRUE(ran) << ran.message();
    host.http.forget();
    return ran ? ran->body["id"].get<std::string>() : "";
  }
  Json held(const std::string& name) const { return vendor.state()[name]; }
  Json last_body() const { return read_json(host.http.requests().back().body).value_or(Json()); }
  /// A request to the double past the plugin, as a person's or an administrator's doing.
  Json ask(const std::string& method, const std::string& target, const Json& body = nullptr) {
    const auto response = vendor.handle({method,
                                         target,
                                         {{"Authorization", "Bearer sandbox-token"},
                                          {"Content-Type", "application/json"},
                                          {"blend-target-instance", "sandbox~default"},
                                          {"blend-api-version", "7.0.0"}},
                                         body.is_null() ? "" : text(body),
                                         Intent::once});
    return read_json(response.body).value_or(Json());
  }

  FakeHost host;
  sandbox::BlendSandbox vendor{host.host()};
  Rig rig{milepost_plugin_v1, host};
};

}  // namespace milepost::blend
