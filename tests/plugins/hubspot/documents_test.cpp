// README and sample are held to the declarations: the manifest has them all.
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <map>
#include <sstream>

#include "milepost/testing/settings_table.hpp"
#include "tests/plugins/hubspot/fixture.hpp"

namespace milepost::hubspot {
namespace {

std::string folder_file(const std::string& name) {
  std::ifstream file(std::string(MILEPOST_SOURCE_DIR) + "/plugins/hubspot/" + name);
  std::stringstream out;
  out << file.rdbuf();
  return out.str();
}

using HubspotDocuments = HubspotTest;

TEST_F(HubspotDocuments, PrintTheSettingsAsTheyAreDeclared) {
  const auto readme = folder_file("README.md");
  const auto manifest = rig.manifest();
  std::vector<Json> schemas{manifest["connection"]["settings"]};
  for (const char* list : {"actions", "sources"})
    for (const auto& one : manifest[list]) {
      schemas.push_back(one["settings"]);
      EXPECT_NE(readme.find("`hubspot." + one["name"].get<std::string>() + "`"), std::string::npos) << one["name"];
    }
  for (const auto& schema : schemas) {
    const auto table = testing::settings_table(schema);
    EXPECT_NE(readme.find(table), std::string::npos) << "README.md lacks this table:\n" << table;
  }
}

/// What a YAML map has that its schema does not know, and what it lacks.
std::vector<std::string> faults(const YAML::Node& map, const Json& schema) {
  std::vector<std::string> out;
  for (const auto& entry : map) {
    const auto key = entry.first.as<std::string>();
    if (!schema["properties"].contains(key) && key != "path" && key != "verify" && key != "every") out.push_back(key);
  }
  for (const auto& key : schema.value("required", Json::array()))
    if (!map[key.get<std::string>()]) out.push_back("no " + key.get<std::string>());
  return out;
}

TEST_F(HubspotDocuments, SampleNamesOnlyWhatIsDeclared) {
  const auto manifest = rig.manifest();
  std::map<std::string, Json> schemas;
  for (const char* list : {"actions", "sources"})
    for (const auto& one : manifest[list]) schemas["hubspot." + one["name"].get<std::string>()] = one["settings"];
  const auto documents = YAML::LoadAll(folder_file("sample.yaml"));
  ASSERT_GE(documents.size(), 2u);
  EXPECT_EQ(faults(documents[0]["with"], manifest["connection"]["settings"]), std::vector<std::string>{});
  std::size_t checked = 0;
  const auto check = [&](const YAML::Node& one) {
    const auto schema = schemas.find(one["use"].as<std::string>());
    if (schema == schemas.end()) return;
    EXPECT_EQ(faults(one["with"], schema->second), std::vector<std::string>{}) << schema->first;
    ++checked;
  };
  for (std::size_t i = 1; i < documents.size(); ++i) {
    if (documents[i]["source"].IsSequence())
      for (const auto& source : documents[i]["source"]) check(source);
    else
      check(documents[i]["source"]);
    for (const auto& step : documents[i]["steps"]) check(step);
  }
  EXPECT_GE(checked, 7u);
}

}  // namespace
}  // namespace milepost::hubspot
