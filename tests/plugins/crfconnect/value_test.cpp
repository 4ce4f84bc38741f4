// The quick way of reading a lead against the thorough one: both take the same texts, and read the same out of them.
#include "plugins/crfconnect/value.hpp"

#include <gtest/gtest.h>

#include <random>

#include "plugins/crfconnect/sandbox/sample_lead.hpp"

namespace milepost::crfconnect {
namespace TEST_FILE {

std::string shown(const Value& value) {
  std::string out = std::to_string(static_cast<int>(value.kind)) + " " + std::string(value.key) + "=" + std::string(value.text);
  for (const Value& inner : value) out += " (" + shown(inner) + ")";
  return out;
}
std::string quickly(const std::string& text) {
  const auto values = Values::read(text);
  return values ? shown(values->root()) : "refused: " + values.error().message;
}
std::string thoroughly(const std::string& text) {
  const auto json = read_json(text);
  return json ? shown(Values(*json).root()) : "refused: " + json.error().message;
}

TEST(Values, AreThoseOfTheText) {
  const auto values = Values::read(R"({"a": 1.50, "b": [true, null, "x"], "c": {"d": {}}, "e": "last"})");
  ASSERT_TRUE(values);
  const Value& root = values->root();
  EXPECT_EQ(root.find("a")->text, "1.50");
  EXPECT_EQ(shown(*root.find("b")), "4 b= (1 =true) (0 =null) (3 =x)");
  EXPECT_EQ(shown(*root.find("c")), "5 c= (5 d=)");
  EXPECT_EQ(root.find("e")->text, "last");
  EXPECT_EQ(root.find("d"), nullptr);
}

TEST(Values, AreTheSameBothWays) {
  for (const char* text :
       {"{}", "[]", "0", "-0", "1e400", "18446744073709551616", "25000.00", "2.5E+4", "01", "1.", ".5", "-", "+1", "1e", "\"\"",
        "\"a\\nb\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\xc3\xa9\"", "\"\xc3\"", "\"\x7f\"", "\"\x01\"", "true", "tru",
        "truex", "null", "nul", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"\":1,\"\":2}", "{\"a\":1,}", "[1,]", "[1 2]",
        "{\"a\" 1}", "{a:1}", "", " ", "{} {}", " {\"a\" : [ ] }\n", "\xef\xbb\xbf{}", "[[[[[]]]]]", "{\"\xc3\xa9\":\"\xc3\xa9\"}"}) {
    EXPECT_EQ(quickly(text), thoroughly(text)) << text;
  }
  std::string deep;
  for (int i = 0; i < 70; ++i) deep += '[';
  EXPECT_EQ(quickly(deep), thoroughly(deep));
  std::string wide = "{";
  for (int i = 0; i < 1'000; ++i) wide += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  EXPECT_EQ(quickly(wide + "\"last\":1}"), thoroughly(wide + "\"last\":1}"));
  EXPECT_EQ(quickly(wide + "\"k7\":1}"), thoroughly(wide + "\"k7\":1}"));
}

TEST(Values, OfMangledLeadsAreTheSameBothWays) {
  std::mt19937 random(4711);
  const std::string lead(kSampleLead);
  const std::string bytes = "{}[]\",:0-.eE\\u\x01\x7f\xc3\xa9 ntf";
  for (int i = 0; i < 5'000; ++i) {
    std::string text = lead;
    for (int k = static_cast<int>(random() % 3); k >= 0; --k) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = bytes[random() % bytes.size()];
          break;
        case 1:
          text.erase(at, 1 + random() % 8);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), random() % 40));
      }
    }
    ASSERT_EQ(quickly(text), thoroughly(text)) << text;
  }
}

}  // namespace TEST_FILE
}  // namespace milepost::crfconnect
