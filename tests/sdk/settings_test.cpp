#include "milepost/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace milepost {
namespace TEST_FILE {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

struct Account {
  std::string portal, mode;
  std::chrono::milliseconds pause{};
  std::vector<std::string> tags;
  std::optional<std::string> note;
  unsigned pages = 0;
  bool strict = false;
  double ratio = 0;
  Json extra;
};

Settings<Account> spec() {
  return Settings<Account>("An account.")
      .required("portal", &Account::portal, "The account's id.")
      .optional("mode", &Account::mode, "live", "How.", {{"enum", {"live", "test"}}})
      .optional("pause", &Account::pause, 10s, "How long.")
      .optional("tags", &Account::tags, std::vector<std::string>{"a"}, "Which.")
      .optional("note", &Account::note, std::nullopt, "Any.")
      .optional("pages", &Account::pages, 3u, "How many.")
      .optional("strict", &Account::strict, true, "Whether.")
      .optional("ratio", &Account::ratio, 0.5, "Part.")
      .optional("extra", &Account::extra, Json::object(), "More.")
      .secret("token", "API token.");
}

TEST(Settings, FillsDefaults) {
  const auto account = spec().parse({{"portal", "p"}});
  ASSERT_TRUE(account) << account.error().message;
  EXPECT_EQ(account->portal, "p");
  EXPECT_EQ(account->mode, "live");
  EXPECT_EQ(account->pause, 10s);
  EXPECT_THAT(account->tags, ::testing::ElementsAre("a"));
  EXPECT_EQ(account->note, std::nullopt);
  EXPECT_EQ(account->pages, 3u);
  EXPECT_TRUE(account->strict);
  EXPECT_EQ(account->ratio, 0.5);
}

TEST(Settings, ReadsWhatIsGiven) {
  const auto account = spec().parse({{"portal", "p"},
                                     {"mode", "test"},
                                     {"pause", "250ms"},
                                     {"tags", {"x", "y"}},
                                     {"note", "n"},
                                     {"pages", 7},
                                     {"strict", false},
                                     {"ratio", 2},
                                     {"extra", {{"k", 1}}},
                                     {"token", "***"}});
  ASSERT_TRUE(account) << account.error().message;
  EXPECT_EQ(account->mode, "test");
  EXPECT_EQ(account->pause, 250ms);
  EXPECT_EQ(account->tags.size(), 2u);
  EXPECT_EQ(account->note, "n");
  EXPECT_EQ(account->pages, 7u);
  EXPECT_FALSE(account->strict);
  EXPECT_EQ(account->ratio, 2);
  EXPECT_EQ(account->extra["k"], 1);
}

TEST(Settings, ReportsEveryFaultAtOnce) {
  const auto refused = spec().parse(
      {{"mode", "fast"}, {"pause", "soon"}, {"tags", {1}}, {"pages", -1}, {"strict", "yes"}, {"colour", 1}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::permanent);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("colour: unknown key"), HasSubstr("portal: missing"), HasSubstr("mode: expected one of"),
                    HasSubstr("pause: expected a duration"), HasSubstr("tags: expected a list of texts"),
                    HasSubstr("pages: expected an integer"), HasSubstr("strict: expected true or false")));
  EXPECT_FALSE(spec().parse(Json::array()));
  EXPECT_FALSE(spec().parse({{"portal", nullptr}}));
}

TEST(Settings, PrintAsJsonSchema) {
  const Json schema = spec().schema();
  EXPECT_EQ(schema["type"], "object");
  EXPECT_EQ(schema["additionalProperties"], false);
  EXPECT_EQ(schema["required"], Json({"portal", "token"}));
  const Json& properties = schema["properties"];
  EXPECT_EQ(text(properties["portal"]), R"({"type":"string","description":"The account's id."})");
  EXPECT_EQ(text(properties["pause"]),
            R"({"type":"string","format":"duration","description":"How long.","default":"10s"})");
  EXPECT_EQ(text(properties["tags"]),
            R"({"type":"array","items":{"type":"string"},"description":"Which.","default":["a"]})");
  EXPECT_EQ(text(properties["token"]), R"({"type":"string","description":"API token.","x-secret":true})");
  EXPECT_FALSE(properties["note"].contains("default"));
}

TEST(Settings, NeedNoOptionalSecret) {
  const auto schema = Settings<Account>("x").secret("pin", "A pin.", false).schema();
  EXPECT_FALSE(schema.contains("required"));
}

TEST(Duration, ReadsAndWritesUnits) {
  for (const auto& [words, value] :
       {std::pair{"250ms", 250ms}, {"10s", 10'000ms}, {"5m", 300'000ms}, {"2h", 7'200'000ms}, {"7d", 604'800'000ms}}) {
    EXPECT_EQ(parse_duration(words), value);
    EXPECT_EQ(duration_text(value), words);
  }
  EXPECT_EQ(parse_duration("1w"), 604'800'000ms);
  EXPECT_EQ(duration_text(0ms), "0ms");
  for (const char* words : {"", "10", "s", "-1s", "1.5s", "10 s", "10seconds", "99999999999s"})
    EXPECT_EQ(parse_duration(words), std::nullopt) << words;
}

TEST(Settings, KnowAKeyOnce) {
  struct Two {
    std::string a;
  };
  EXPECT_THROW(milepost::Settings<Two>("Two.").required("a", &Two::a, "One.").secret("a", "Another."), std::logic_error);
}

}  // namespace TEST_FILE
}  // namespace milepost
