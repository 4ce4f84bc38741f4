// README and sample are held to the declarations.
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <sstream>

#include "milepost/testing/settings_table.hpp"
#include "plugins/hubspot/connection.hpp"
#include "plugins/hubspot/note.hpp"
#include "plugins/hubspot/write.hpp"
#include "tests/plugins/hubspot/fixture.hpp"

namespace milepost::hubspot {
namespace {

std::string folder_file(const std::string& name) {
  std::ifstream file(std::string(MILEPOST_SOURCE_DIR) + "/plugins/hubspot/" + name);
  std::stringstream out;
  out << file.rdbuf();
  return out.str();
}

TEST(HubspotReadme, PrintsTheSettingsAsTheyAreDeclared) {
  const auto readme = folder_file("README.md");
  for (const auto& schema : {account_settings().schema(), upsert_settings().schema(), note_settings().schema()}) {
    const auto table = testing::settings_table(schema);
    EXPECT_NE(readme.find(table), std::string::npos) << "README.md lacks this table:\n" << table;
  }
}

/// The keys of a YAML map that a schema does not know.
std::vector<std::string> unknown(const YAML::Node& map, const Json& schema) {
  std::vector<std::string> out;
  for (const auto& entry : map)
    if (!schema["properties"].contains(entry.first.as<std::string>())) out.push_back(entry.first.as<std::string>());
  return out;
}
std::vector<std::string> missing(const YAML::Node& map, const Json& schema) {
  std::vector<std::string> out;
  for (const auto& key : schema.value("required", Json::array()))
    if (!map[key.get<std::string>()]) out.push_back(key.get<std::string>());
  return out;
}

TEST(HubspotSample, NamesOnlyWhatIsDeclared) {
  const auto documents = YAML::LoadAll(folder_file("sample.yaml"));
  ASSERT_EQ(documents.size(), 2u);
  EXPECT_EQ(documents[0]["use"].as<std::string>(), "hubspot");
  EXPECT_EQ(unknown(documents[0]["with"], account_settings().schema()), std::vector<std::string>{});
  EXPECT_EQ(missing(documents[0]["with"], account_settings().schema()), std::vector<std::string>{});

  const std::map<std::string, Json> schemas = {{"hubspot.upsert", upsert_settings().schema()},
                                               {"hubspot.note", note_settings().schema()}};
  std::size_t checked = 0;
  for (const auto& step : documents[1]["steps"]) {
    const auto schema = schemas.find(step["use"].as<std::string>());
    if (schema == schemas.end()) continue;
    EXPECT_EQ(step["connection"].as<std::string>(), documents[0]["connection"].as<std::string>());
    EXPECT_EQ(unknown(step["with"], schema->second), std::vector<std::string>{});
    EXPECT_EQ(missing(step["with"], schema->second), std::vector<std::string>{});
    ++checked;
  }
  EXPECT_GE(checked, 3u);
}

}  // namespace
}  // namespace milepost::hubspot
