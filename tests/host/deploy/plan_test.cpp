// Changes in words.
#include "host/deploy/plan.hpp"

#include <gmock/gmock.h>

#include "host/config/load.hpp"

namespace milepost::deploy {

void PrintTo(const KeyChange& key, std::ostream* out) { *out << key.path << ": " << key.before << " -> " << key.after; }
bool operator==(const KeyChange& a, const KeyChange& b) { return a.path == b.path && a.before == b.before && a.after == b.after; }

namespace TEST_FILE {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Json json(const char* text) { return *read_json(text); }
Part part(const Json& definition) { return {.definition = definition, .version = config::digest(definition), .file = "pipelines/a.yaml", .source = "s", .libraries = {}, .outside = {}, .known = true}; }

TEST(PlanWords, NameTheKeyAndBothValues) {
  EXPECT_THAT(compare(json(R"({"limit": {"rate": "100 per 10s", "in_flight": 8}, "with": {"token": {"!secret": "a"}}})"),
                      json(R"({"limit": {"rate": "50 per 10s", "in_flight": 8}, "with": {"token": {"!secret": "b"}, "portal": 3}})")),
              ElementsAre(KeyChange{"limit.rate", "100 per 10s", "50 per 10s"}, KeyChange{"with.token", "!secret a", "!secret b"}, KeyChange{"with.portal", "", "3"}));
}

TEST(PlanWords, StepsGoByTheirIds) {
  const auto before = json(R"({"steps": [{"id": "a", "when": "x"}, {"id": "b"}, {"id": "c"}]})");
  EXPECT_THAT(compare(before, json(R"({"steps": [{"id": "n", "use": "audit"}, {"id": "a", "when": "y"}, {"id": "b"}]})")),
              ElementsAre(KeyChange{"steps.c", R"({"id":"c"})", ""}, KeyChange{"steps.n", "", R"({"id":"n","use":"audit"})"}, KeyChange{"steps.a.when", "x", "y"}));
  EXPECT_THAT(compare(before, json(R"({"steps": [{"id": "b"}, {"id": "a", "when": "x"}, {"id": "c"}]})")),
              ElementsAre(KeyChange{"steps, in order", "a, b, c", "b, a, c"}));
}

TEST(PlanWords, LongTextsAreShownWhereTheyPart) {
  const std::string same(300, 'x');
  const auto words = compare(Json{{"when", same + " == 1"}}, Json{{"when", same + " == 2"}});
  ASSERT_EQ(words.size(), 1u);
  EXPECT_EQ(words[0].before, "…" + std::string(36, 'x') + " == 1");
  EXPECT_EQ(words[0].after, "…" + std::string(36, 'x') + " == 2");
  const std::string letters = [] {
    std::string out;
    for (int i = 0; i < 200; ++i) out += "é";
    return out;
  }();
  for (const auto& key : compare(Json{{"a", letters + "1"}}, Json{{"a", letters + "2"}})) {
    EXPECT_TRUE(key.before.starts_with("…é") && key.before.ends_with("é1")) << key.before;
    EXPECT_TRUE(key.after.starts_with("…é") && key.after.ends_with("é2")) << key.after;
  }
}

TEST(PlanWords, NumbersAreComparedAsTheyAreWritten) {
  EXPECT_THAT(compare(json(R"({"a": 25000.00, "b": 18446744073709551616})"), json(R"({"a": 25000.0, "b": 18446744073709551616})")),
              ElementsAre(KeyChange{"a", "25000.00", "25000.0"}));
}

TEST(Plans, TellWhatRestarts) {
  State before, after;
  before.pipelines["a"] = before.pipelines["b"] = before.pipelines["gone"] = part(json(R"({"x": 1})"));
  after.pipelines["a"] = after.pipelines["b"] = part(json(R"({"x": 1})"));
  after.pipelines["a"].source = "other";
  after.pipelines["b"].outside["secret s"] = "2";
  before.pipelines["b"].outside["secret s"] = "1";
  after.pipelines["new"] = part(json(R"({"x": 2})"));
  const auto plan = compare(before, after);
  ASSERT_EQ(plan.pipelines.size(), 4u);
  EXPECT_FALSE(plan.pipelines[0].restarts);
  EXPECT_THAT(plan.pipelines[0].others, ElementsAre("only its text: comments, order or form"));
  EXPECT_TRUE(plan.pipelines[1].restarts);
  EXPECT_THAT(plan.pipelines[1].others, ElementsAre("another value of secret s"));
  EXPECT_EQ(plan.pipelines[2].kind, Change::Kind::added);
  EXPECT_EQ(plan.pipelines[3].kind, Change::Kind::removed);
}

TEST(Plans, SayNothingOfAPipelineWithAFault) {
  State before, after;
  before.pipelines["a"] = part(json("{}"));
  after.broken.insert("a");
  EXPECT_TRUE(compare(before, after).empty());
}

TEST(Plans, HaveTheHashOfBothSides) {
  State one, two, three;
  two.pipelines["a"] = part(json(R"({"x": 1})"));
  three.pipelines["a"] = part(json(R"({"x": 2})"));
  EXPECT_EQ(compare(one, two).hash, compare(one, two).hash);
  EXPECT_NE(compare(one, three).hash, compare(two, three).hash) << "another beginning";
  EXPECT_NE(compare(one, two).hash, compare(one, three).hash) << "another end";
  auto secret = two;
  secret.pipelines["a"].outside["secret s"] = "1";
  EXPECT_NE(compare(one, two).hash, compare(one, secret).hash);
}

}  // namespace TEST_FILE
}  // namespace milepost::deploy
