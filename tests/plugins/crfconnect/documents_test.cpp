// README and sample are held to the declarations.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "milepost/testing/settings_table.hpp"
#include "plugins/crfconnect/blobs.hpp"
#include "plugins/crfconnect/queue.hpp"
#include "plugins/crfconnect/webhook.hpp"

namespace milepost::crfconnect {
namespace {

const std::string kFolder = MILEPOST_SOURCE_DIR "/plugins/crfconnect/";

std::string folder_file(const std::string& name) {
  std::stringstream out;
  out << std::ifstream(kFolder + name).rdbuf();
  return out.str();
}

TEST(CrfConnectReadme, PrintsTheSettingsAsTheyAreDeclared) {
  const auto readme = folder_file("README.md");
  for (const auto& schema :
       {store_settings().schema(), webhook_settings().schema(), queue_settings().schema(), blob_settings().schema()}) {
    const auto table = testing::settings_table(schema);
    EXPECT_NE(readme.find(table), std::string::npos) << "README.md lacks this table:\n" << table;
  }
}

TEST(CrfConnectSample, UsesOnlyKnownSettings) {
  const std::map<std::string, Json> schemas = {{"crfconnect.webhook", webhook_settings().schema()},
                                               {"crfconnect.queue", queue_settings().schema()},
                                               {"crfconnect.blobs", blob_settings().schema()}};
  const std::set<std::string> of_the_host = {"path", "verify", "body_limit", "every"};
  std::size_t sources = 0, connections = 0;
  for (const auto& document : YAML::LoadAll(folder_file("sample.yaml"))) {
    if (document["connection"]) {
      ++connections;
      EXPECT_EQ(document["use"].as<std::string>(), "crfconnect");
      for (const auto& setting : document["with"])
        EXPECT_TRUE(store_settings().schema()["properties"].contains(setting.first.as<std::string>()));
      continue;
    }
    for (const auto& source : document["source"]) {
      ++sources;
      const auto& schema = schemas.at(source["use"].as<std::string>());
      for (const auto& setting : source["with"]) {
        const auto key = setting.first.as<std::string>();
        EXPECT_TRUE(schema["properties"].contains(key) || of_the_host.contains(key)) << key;
      }
    }
  }
  EXPECT_EQ(sources, 3u);
  EXPECT_EQ(connections, 2u);
}

}  // namespace
}  // namespace milepost::crfconnect
