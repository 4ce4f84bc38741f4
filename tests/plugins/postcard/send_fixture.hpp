// postcard.send over the exported table, against the double.
#pragma once

#include <gtest/gtest.h>

#include "milepost/testing/rig.hpp"
#include "plugins/postcard/sandbox/sandbox.hpp"

extern "C" const mp_plugin milepost_plugin_v1;

namespace milepost::postcard {

class SendFixture : public ::testing::Test {
 protected:
  SendFixture() { host.http.serve(vendor); }

  static Json address() {
    return {{"name", "Ines Canary-Okafor"},
            {"line1", "77 Canary Ct"},
            {"city", "Duluth"},
            {"state", "Minnesota"},
            {"zip", "55802"}};
  }
  static Json with(const Json& changes = Json::object()) {
    Json out{{"design", "approval"}, {"to", address()}, {"tracking_code", "K7Q2M9XA"}};
    out.update(changes);
    return out;
  }
  testing::Ran send(const std::string& key = "one", const Json& changes = Json::object()) {
    return rig.run("send", with(changes), testing::key_of(key));
  }
  Result<std::optional<Answer>> look_up(const std::string& key = "one", const Json& changes = Json::object()) {
    return rig.find("send", with(changes), testing::key_of(key));
  }

  testing::FakeHost host;
  PostcardSandbox vendor{host.host()};
  testing::Rig rig{milepost_plugin_v1, host};
};

/// PostcardMania.
class PcmSend : public SendFixture {
 protected:
  PcmSend() {
    log_in();
    opened = rig.connect({{"designs", {{"approval", 41207}}}});
  }
  /// As the host does it: a token lives two minutes.
  void log_in() {
    const auto answer = vendor.handle(
        {"POST", "/auth/login", {}, R"({"apiKey":"sandbox-key","apiSecret":"sandbox-secret"})", Intent::once});
    host.http.bearer(get<std::string>(*read_json(answer.body), "/token").value_or(""));
  }
  std::size_t orders() const { return vendor.state()["orders"].size(); }

  Status opened;
};

}  // namespace milepost::postcard
