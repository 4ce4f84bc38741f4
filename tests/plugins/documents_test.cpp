// A plugin's README and sample are held to what it declares. Compiled into the tests of each of our plugins.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "milepost/testing/rig.hpp"
#include "milepost/testing/settings_table.hpp"

extern "C" const mp_plugin milepost_plugin_v1;

namespace milepost::testing {
namespace TEST_FILE {

class Documents : public ::testing::Test {
 protected:
  std::string file(const std::string& document) const {
    std::ifstream in(std::string(MILEPOST_SOURCE_DIR) + "/plugins/" + name + "/" + document);
    EXPECT_TRUE(in) << name << "/" << document << " cannot be read";
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
  }
  /// Of the "actions" or the "sources", by `use:`.
  std::map<std::string, Json> schemas(const char* list) const {
    std::map<std::string, Json> out;
    for (const auto& one : manifest.value(list, Json::array()))
      out[name + "." + one["name"].get<std::string>()] = one["settings"];
    return out;
  }

  FakeHost host;
  const Json manifest = Rig(milepost_plugin_v1, host).manifest();
  const std::string name = manifest["name"].get<std::string>();
};

TEST_F(Documents, PrintTheSettingsAsTheyAreDeclared) {
  const auto readme = file("README.md");
  const auto has_table = [&](const Json& schema, const std::string& of) {
    const auto table = settings_table(schema);
    EXPECT_NE(readme.find(table), std::string::npos) << "README.md lacks the table of " << of << ":\n" << table;
  };
  if (const Json* connection = find(manifest, "/connection/settings")) has_table(*connection, "the connection");
  for (const char* list : {"actions", "sources"})
    for (const auto& [use, schema] : schemas(list)) {
      EXPECT_NE(readme.find("`" + use + "`"), std::string::npos) << "README.md does not tell of " << use;
      has_table(schema, use);
    }
}

/// What a YAML map has that its schema does not know, and what it lacks.
std::vector<std::string> faults(const YAML::Node& map, const Json& schema) {
  static const std::set<std::string> of_the_host = {"path", "verify", "body_limit", "accept", "every"};
  std::vector<std::string> out;
  for (const auto& entry : map) {
    const auto key = entry.first.as<std::string>();
    if (!schema["properties"].contains(key) && !of_the_host.contains(key)) out.push_back(key);
  }
  for (const auto& key : schema.value("required", Json::array()))
    if (!map[key.get<std::string>()]) out.push_back("no " + key.get<std::string>());
  return out;
}

TEST_F(Documents, SampleNamesOnlyWhatIsDeclared) {
  const auto actions = schemas("actions"), sources = schemas("sources");
  std::size_t connections = 0, uses = 0;
  const auto check = [&](const YAML::Node& one, const std::map<std::string, Json>& known) {
    const auto schema = known.find(one["use"].as<std::string>());
    if (schema == known.end()) return;
    EXPECT_EQ(faults(one["with"], schema->second), std::vector<std::string>{}) << schema->first;
    ++uses;
  };
  for (const auto& document : YAML::LoadAll(file("sample.yaml"))) {
    if (document["connection"]) {
      ++connections;
      EXPECT_EQ(document["use"].as<std::string>(), name);
      EXPECT_EQ(faults(document["with"], manifest["connection"]["settings"]), std::vector<std::string>{});
      continue;
    }
    if (document["source"].IsSequence())
      for (const auto& source : document["source"]) check(source, sources);
    else
      check(document["source"], sources);
    for (const auto& step : document["steps"]) check(step, actions);
  }
  EXPECT_GE(connections, 1u);
  EXPECT_GE(uses, (actions.size() + sources.size()) / 2) << "the sample shows little of what there is";
}

}  // namespace TEST_FILE
}  // namespace milepost::testing
