#include "host/config/shapes.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

#include "host/config/editor_schema.hpp"
#include "host/config/fault_text.hpp"
#include "host/config/json_schema.hpp"
#include "host/config/load.hpp"
#include "host/config/mapping.hpp"
#include "tests/host/config/fake_catalog.hpp"
#include "tests/host/config/folder.hpp"

namespace milepost::config {
namespace TEST_FILE {

// A mapping that is there but says nothing takes every default from the shapes; a settings struct has its own for whoever makes one.
TEST(Shapes, DefaultsAreThoseOfTheDefinitions) {
  TestFolder folder;
  folder.write("milepost.yaml", "listen: {}\nlimits: {}\nretention: {}\n");
  const auto loaded = load_host(folder.root());
  ASSERT_TRUE(loaded.faults.empty()) << render(loaded.faults, folder.root(), false);
  const HostSettings standard, &read = loaded.host;
  EXPECT_EQ(read.listen_hooks, standard.listen_hooks);
  EXPECT_EQ(read.listen_admin, standard.listen_admin);
  EXPECT_EQ(read.store, standard.store);
  EXPECT_EQ(read.plugins, standard.plugins);
  EXPECT_EQ(read.secrets.file, standard.secrets.file);
  EXPECT_EQ(read.body_limit, standard.body_limit);
  EXPECT_EQ(read.header_timeout, standard.header_timeout);
  EXPECT_EQ(read.body_timeout, standard.body_timeout);
  EXPECT_EQ(read.max_connections, standard.max_connections);
  EXPECT_EQ(read.drain, standard.drain);
  EXPECT_EQ(read.most_stored, standard.most_stored);
  EXPECT_EQ(read.least_free, standard.least_free);
  EXPECT_EQ(read.backlog, standard.backlog);
  EXPECT_EQ(read.retention.events, standard.retention.events);
  EXPECT_EQ(read.retention.ids, standard.retention.ids);
}

TEST(Shapes, DefaultsOfPipelinesAndConnections) {
  TestFolder folder;
  folder.write("connections/c.yaml", "connection: c\nuse: postcard\nlimit: {breaker: {}}\nisolation: {process: {}}\n")
      .write("pipelines/p.yaml", "pipeline: p\nsource: {use: schedule}\nsteps: [{use: set, retry: {}, batch: {}}]\n");
  const auto loaded = load_folder(folder.root(), FakeCatalog());
  ASSERT_TRUE(loaded.faults.empty()) << render(loaded.faults, folder.root(), false);
  const auto& connection = loaded.folder.connections.at("c");
  EXPECT_EQ(connection.limit.in_flight, Limit().in_flight);
  EXPECT_EQ(connection.limit.timeout, Limit().timeout);
  EXPECT_EQ(connection.limit.breaker.after, Breaker().after);
  EXPECT_EQ(connection.limit.breaker.wait, Breaker().wait);
  EXPECT_EQ(connection.isolation->memory, Isolation().memory);
  EXPECT_EQ(connection.isolation->cpu, Isolation().cpu);
  EXPECT_EQ(connection.isolation->files, Isolation().files);
  const auto& step = loaded.folder.pipelines.at("p").steps.at(0);
  EXPECT_EQ(step.retry.attempts, Retry().attempts);
  EXPECT_EQ(step.retry.within, Retry().within);
  EXPECT_EQ(step.batch->size, Batch().size);
  EXPECT_EQ(step.batch->wait, Batch().wait);
  EXPECT_FALSE(step.late_run);
}

TEST(Shapes, AReaderCannotDriftFromThem) {
  Faults faults;
  Report report("f.yaml", faults);
  Mapping asks(nullptr, "retry", "retry", report);
  EXPECT_THROW(asks.integer("atempts"), std::logic_error);
  Mapping forgets(nullptr, "retry", "retry", report);
  forgets.integer("attempts");
  EXPECT_THROW(forgets.refuse_the_rest(), std::logic_error);
  EXPECT_THROW(shape("retries"), std::logic_error);
}

TEST(Shapes, EveryKeySaysWhatItMeans) {
  for (const auto& [name, one] : shapes()["definitions"].items()) {
    if (name == "header" || name == "secret" || name == "url" || name == "verify" || !one.contains("properties")) continue;
    for (const auto& [key, rule] : one["properties"].items())
      EXPECT_FALSE(get<std::string>(rule, "/description").value_or("").empty()) << name << "." << key;
  }
}

TEST(EditorSchema, IsASchemaAndKnowsWhatIsInstalled) {
  const FakeCatalog catalog;
  for (const auto& kind : file_kinds()) {
    const auto schema = editor_schema(kind.name, catalog);
    const auto compiled = JsonSchema::compile(schema);
    ASSERT_TRUE(compiled) << kind.name << ": " << compiled.error().message;
    EXPECT_EQ(text(schema).find("\"x-"), std::string::npos) << kind.name;
  }
}

TEST(EditorSchema, HasAsManyChoicesAsThereAreSteps) {
  const auto schema = editor_schema("pipeline", FakeCatalog());
  EXPECT_EQ(schema["definitions"]["step"]["allOf"].size(), FakeCatalog().steps().size());
  EXPECT_EQ(schema["definitions"]["step"]["properties"]["use"]["enumDescriptions"].size(), FakeCatalog().steps().size());
}

TEST(EditorSchema, TakesWhatTheReadersTake) {
  const auto schema = JsonSchema::compile(editor_schema("pipeline", FakeCatalog()));
  ASSERT_TRUE(schema);
  const auto faults = [&](const char* steps) {
    Json pipeline = {{"pipeline", "p"}, {"source", {{"use", "schedule"}}}, {"steps", Json::parse(steps)}};
    return schema->check(pipeline).size();
  };
  EXPECT_EQ(faults(R"([{"use": "set", "with": {"anything": 1}}])"), 0u);
  EXPECT_EQ(faults(R"([{"use": "wait-for-it"}])") > 0, true);
  EXPECT_EQ(faults(R"([{"id": "a", "use": "hubspot.upsert", "connection": "c", "with": {"object": "deals", "attempts": "${payload.n}", "version": 2}}])"), 0u);
  EXPECT_GT(faults(R"([{"id": "a", "use": "hubspot.upsert", "connection": "c", "with": {"object": "deal"}}])"), 0u);
  EXPECT_GT(faults(R"([{"id": "a", "use": "hubspot.upsert", "with": {"object": "deals"}}])"), 0u);
  EXPECT_GT(faults(R"([{"use": "set", "connection": "c"}])"), 0u);
  EXPECT_GT(faults(R"([{"use": "set", "retry": {"within": "5"}}])"), 0u);
  EXPECT_EQ(faults(R"([{"use": "set", "retry": {"within": "5 m"}}])"), 0u);
}

}  // namespace TEST_FILE
}  // namespace milepost::config
