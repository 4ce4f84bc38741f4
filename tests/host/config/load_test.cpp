#include "host/config/load.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

#include "host/config/fault_text.hpp"
#include "tests/host/config/fake_catalog.hpp"
#include "tests/host/config/folder.hpp"

namespace milepost::config {
namespace TEST_FILE {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The example of the design, to the letter.
constexpr const char* kHost = R"(# milepost.yaml: every key has a default; an empty file runs
listen:
  hooks: 127.0.0.1:8080          # webhooks come in here
  admin: 127.0.0.1:8081          # dashboard, API, health, metrics
store: data/milepost.db          # the embedded engine, beside this file; a URL names another
plugins: [plugins]               # folders searched after the built-in one
secrets: {file: secrets.yaml}    # or {env: MILEPOST_} or {folder: /run/secrets}
)";
constexpr const char* kConnection = R"(# connections/hubspot-main.yaml
connection: hubspot-main
use: hubspot
with:
  base_url: https://api.hubapi.com
  token: !secret hubspot_token
limit: {rate: 100 per 10s, in_flight: 8, timeout: 10s}
isolation: {process: {memory: 64 MiB, cpu: 5s}}
)";
constexpr const char* kPipeline = R"(# pipelines/loan-milestones.yaml
pipeline: loan-milestones
description: Milestones from the LOS update HubSpot and mail a postcard on approval.
owner: lending-ops

source:
  use: webhook
  with:
    path: /hooks/los
    verify: {hmac: {header: X-Signature, secret: !secret los_webhook}}   # HMAC-SHA-256 of the raw body, hex

event:
  id: ${payload.eventId}         # a second event with the same id is a duplicate
  type: ${payload.type}
  subject: ${payload.loan.id}
  actor: ${payload.user.id}
  reason: ${payload.reason}
  time: ${payload.occurredAt}

steps:
  - use: validate
    with:
      schema: schemas/los-event.json
      rules:
        - {check: payload.loan.amount > 0, message: the loan amount must be positive}
  - use: track                   # the loan's state: stage, branch, broker, loan type, open tasks
    with: {stage: "${payload.loan.stage}", branch: "${payload.loan.branch}"}
  - use: audit
    with: {action: "${payload.type}", note: "stage ${payload.loan.stage}"}
  - id: crm
    use: hubspot.upsert
    connection: hubspot-main
    with:
      object: deals
      key: {loan_id: "${payload.loan.id}"}
      properties: {dealname: "Loan ${payload.loan.id}", dealstage: "${payload.loan.stage}"}
    retry: {attempts: 8, within: 1h}
  - id: card
    when: payload.type == "stage.changed" and payload.loan.stage == "approval"
    use: postcard.send
    connection: postcards
    once: ${event.subject}/approval          # one such card per loan, ever
    with: {design: approval, to: "${payload.borrower.address}", tracking_code: "${event.subject}-approval"}
  - id: writeback
    when: steps.card
    use: hubspot.note
    connection: hubspot-main
    with: {about: {deals: "${steps.crm.id}"}, body: "Postcard ${steps.card.order_id} is on its way"}

on_failure: dead_letter
)";

class LoadFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    folder.write("milepost.yaml", kHost)
        .write("secrets.yaml", "hubspot_token: pat\nlos_webhook: s3cret\nlos_webhook_next: s4cret\n")
        .write("connections/hubspot-main.yaml", kConnection)
        .write("connections/postcards.yaml",
               "connection: postcards\nuse: postcard\nwith: {base_url: http://127.0.0.1:9090}\nallow: private\n")
        .write("pipelines/loan-milestones.yaml", kPipeline)
        .write("schemas/los-event.json", R"({"type": "object", "properties": {"n": {"maximum": 1.10}}})");
    std::filesystem::permissions(folder.path("secrets.yaml"),
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  Loaded load() { return load_folder(folder.root(), catalog); }
  std::string faults() { return render(load().faults, folder.root(), false); }
  Pipeline pipeline(const std::string& text) {
    folder.write("pipelines/test.yaml", text);
    auto loaded = load();
    EXPECT_EQ(render(loaded.faults, folder.root(), false), "");
    return loaded.folder.pipelines["test"];
  }
  Json step_with(const std::string& with) {
    return pipeline(
               "pipeline: test\nsource: {use: schedule}\nsteps:\n  - {id: a, use: hubspot.upsert, connection: "
               "hubspot-main, with: {object: deals, " +
               with + "}}\n")
        .steps.at(0)
        .with.json;
  }

  FakeCatalog catalog;
  TestFolder folder;
};

