#include "host/config/json_schema.hpp"

#include <gmock/gmock.h>

#include <chrono>

namespace milepost::config {
namespace TEST_FILE {

using ::testing::HasSubstr;

Json json(const std::string& text) {
  auto value = read_json(text);
  EXPECT_TRUE(value) << text << ": " << (value ? "" : value.error().message);
  return value ? *value : Json();
}

JsonSchema compiled(const std::string& schema) {
  auto made = JsonSchema::compile(json(schema));
  EXPECT_TRUE(made) << schema << ": " << (made ? "" : made.error().message);
  return std::move(*made);
}

bool fits(const std::string& schema, const std::string& value) { return compiled(schema).check(json(value)).empty(); }

struct Row {
  const char *schema, *good, *bad;
};

class Keyword : public ::testing::TestWithParam<Row> {};
TEST_P(Keyword, TellsGoodFromBad) {
  const auto& [schema, good, bad] = GetParam();
  if (good != nullptr) {
    EXPECT_TRUE(fits(schema, good)) << schema << " should take " << good;
  }
  if (bad != nullptr) {
    EXPECT_FALSE(fits(schema, bad)) << schema << " should refuse " << bad;
  }
}
TEST_P(Keyword, LooksAtNoMembersButThoseThatItSays) {
  const auto schema = compiled(GetParam().schema);
  const auto members = schema.members();
  for (const char* text : {GetParam().good, GetParam().bad}) {
    if (text == nullptr || !members) continue;
    auto value = json(text);
    if (!value.is_object()) continue;
    const auto told = schema.check(value).size();
    value["one_more"] = 1;
    EXPECT_EQ(schema.check(value).size(), told) << GetParam().schema;
    Json less = Json::object();
    for (const auto& [name, member] : value.items())
      if (members->contains(name)) less[name] = member;
    EXPECT_EQ(schema.check(less).size(), told) << GetParam().schema;
  }
}
TEST(JsonSchema, KnowsTheMembersThatItLooksAt) {
  using Members = std::optional<std::set<std::string>>;
  EXPECT_EQ(compiled(R"({"type":"object","required":["a","b"],"properties":{"b":{"type":"object","additionalProperties":false},"c":true}})").members(), Members({"a", "b", "c"}));
  for (const char* any : {R"({"additionalProperties":false})", R"({"minProperties":1})", R"({"propertyNames":{"maxLength":2}})", R"({"patternProperties":{"x":true}})",
                          R"({"dependencies":{"a":["b"]}})", R"({"allOf":[{"required":["a"]}]})", R"({"not":{"required":["a"]}})", R"({"if":{"required":["a"]},"then":false})",
                          R"({"const":{}})", R"({"$ref":"#/definitions/a","definitions":{"a":{"required":["a"]}}})"})
    EXPECT_EQ(compiled(any).members(), std::nullopt) << any;
}
INSTANTIATE_TEST_SUITE_P(
    Draft07, Keyword,
    ::testing::Values(
        Row{R"(true)", "1", nullptr}, Row{R"(false)", nullptr, "1"}, Row{R"({"type":"integer"})", "1.0", "1.5"},
        Row{R"({"type":"integer"})", "12345678901234567890123", R"("1")"}, Row{R"({"type":"number"})", "1e400", "true"},
        Row{R"({"type":["string","null"]})", "null", "0"}, Row{R"({"type":"object"})", "{}", "[]"},
        Row{R"({"enum":[1,"a",{"x":[1,2]}]})", R"({"x":[1.0,2]})", R"({"x":[2,1]})"},
        Row{R"({"enum":["1"]})", R"("1")", "1"}, Row{R"({"const":{"a":1,"b":2}})", R"({"b":2,"a":1})", R"({"a":1})"},
        Row{R"({"const":false})", "false", "0"},
        Row{R"({"minimum":0.1})", "0.10000000000000000001", "0.09999999999999999999"},
        Row{R"({"maximum":9007199254740993})", "9007199254740993", "9007199254740994"},
        Row{R"({"exclusiveMinimum":0})", "1e-400", "-0"}, Row{R"({"exclusiveMaximum":100})", "99.999", "1e2"},
        Row{R"({"multipleOf":0.01})", "25000.07", "0.001"}, Row{R"({"minLength":2})", R"("éé")", R"("é")"},
        Row{R"({"maxLength":1})", R"("😀")", R"("ab")"}, Row{R"({"pattern":"^L-\\d+$"})", R"("L-1001")", R"("xL-1001")"},
        Row{R"({"pattern":"\\u00e9"})", R"("é")", R"("e")"}, Row{R"({"pattern":"b"})", R"("abc")", R"("ac")"},
        Row{R"({"items":{"type":"string"}})", R"(["a"])", "[1]"},
        Row{R"({"items":[{"type":"string"}],"additionalItems":false})", R"(["a"])", R"(["a",1])"},
        Row{R"({"additionalItems":false})", "[1]", nullptr}, Row{R"({"contains":{"const":2}})", "[1,2]", "[1]"},
        Row{R"({"minItems":1,"maxItems":2})", "[1]", "[]"}, Row{R"({"maxItems":1})", "[1]", "[1,2]"},
        Row{R"({"uniqueItems":true})", R"([1,"1",true])", "[1,1.0]"},
        Row{R"({"uniqueItems":true})", "[{}]", R"([{"a":1,"b":2},{"b":2,"a":1}])"},
        Row{R"({"properties":{"a":{"type":"string"}}})", R"({"b":1})", R"({"a":1})"},
        Row{R"({"patternProperties":{"^x_":{"type":"string"}},"additionalProperties":false})", R"({"x_1":"a"})",
            R"({"y":"a"})"},
        Row{R"({"properties":{"a":true},"additionalProperties":{"type":"integer"}})", R"({"a":"x","b":1})",
            R"({"b":"x"})"},
        Row{R"({"required":["a"]})", R"({"a":null})", "{}"},
        Row{R"({"minProperties":1,"maxProperties":1})", R"({"a":1})", "{}"},
        Row{R"({"dependencies":{"a":["b"]}})", R"({"a":1,"b":1})", R"({"a":1})"},
        Row{R"({"dependencies":{"a":{"required":["c"]}}})", R"({"b":1})", R"({"a":1})"},
        Row{R"({"propertyNames":{"maxLength":2}})", R"({"ab":1})", R"({"abc":1})"},
        Row{R"({"if":{"properties":{"t":{"const":"x"}}},"then":{"required":["a"]},"else":{"required":["b"]}})",
            R"({"t":"x","a":1})", R"({"t":"y","a":1})"},
        Row{R"({"allOf":[{"minimum":1},{"maximum":2}]})", "2", "3"},
        Row{R"({"anyOf":[{"type":"string"},{"minimum":5}]})", "5", "4"},
        Row{R"({"oneOf":[{"minimum":1},{"minimum":5}]})", "4", "6"}, Row{R"({"not":{"type":"null"}})", "1", "null"},
        Row{R"({"format":"uuid"})", R"("6fa459ea-ee8a-3ca4-894e-db77e160355e")",
            R"("6fa459ea-ee8a-3ca4-894e-db77e160355")"},
        Row{R"({"format":"date"})", R"("2024-02-29")", R"("2023-02-29")"},
        Row{R"({"format":"date-time"})", R"("2026-11-20T23:59:60.1234567+00:00")", R"("2026-11-20 23:59:01Z")"},
        Row{R"({"format":"date-time"})", R"("2026-11-20T23:59:01Z")", R"("2026-11-20T24:00:00Z")"},
        Row{R"({"format":"email"})", R"("a.b@example.com")", R"("a..b@example.com")"},
        Row{R"({"format":"email"})", "5", R"("a@b@")"}, Row{R"({"format":"colour"})", R"("x")", nullptr},
        Row{R"({"unknown":1})", "1", nullptr}));

INSTANTIATE_TEST_SUITE_P(
    References, Keyword,
    ::testing::Values(
        Row{R"({"definitions":{"p":{"minimum":0}},"properties":{"a":{"$ref":"#/definitions/p"}}})", R"({"a":0})",
            R"({"a":-1})"},
        Row{R"({"properties":{"child":{"$ref":"#"},"n":{"type":"integer"}},"additionalProperties":false})",
            R"({"child":{"child":{"n":1}}})", R"({"child":{"child":{"n":"1"}}})"},
        Row{R"({"definitions":{"a/b~c":{"type":"null"}},"items":{"$ref":"#/definitions/a~1b~0c"}})", "[null]", "[1]"},
        Row{R"({"definitions":{"x":{"$id":"#x","type":"null"}},"items":{"$ref":"#x"}})", "[null]", "[1]"},
        Row{R"({"$id":"http://e/s.json","definitions":{"x":{"type":"null"}},"items":{"$ref":"http://e/s.json#/definitions/x"}})",
            "[null]", "[1]"},
        Row{R"({"other":{"deep":{"minimum":3}},"$ref":"#/other/deep","type":"string"})", "3", "2"}));

TEST(JsonSchema, RefusesWhatIsNoSchema) {
  const std::pair<const char*, const char*> rows[] = {
      {R"(1)", "a schema is an object"},
      {R"({"properties":{"a":{"type":"strng"}}})", "/properties/a/type: unknown type \"strng\""},
      {R"({"minimum":"1"})", "/minimum: a number"},
      {R"({"multipleOf":0})", "/multipleOf: multipleOf is above zero"},
      {R"({"minLength":-1})", "/minLength: a whole number"},
      {R"({"required":"a"})", "/required: a list"},
      {R"({"items":5})", "/items: a schema is"},
      {R"({"$ref":"#/nowhere"})", "leads nowhere"},
      {R"({"$ref":"other.json#/a"})", "leads out of this document"},
      {R"({"$ref":"#"})", "without going deeper"},
      {R"({"allOf":[{"$ref":"#/definitions/a"}],"definitions":{"a":{"anyOf":[{"$ref":"#"}]}}})",
       "without going deeper"},
      {R"({"$schema":"https://json-schema.org/draft/2020-12/schema"})", "only draft-07"},
      {R"({"enum":1})", "/enum: a list"}};
  for (const auto& [schema, words] : rows) {
    const auto made = JsonSchema::compile(json(schema));
    ASSERT_FALSE(made) << schema;
    EXPECT_EQ(made.error().kind, ErrorKind::permanent);
    EXPECT_THAT(made.error().message, HasSubstr(words)) << schema;
  }
}

TEST(JsonSchema, RefusesAPatternThatNeedsBacktracking) {
  for (const char* pattern : {"(?=a)b", "(a)\\\\1", "("}) {
    const auto made = JsonSchema::compile(json(R"({"properties":{"a":{"pattern":")" + std::string(pattern) + "\"}}}"));
    ASSERT_FALSE(made) << pattern;
    EXPECT_THAT(made.error().message, HasSubstr("/properties/a/pattern: the pattern cannot be matched in linear time"));
  }
}

TEST(JsonSchema, MatchesAHostilePatternInLinearTime) {
  const auto schema = compiled(R"({"pattern":"^(a+)+$"})");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(schema.check(Json(std::string(200'000, 'a') + "!")).empty());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(JsonSchema, StopsWhenAlternativesMultiply) {
  // Each level tries the next one twice, and each value down to depth 60 does so again.
  const auto schema =
      compiled(R"({"anyOf":[{"items":{"$ref":"#"},"minItems":1},{"items":{"$ref":"#"},"minItems":1}]})");
  std::string value(60, '[');
  value += std::string(60, ']');
  const auto violations = schema.check(json(value));
  ASSERT_FALSE(violations.empty());
  EXPECT_THAT(violations.back().message, HasSubstr("takes too long"));
}

TEST(JsonSchema, NamesThePlaceAndNeverTheValue) {
  const auto schema =
      compiled(R"({"properties":{"loan":{"type":"object","properties":{"amount":{"type":"number","exclusiveMinimum":0},
      "state":{"enum":["CA","NY"]},"a/b":{"type":"null"}},"required":["id"],"additionalProperties":false}}})");
  const auto violations = schema.check(
      json(R"({"loan":{"amount":-25000.00,"state":"Secret Borrower","a/b":"Jane Doe","extra":"Jane Doe"}})"));
  std::string all;
  for (const auto& violation : violations) all += violation.pointer + ": " + violation.message + "\n";
  EXPECT_EQ(all,
            "/loan: lacks \"id\"\n"
            "/loan/amount: must be more than 0\n"
            "/loan/state: must be one of \"CA\", \"NY\"\n"
            "/loan/a~1b: must be null\n"
            "/loan/extra: the schema knows no such property\n");
}

TEST(JsonSchema, EndsAtTwentyViolations) {
  Json many = Json::array();
  for (int i = 0; i < 100; ++i) many.push_back(i);
  EXPECT_EQ(compiled(R"({"items":{"type":"string"}})").check(many).size(), 20u);
}

TEST(JsonSchema, ReportsInDocumentOrder) {
  const auto schema =
      compiled(R"({"allOf":[{"properties":{"b":{"type":"null"}}},{"properties":{"a":{"type":"null"}}}]})");
  const auto violations = schema.check(json(R"({"a":1,"b":1})"));
  ASSERT_EQ(violations.size(), 2u);
  EXPECT_EQ(violations[0].pointer, "/a");
  EXPECT_EQ(violations[1].pointer, "/b");
}

}  // namespace TEST_FILE
}  // namespace milepost::config
