#include "host/plugins/registry.hpp"

#include "host/telemetry/ids.hpp"
#include "tests/host/plugins/fixture.hpp"

namespace milepost::plugins {
namespace TEST_FILE {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::unique_ptr<Registry> discover(const Folder& folder, const std::string& cache = "") {
  return Registry::discover({folder.path()}, cache, {}, {});
}

TEST(Registry, ListsWhatPluginsOffer) {
  Folder folder;
  folder.with(good("acme"), "acme.so").with(good("acme-sandbox"), "acme-sandbox.so");
  write_file(folder.path("README.md"), "no library");
  const config::Component hook{"webhook", Json::object(), false, true, nullptr, ""};
  const config::Component validate{"validate", Json::object(), false, false, nullptr, ""};
  const auto registry = Registry::discover({"/nowhere", folder.path(), folder.path() + "/."}, "", {hook}, {validate});

  EXPECT_TRUE(registry->refused().empty());
  ASSERT_EQ(registry->installed().size(), 1u);
  const auto acme = registry->installed()[0];
  EXPECT_EQ(acme.name, "acme");
  EXPECT_EQ(acme.version, "1.2.3");
  EXPECT_EQ(acme.abi, "1.0");
  EXPECT_EQ(acme.sdk, "0.1.0");
  EXPECT_EQ(acme.summary, "Acme's orders.");
  EXPECT_EQ(acme.digest, telemetry::hex(telemetry::sha256(read_file(good("acme")))));
  ASSERT_EQ(registry->sandboxes().size(), 1u);
  EXPECT_EQ(registry->sandboxes()[0].name, "acme-sandbox");

  EXPECT_THAT(registry->steps(), ElementsAre("acme.echo", "acme.fetch", "acme.send", "acme.tell", "validate"));
  EXPECT_THAT(registry->sources(), ElementsAre("acme.hook", "acme.orders", "webhook"));
  EXPECT_THAT(registry->connectors(), ElementsAre("acme"));
  const auto* send = registry->step("acme.send");
  ASSERT_NE(send, nullptr);
  EXPECT_TRUE(send->connection);
  EXPECT_EQ(send->connector, "acme");
  EXPECT_EQ(send->settings["properties"]["item"]["type"], "string");
  EXPECT_EQ(registry->connector("acme")->settings["properties"]["token"]["x-secret"], true);
  EXPECT_TRUE(registry->source("acme.hook")->webhook);
  EXPECT_EQ(registry->source("acme.hook")->verify["hmac"]["header"], "X-Signature");
  EXPECT_EQ(registry->step("acme.nothing"), nullptr);
  EXPECT_EQ(registry->refusal("acme"), "");
}

TEST(Registry, KnowsTraits) {
  Folder folder;
  folder.with(good("acme"), "acme.so");
  const auto registry = discover(folder);
  const auto send = registry->action("acme.send");
  ASSERT_TRUE(send);
  EXPECT_EQ(send->connector, "acme");
  EXPECT_EQ(send->name, "send");
  EXPECT_TRUE(send->lookup);
  EXPECT_EQ(send->traits.max_batch, 1u);
  EXPECT_EQ(send->traits.replay, Replay::with_key);
  EXPECT_EQ(send->traits.key_lifetime, std::chrono::hours(24));
  EXPECT_EQ(send->traits.settles_after, std::chrono::seconds(30));
  EXPECT_EQ(send->traits.effect, Kind::mail);
  EXPECT_EQ(send->digest.size(), 64u);
  EXPECT_EQ(registry->action("acme.echo")->traits.max_batch, 10u);
  EXPECT_EQ(registry->action("acme.echo")->traits.batch_key, "/item");
  EXPECT_FALSE(registry->action("acme.nothing"));
  const auto hook = registry->source_info("acme.hook");
  ASSERT_TRUE(hook);
  EXPECT_TRUE(hook->webhook);
  EXPECT_EQ(hook->pointers["id"], "/id");
  EXPECT_EQ(hook->accepted_status, 204);
  EXPECT_TRUE(hook->final_4xx);
  EXPECT_TRUE(registry->source_info("acme.orders")->connection);
}

TEST(Registry, GoesOnWithoutTheRefused) {
  Folder folder;
  folder.with(good("acme"), "acme.so").with(bad("other_major"), "other_major.so").with(bad("crashes"), "crashes.so");
  write_file(folder.path("notes.so"), "text");
  const auto registry = discover(folder);
  EXPECT_EQ(registry->installed().size(), 1u);
  EXPECT_EQ(registry->refused().size(), 3u);
  EXPECT_THAT(registry->refusal("other_major"), StartsWith("other_major.so speaks ABI 3"));
  EXPECT_THAT(registry->refusal("crashes"), HasSubstr("SIGSEGV"));
  EXPECT_THAT(registry->refusal("notes"), HasSubstr("no shared library"));
  config::Connection connection;
  connection.name = "main";
  connection.use = "other_major";
  const auto account = registry->account(connection, config::Secrets(), Services{});
  ASSERT_FALSE(account);
  EXPECT_THAT(account.error().message, HasSubstr("speaks ABI 3"));
}

TEST(Registry, RefusesAFileThatIsNotNamedAsItsPlugin) {
  Folder folder;
  folder.with(bad("other_name"), "other_name.so").with(good("acme"), "emca-sandbox.so");
  const auto registry = discover(folder);
  EXPECT_TRUE(registry->installed().empty());
  EXPECT_THAT(registry->refusal("other_name"), HasSubstr("calls itself \"acme\""));
  EXPECT_THAT(registry->refusal("emca-sandbox"), HasSubstr("calls itself \"acme\""));
}

TEST(Registry, TakesTheFirstOfAName) {
  Folder first, second;
  first.with(good("acme"), "acme.so");
  second.with(bad("other_name"), "acme.so");
  const auto registry = Registry::discover({first.path(), second.path()}, "", {}, {});
  ASSERT_EQ(registry->installed().size(), 1u);
  EXPECT_EQ(registry->installed()[0].path, first.path("acme.so"));
  ASSERT_EQ(registry->refused().size(), 1u);
  EXPECT_THAT(registry->refused()[0].reason, HasSubstr("which was found first"));
  EXPECT_EQ(registry->refusal("acme"), "");
}

TEST(Registry, TakesOneLibraryInTwoPlacesForOne) {
  Folder built, installed;
  built.with(good("acme"), "acme.so");
  installed.with(good("acme"), "acme.so");
  const auto registry = Registry::discover({built.path(), installed.path()}, "", {}, {});
  EXPECT_EQ(registry->installed().size(), 1u);
  EXPECT_TRUE(registry->refused().empty());
}

TEST(Registry, RunsTheBytesThatPassedWhateverHappensToTheFile) {
  Folder folder;
  folder.with(good("acme"), "acme.so");
  const auto registry = discover(folder);
  write_file(folder.path("acme.so"), std::string(1 << 20, 'x'));  // in place: a SIGBUS for what is mapped from the file
  telemetry::ManualClock clock{telemetry::from_micros(0)};
  const auto hook = registry->webhook("acme.hook", Json::object(), {nullptr, &clock, nullptr});
  ASSERT_TRUE(hook);
  HttpRequest request;
  request.body = "{}";
  EXPECT_TRUE((*hook)->receive(request));
}

TEST(Registry, RemembersWhatPassedByItsDigest) {
  Folder folder, cache;
  folder.with(good("acme"), "acme.so").with(bad("lacks_symbol"), "lacks_symbol.so");
  discover(folder, cache.path("data/preflight"));
  const auto file = cache.path("data/preflight/preflight.json");
  EXPECT_EQ(std::filesystem::status(cache.path("data")).permissions(), std::filesystem::perms::owner_all);
  const auto kept = read_json(read_file(file), {.depth = 80});
  ASSERT_TRUE(kept);
  const auto digest = telemetry::hex(telemetry::sha256(read_file(good("acme"))));
  ASSERT_EQ((*kept)["reports"].size(), 1u) << "only what passed";
  ASSERT_TRUE((*kept)["reports"].contains(digest));

  // What it says is believed without a child.
  Json changed = *kept;
  changed["reports"][digest]["manifest"]["version"] = "9.9.9";
  write_file(file, text(changed));
  EXPECT_EQ(discover(folder, cache.path("data/preflight"))->installed()[0].version, "9.9.9");

  // Not when another host found it, or when it is damaged.
  changed["finder"] = "sdk 0.0.1";
  write_file(file, text(changed));
  EXPECT_EQ(discover(folder, cache.path("data/preflight"))->installed()[0].version, "1.2.3");
  for (const std::string damage : {"", "{", "[]", "{\"finder\": 5}", "\xff\xfe"}) {
    write_file(file, damage);
    EXPECT_EQ(discover(folder, cache.path("data/preflight"))->installed().size(), 1u) << damage;
  }
  changed = *kept;
  changed["reports"][digest]["manifest"] = {{"name", 5}};
  write_file(file, text(changed));
  EXPECT_EQ(discover(folder, cache.path("data/preflight"))->installed()[0].version, "1.2.3");
}

TEST(Registry, WorksWithoutAPlaceForItsCache) {
  Folder folder;
  folder.with(good("acme"), "acme.so");
  write_file(folder.path("file"), "");
  EXPECT_EQ(discover(folder, folder.path("file"))->installed().size(), 1u);
}

}  // namespace TEST_FILE
}  // namespace milepost::plugins