TEST_F(LoadFolder, ReadsTheDesignsExampleWhole) {
  const auto loaded = load();
  EXPECT_EQ(render(loaded.faults, folder.root(), false), "");
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.folder.host.store, "data/milepost.db");

  const auto& connection = loaded.folder.connections.at("hubspot-main");
  EXPECT_EQ(text(connection.with.json), R"({"base_url":"https://api.hubapi.com","token":{"!secret":"hubspot_token"}})");
  EXPECT_EQ(connection.limit.rate_count, 100u);
  EXPECT_EQ(connection.limit.rate_per, 10s);
  EXPECT_EQ(connection.limit.in_flight, 8u);
  ASSERT_TRUE(connection.isolation);
  EXPECT_EQ(connection.isolation->memory, std::size_t{64} << 20);
  EXPECT_EQ(connection.isolation->cpu, 5s);
  EXPECT_FALSE(loaded.folder.connections.at("postcards").isolation);
  EXPECT_FALSE(connection.allow_private);
  EXPECT_TRUE(loaded.folder.connections.at("postcards").allow_private);

  const auto& pipeline = loaded.folder.pipelines.at("loan-milestones");
  EXPECT_EQ(pipeline.owner, "lending-ops");
  ASSERT_EQ(pipeline.sources.size(), 1u);
  EXPECT_EQ(pipeline.sources[0].path, "/hooks/los");
  EXPECT_EQ(text(pipeline.sources[0].with.json), "{}");
  EXPECT_EQ(
      text(pipeline.sources[0].verify.json),
      R"({"hmac":{"header":"X-Signature","secret":{"!secret":"los_webhook"},"algorithm":"sha256","encoding":"hex","prefix":"","signed":"${body}"}})");
  EXPECT_EQ(pipeline.event.subject, "${payload.loan.id}");
  EXPECT_EQ(pipeline.event.at.at("id").line, 13);
  ASSERT_EQ(pipeline.steps.size(), 6u);
  EXPECT_EQ(pipeline.steps[0].id, "validate-1");
  EXPECT_EQ(pipeline.steps[1].id, "track-2");
  EXPECT_EQ(pipeline.steps[3].retry.attempts, 8u);
  EXPECT_EQ(pipeline.steps[3].retry.within, 1h);
  EXPECT_EQ(pipeline.steps[4].when, R"(payload.type == "stage.changed" and payload.loan.stage == "approval")");
  EXPECT_EQ(pipeline.steps[4].once, "${event.subject}/approval");
  EXPECT_EQ(pipeline.steps[4].key_at.at("once").line, 42);
  EXPECT_EQ(pipeline.steps[4].retry.attempts, 12u);
  EXPECT_EQ(pipeline.steps[3].with.at.at("/properties/dealstage").line, 36);
  EXPECT_THAT(pipeline.schemas, ElementsAre("schemas/los-event.json"));
  EXPECT_EQ(loaded.folder.schemas.size(), 1u);
  EXPECT_EQ(pipeline.version, digest(pipeline.effective));
  EXPECT_EQ(pipeline.version.size(), 64u);
  const auto effective = text(pipeline.effective);
  EXPECT_THAT(
      effective,
      HasSubstr(R"("schemas":{"schemas/los-event.json":{"properties":{"n":{"maximum":1.10}},"type":"object"}})"));
  EXPECT_THAT(effective, HasSubstr(R"("dry":false)"));
  EXPECT_THAT(effective, HasSubstr(R"({"!secret":"los_webhook"})"));
  EXPECT_EQ(effective.find("s3cret"), effective.npos);
}

