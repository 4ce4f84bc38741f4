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
  for (auto pointer : {"/connection/settings", "/actions/0/settings"}) {
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

TEST(PostcardSample, UsesOnlyKnownSettings) {
  const auto documents = YAML::LoadAllFromFile(kFolder + "sample.yaml");
  ASSERT_EQ(documents.size(), 2u);
  const auto all = manifest();
  for (const auto& setting : documents[0]["with"])
    EXPECT_NE(find(all, "/connection/settings/properties/" + setting.first.as<std::string>()), nullptr)
        << setting.first;
  const auto step = documents[1]["steps"][0];
  EXPECT_EQ(step["use"].as<std::string>(), "postcard.send");
  for (const auto& setting : step["with"])
    EXPECT_NE(find(all, "/actions/0/settings/properties/" + setting.first.as<std::string>()), nullptr) << setting.first;
}

}  // namespace
}  // namespace milepost::postcard
