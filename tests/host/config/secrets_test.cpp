#include "host/config/secrets.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <sstream>

#include "tests/host/config/folder.hpp"

namespace milepost::config {
namespace TEST_FILE {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kOwnerOnly = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;

TEST(Secrets, NeverPrint) {
  std::ostringstream out;
  out << Secret("hunter2") << to_string(Secret("hunter2"));
  EXPECT_EQ(out.str(), "******");
}

TEST(Secrets, ComeFromAFile) {
  TestFolder folder;
  folder.write("secrets.yaml", "hubspot_token: pat-1\nlos_webhook: 'a: b'\nnumeric: 0123\n");
  std::filesystem::permissions(folder.path("secrets.yaml"), kOwnerOnly);
  Faults faults;
  const auto secrets = Secrets::load(folder.root(), {.file = "secrets.yaml"}, faults);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(secrets.get("hubspot_token")->reveal(), "pat-1");
  EXPECT_EQ(secrets.get("numeric")->reveal(), "0123");
  EXPECT_THAT(secrets.names(), ElementsAre("hubspot_token", "los_webhook", "numeric"));
  EXPECT_FALSE(secrets.has("other"));
  EXPECT_EQ(secrets.get("other").error().kind, ErrorKind::permanent);
}

TEST(Secrets, ThatOthersCanReadAreAWarning) {
  TestFolder folder;
  folder.write("secrets.yaml", "a: b\n");
  std::filesystem::permissions(folder.path("secrets.yaml"), kOwnerOnly | std::filesystem::perms::group_read);
  Faults faults;
  Secrets::load(folder.root(), {.file = "secrets.yaml"}, faults);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_TRUE(faults[0].warning);
  EXPECT_THAT(faults[0].remedy, HasSubstr("chmod 600"));
}

TEST(Secrets, FaultsNeverQuoteAValue) {
  for (const char* text :
       {"a: *hunter2\n", "a: !hunter2 x\n", "a: !secret hunter2 and more\n", "a: [hunter2]\n", "a: {hunter2: ${x}}\n",
        "a: b\na: hunter2\n", "- hunter2\n", "a: \"hunter2\n", "a: b: hunter2\n", "a: hunter2\n\tb: c\n"}) {
    TestFolder folder;
    folder.write("secrets.yaml", text);
    std::filesystem::permissions(folder.path("secrets.yaml"), kOwnerOnly);
    Faults faults;
    Secrets::load(folder.root(), {.file = "secrets.yaml"}, faults);
    ASSERT_FALSE(faults.empty()) << text;
    for (const auto& fault : faults) EXPECT_THAT(to_string(fault) + fault.remedy, Not(HasSubstr("hunter2"))) << text;
  }
}

TEST(Secrets, MayHoldAnythingThatLooksLikeAnExpression) {
  TestFolder folder;
  folder.write("secrets.yaml", "a: \"${unclosed\"\n");
  std::filesystem::permissions(folder.path("secrets.yaml"), kOwnerOnly);
  Faults faults;
  EXPECT_EQ(Secrets::load(folder.root(), {.file = "secrets.yaml"}, faults).get("a")->reveal(), "${unclosed");
  EXPECT_TRUE(faults.empty());
}

TEST(Secrets, ComeFromTheEnvironment) {
  ::setenv("MILEPOST_HUBSPOT_TOKEN", "pat-2", 1);
  Faults faults;
  const auto secrets = Secrets::load("/", {.env_prefix = "MILEPOST_"}, faults);
  EXPECT_EQ(secrets.get("hubspot_token")->reveal(), "pat-2");
  EXPECT_FALSE(secrets.has("none_of_that_name"));
  EXPECT_TRUE(secrets.names().empty());
}

TEST(Secrets, ComeFromAFolderWithoutTheLastLineEnd) {
  TestFolder folder;
  folder.write("run/token", "pat-3\n").write("run/.hidden", "x").write("outside", "y");
  Faults faults;
  const auto secrets = Secrets::load(folder.root(), {.folder = "run"}, faults);
  EXPECT_EQ(secrets.get("token")->reveal(), "pat-3");
  EXPECT_THAT(secrets.names(), ElementsAre("token"));
  EXPECT_FALSE(secrets.has("../outside"));
  EXPECT_FALSE(secrets.has(".hidden"));
}

TEST(Secrets, MissingPlacesAreFaultsExceptTheStandardFile) {
  TestFolder folder;
  Faults faults;
  Secrets::load(folder.root(), {.file = "secrets.yaml"}, faults);
  EXPECT_TRUE(faults.empty());
  Secrets::load(folder.root(), {.file = "other.yaml"}, faults);
  EXPECT_EQ(faults.size(), 1u);
  Secrets::load(folder.root(), {.folder = "none"}, faults);
  EXPECT_EQ(faults.size(), 2u);
}

TEST(Secrets, ResolveTheValuesOfDefinitions) {
  ::setenv("CONFIG_TEST_VARIABLE", "from env", 1);
  TestFolder folder;
  folder.write("secrets.yaml", "a: b\n");
  Faults faults;
  const auto secrets = Secrets::load(folder.root(), {.file = "secrets.yaml"}, faults);
  EXPECT_EQ(secrets.resolve(Json::parse(R"({"!secret": "a"})")).value().reveal(), "b");
  EXPECT_EQ(secrets.resolve(Json::parse(R"({"!env": "CONFIG_TEST_VARIABLE"})")).value().reveal(), "from env");
  EXPECT_EQ(secrets.resolve("plain").value().reveal(), "plain");
  EXPECT_FALSE(secrets.resolve(Json::parse(R"({"!secret": "none"})")));
  EXPECT_FALSE(secrets.resolve(5));
  EXPECT_FALSE(secrets.resolve(Json::parse(R"({"other": "a"})")));
}

}  // namespace TEST_FILE
}  // namespace milepost::config