TEST_F(LoadFolder, VersionFollowsTheContentAndNotTheForm) {
  const auto version = [&] { return load().folder.pipelines.at("loan-milestones").version; };
  const auto first = version();
  folder.write("pipelines/loan-milestones.yaml", std::string("# a comment\n") + kPipeline);
  EXPECT_EQ(version(), first);
  folder.write("schemas/los-event.json", "{}");
  EXPECT_NE(version(), first);
}

TEST_F(LoadFolder, AnEmptyHostFileIsAllDefaults) {
  folder.write("milepost.yaml", "");
  EXPECT_EQ(faults(), "");
  std::filesystem::remove(folder.path("milepost.yaml"));
  EXPECT_EQ(load_host(folder.root()).host.listen_hooks, "127.0.0.1:8080");
  EXPECT_EQ(load_host(folder.root()).host.retention.events, 24h * 90);
  EXPECT_EQ(load_host(folder.root()).host.retention.ids, 24h * 400);
}

TEST_F(LoadFolder, ReadsEveryHostSetting) {
  ::setenv("CONFIG_TEST_STORE", "elsewhere/m.db", 1);
  folder.write("milepost.yaml", R"(
listen: {hooks: "[::1]:0", admin: localhost:9}
store: !env CONFIG_TEST_STORE
plugins: one
secrets: {env: MILEPOST_}
limits: {body: 64 KiB, header_timeout: 1s, body_timeout: 2s, connections: 7, drain: 0s}
tls: {certificate: c.pem, key: k.pem}
retention: {events: forever, ids: 30d}
)");
  const auto [host, found] = load_host(folder.root());
  EXPECT_EQ(render(found, folder.root(), false), "");
  EXPECT_EQ(host.listen_hooks, "[::1]:0");
  EXPECT_EQ(host.store, "elsewhere/m.db");
  EXPECT_THAT(host.plugins, ElementsAre("one"));
  EXPECT_EQ(host.secrets.env_prefix, "MILEPOST_");
  EXPECT_EQ(host.secrets.file, "");
  EXPECT_EQ(host.body_limit, 65536u);
  EXPECT_EQ(host.max_connections, 7u);
  EXPECT_EQ(host.drain, 0ms);
  EXPECT_EQ(host.tls_key, "k.pem");
  EXPECT_FALSE(host.retention.events);
  EXPECT_EQ(host.retention.ids, 24h * 30);
}

TEST_F(LoadFolder, TypesPlainScalarsByTheSchema) {
  EXPECT_EQ(text(step_with("version: 5")), R"({"object":"deals","version":"5"})");
  EXPECT_EQ(text(step_with("version: 010, attempts: 5, ratio: 1e3, dry: true")),
            R"({"object":"deals","version":"010","attempts":5,"ratio":1e3,"dry":true})");
  EXPECT_EQ(text(step_with("attempts: \"${payload.n}\"")), R"({"object":"deals","attempts":"${payload.n}"})");
  EXPECT_EQ(text(step_with("to: {city: 5}")), R"({"object":"deals","to":{"city":"5"}})");
  EXPECT_EQ(text(step_with("to: x")), R"({"object":"deals","to":"x"})");
}

TEST_F(LoadFolder, KeepsTextTextWhereNoSchemaSpeaks) {
  EXPECT_EQ(
      text(step_with("properties: {a: no, b: 010, c: 1e3, d: 2024-01-01, e: ~, f: null, g: 25000.00, h: "
                     "18446744073709551616, i: '5', "
                     "j: True, k: true, l: -0, m: , n: 0x1F, o: !!str 7}")["properties"]),
      R"({"a":"no","b":"010","c":"1e3","d":"2024-01-01","e":"~","f":null,"g":25000.00,"h":18446744073709551616,"i":"5",)"
      R"("j":"True","k":true,"l":-0,"m":null,"n":"0x1F","o":"7"})");
}

