// The README's settings and the sample against what the code declares.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <sstream>

#include "plugins/crfconnect/webhook.hpp"

namespace milepost::crfconnect {
namespace {

const std::string kFolder = MILEPOST_SOURCE_DIR "/plugins/crfconnect/";

TEST(CrfConnectReadme, NamesEverySettingWithItsSentence) {
  std::stringstream text;
  text << std::ifstream(kFolder + "README.md").rdbuf();
  const Json schema = webhook_settings().schema();
  for (const auto& [key, setting] : schema["properties"].items()) {
    const std::string start = "| `" + key + "` | " + setting["default"].dump() + " | ";
    EXPECT_NE(text.str().find(start + setting["description"].get<std::string>()), std::string::npos) << start;
  }
}

TEST(CrfConnectSample, UsesOnlyKnownSettings) {
  const auto pipeline = YAML::LoadFile(kFolder + "sample.yaml");
  EXPECT_EQ(pipeline["source"]["use"].as<std::string>(), "crfconnect.webhook");
  const Json schema = webhook_settings().schema();
  for (const auto& setting : pipeline["source"]["with"]) {
    const auto key = setting.first.as<std::string>();
    EXPECT_TRUE(schema["properties"].contains(key) || key == "path" || key == "verify" || key == "body_limit") << key;
  }
}

}  // namespace
}  // namespace milepost::crfconnect
