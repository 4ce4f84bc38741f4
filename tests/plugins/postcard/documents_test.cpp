// The manifest, the README's settings and the sample against each other.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <sstream>

#include "milepost/testing/rig.hpp"

extern "C" const mp_plugin milepost_plugin_v1;

namespace milepost::postcard {
namespace {

const std::string kFolder = MILEPOST_SOURCE_DIR "/plugins/postcard/";

Json manifest() {
  testing::FakeHost host;
  return testing::Rig(milepost_plugin_v1, host).manifest();
}

TEST(PostcardManifest, DeclaresWhatHoldsForBothVendors) {
  const auto all = manifest();
  EXPECT_EQ(
      text(*find(all, "/actions/0/traits")),
      R"({"max_batch":1,"replay":"never","key_lifetime_s":0,"settles_after_s":120,"effect":"mail","batch_key":""})");
  EXPECT_TRUE(get<bool>(all, "/actions/0/lookup").value_or(false));
  EXPECT_TRUE(get<bool>(all, "/connection/probe").value_or(false));
  EXPECT_EQ(
      text(*find(all, "/connection/credentials")),
      R"([{"scheme":"login","path":"/auth/login","body":{"apiKey":"api_key","apiSecret":"api_secret"},"token":"/token","expires":"/expires","lifetime":"1h","when":{"vendor":"pcm"}},)"
      R"({"scheme":"basic","user":"api_key","password":"","when":{"vendor":"lob"}}])");
}

TEST(PostcardReadme, NamesEverySettingWithItsSentence) {
  std::stringstream readme;
  readme << std::ifstream(kFolder + "README.md").rdbuf();
  const auto all = manifest();
  for (auto pointer : {"/connection/settings", "/actions/0/settings", "/actions/1/settings", "/actions/2/settings",
                       "/actions/3/settings", "/actions/4/settings", "/sources/0/settings", "/sources/1/settings"}) {
    const Json& schema = *find(all, pointer);
    const auto needed = get<std::optional<Json>>(schema, "/required").value_or(std::nullopt).value_or(Json::array());
    for (const auto& [key, setting] : find(schema, "/properties")->items()) {
      const bool required = std::find(needed.begin(), needed.end(), Json(key)) != needed.end();
      const auto* fallback = find(setting, "/default");
      const auto shown = required ? "needed" : fallback != nullptr ? "`" + fallback->dump() + "`" : "";
      const auto row =
          "| `" + key + "` | " + shown + " | " + get<std::string>(setting, "/description").value_or("") + " |";
      EXPECT_NE(readme.str().find(row), std::string::npos) << row;
    }
  }
}

TEST(PostcardManifest, SignsAsEitherVendorDoes) {
  const auto verify = *find(manifest(), "/sources/0/verify");
  EXPECT_EQ(text(verify[0]["when"]), R"({"vendor":"lob"})");
  EXPECT_EQ(get<std::string>(verify, "/0/hmac/header").value_or(""), "Lob-Signature");
  EXPECT_EQ(get<std::string>(verify, "/1/hmac/timestamp/header").value_or(""), "pcmi-timestamp");
  EXPECT_EQ(text(verify[1]["hmac"]["secret"]), R"([{"setting":"secret"},{"setting":"other_secret"}])");
}

TEST(PostcardSample, UsesOnlyKnownSettings) {
  const auto documents = YAML::LoadAllFromFile(kFolder + "sample.yaml");
  ASSERT_EQ(documents.size(), 3u);
  const auto all = manifest();
  for (const auto& setting : documents[0]["with"])
    EXPECT_NE(find(all, "/connection/settings/properties/" + setting.first.as<std::string>()), nullptr)
        << setting.first;
  const auto step = documents[1]["steps"][0];
  EXPECT_EQ(step["use"].as<std::string>(), "postcard.send");
  for (const auto& setting : step["with"])
    EXPECT_NE(find(all, "/actions/0/settings/properties/" + setting.first.as<std::string>()), nullptr) << setting.first;
  ASSERT_EQ(documents[2]["source"].size(), 2u);
  for (std::size_t i = 0; i < 2; ++i)
    for (const auto& setting : documents[2]["source"][i]["with"]) {
      const auto name = setting.first.as<std::string>();
      if (name == "path" || name == "every") continue;  // the host's own
      EXPECT_NE(find(all, "/sources/" + std::to_string(i) + "/settings/properties/" + name), nullptr) << name;
    }
}

}  // namespace
}  // namespace milepost::postcard