TEST_F(LoadFolder, ExpandsAliases) {
  EXPECT_EQ(text(step_with("key: &k {a: [1, 2]}, properties: {x: *k, y: *k}")["properties"]),
            R"({"x":{"a":[1,2]},"y":{"a":[1,2]}})");
}

TEST_F(LoadFolder, ReadsSeveralSourcesAndEveryStepKey) {
  const auto read = pipeline(R"(pipeline: test
source:
  - use: webhook
    with:
      path: /hooks/a
      accept: validated
      body_limit: 2 KiB
      verify:
        hmac:
          header: X-Sig
          secret: [!secret los_webhook, !secret los_webhook_next]
          algorithm: sha512
          encoding: base64
          prefix: "v1="
          signed: ${timestamp}.${body}
          timestamp: {header: X-Time, unit: ms}
  - use: webhook
    with: {path: /hooks/b, verify: none}
  - use: crm.webhook
    with: {path: /hooks/c, portal: 7}
  - {use: schedule, with: {every: 5m}}
event: {subject: none}
steps:
  - {id: a, use: hubspot.note, connection: hubspot-main, late: run, on_failure: continue, batch: {size: 50, wait: 1s}, when: true}
on_failure: continue
)");
  ASSERT_EQ(read.sources.size(), 4u);
  EXPECT_TRUE(read.sources[0].accept_validated);
  EXPECT_EQ(read.sources[0].body_limit, 2048u);
  EXPECT_EQ(text(read.sources[0].verify.json["hmac"]["timestamp"]),
            R"({"header":"X-Time","unit":"ms","tolerance":"5m"})");
  EXPECT_EQ(text(read.sources[0].verify.json["hmac"]["secret"]),
            R"([{"!secret":"los_webhook"},{"!secret":"los_webhook_next"}])");
  EXPECT_TRUE(read.sources[1].verify.json.is_null());
  EXPECT_EQ(text(read.sources[2].with.json), R"({"portal":7})");
  EXPECT_EQ(text(read.sources[2].verify.json), R"({"secret_header":{"header":"X-Key","secret":{"!secret":"k"}}})");
  EXPECT_TRUE(read.subject_none);
  EXPECT_EQ(read.event.subject, "");
  EXPECT_EQ(read.on_failure, OnFailure::continue_);
  EXPECT_TRUE(read.steps[0].late_run);
  EXPECT_EQ(read.steps[0].when, "true");
  EXPECT_EQ(read.steps[0].batch->size, 50u);
  EXPECT_EQ(read.steps[0].on_failure, OnFailure::continue_);
}

TEST_F(LoadFolder, APollMakesUpForAWebhookSourceBesideIt) {
  const std::string sources = R"(pipeline: test
source:
  - {use: webhook, with: {path: /hooks/a, verify: none}}
  - {use: hubspot.changes, connection: hubspot-main, with: {every: 5m, completes: WEBHOOK, missed_after: 1h}}
steps: [{use: audit, with: {action: seen}}]
)";
  auto good = sources, bad = sources;
  const auto read = pipeline(good.replace(good.find("WEBHOOK"), 7, "webhook"));
  ASSERT_EQ(read.sources.size(), 2u);
  EXPECT_EQ(read.sources[1].completes, "webhook");
  EXPECT_EQ(read.sources[1].missed_after, 1h);
  EXPECT_EQ(read.sources[0].completes, "");
  folder.write("pipelines/test.yaml", bad.replace(bad.find("WEBHOOK"), 7, "webhok"));
  EXPECT_THAT(faults(), HasSubstr("this pipeline has no webhook source \"webhok\"; did you mean \"webhook\"?"));
}

TEST_F(LoadFolder, OneBrokenFileStopsNoOther) {
  folder.write("pipelines/broken.yaml", "pipeline: [\n");
  const auto loaded = load();
  EXPECT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.folder.pipelines.size(), 1u);
  EXPECT_EQ(loaded.folder.connections.size(), 2u);
}

TEST_F(LoadFolder, ABrokenConnectionIsToldOnceAndTakesItsPipelinesAlong) {
  folder.write("connections/postcards.yaml", "connection: postcards\nuse: postcard\nwith: {colour: red}\n");
  const auto loaded = load();
  ASSERT_EQ(loaded.faults.size(), 1u) << faults();
  EXPECT_EQ(loaded.faults[0].at.file, "connections/postcards.yaml");
  EXPECT_TRUE(loaded.folder.pipelines.empty());
}

TEST_F(LoadFolder, SortsFaultsByPlace) {
  folder.write("pipelines/a.yaml", "pipeline: a\nzzz: 1\nsource: {use: schedule}\nsteps: [{use: set}]\nyyy: 1\n")
      .write("milepost.yaml", "wrong: 1\n");
  const auto loaded = load();
  ASSERT_EQ(loaded.faults.size(), 3u) << faults();
  EXPECT_EQ(loaded.faults[0].at.file, "milepost.yaml");
  EXPECT_EQ(loaded.faults[1].at.line, 2);
  EXPECT_EQ(loaded.faults[2].at.line, 5);
}

TEST_F(LoadFolder, NeitherOfTwoNamesakesRuns) {
  folder.write("pipelines/z.yaml", "pipeline: loan-milestones\nsource: {use: schedule}\nsteps: [{use: set}]\n");
  const auto loaded = load();
  EXPECT_TRUE(loaded.folder.pipelines.empty());
  ASSERT_EQ(loaded.faults.size(), 1u);
  EXPECT_EQ(to_string(loaded.faults[0]),
            "pipelines/z.yaml:1:11: MP1080 pipeline: the name \"loan-milestones\" is taken already, in "
            "pipelines/loan-milestones.yaml line 2");
}

TEST_F(LoadFolder, UnreadableThingsAreFaultsAndNotExceptions) {
  std::filesystem::create_directories(folder.path("pipelines/folder.yaml"));
  std::filesystem::create_symlink("nowhere", folder.path("pipelines/link.yaml"));
  folder.write("pipelines/huge.yaml", std::string(3 << 20, ' '));
  folder.write("pipelines/other.yml", "x");
  const auto text = faults();
  EXPECT_THAT(text, HasSubstr("fault MP1002  pipelines/folder.yaml\n  the file cannot be read: it is a folder"));
  EXPECT_THAT(text, HasSubstr("fault MP1003  pipelines/huge.yaml\n  the file cannot be read: it is larger than 1 MiB"));
  EXPECT_THAT(text, HasSubstr("fault MP1002  pipelines/link.yaml"));
  EXPECT_THAT(text, HasSubstr("warning MP1018  pipelines/other.yml"));
  EXPECT_EQ(load().folder.pipelines.size(), 1u);
}

TEST_F(LoadFolder, AMissingFolderIsAFault) {
  const auto loaded = load_folder(folder.root() + "/none", catalog);
  ASSERT_EQ(loaded.faults.size(), 1u);
  EXPECT_THAT(loaded.faults[0].message, HasSubstr("none\" cannot be read: No such file"));
  EXPECT_FALSE(load_host(folder.root() + "/none").faults.empty());
  EXPECT_FALSE(load_folder(folder.root() + "/milepost.yaml", catalog).ok());
}

TEST_F(LoadFolder, ReadsAPipelineFromItsTextAlone) {
  EXPECT_TRUE(load_pipeline("pipeline: a\nsource: {use: schedule}\nsteps: [{use: set}]\n", "a.yaml", catalog).pipeline);
  EXPECT_FALSE(load_pipeline(kPipeline, "a.yaml", catalog).pipeline);
}

TEST(Digest, IgnoresTheOrderOfKeysAndKeepsNumbers) {
  EXPECT_EQ(digest(*read_json(R"({"a":1,"b":{"c":2.50,"d":3}})")),
            digest(*read_json(R"({"b":{"d":3,"c":2.50},"a":1})")));
  EXPECT_NE(digest(*read_json("2.50")), digest(*read_json("2.5")));
}

}  // namespace TEST_FILE
}  // namespace milepost::config
