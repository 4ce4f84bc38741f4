#include "host/engine/glance.hpp"

#include <gtest/gtest.h>

namespace milepost::engine {
namespace TEST_FILE {

std::string glanced(std::string_view source, const std::set<std::string>& members) { return text(glance(source, members)); }

TEST(Glance, TakesTheMembersThatAreAskedFor) {
  const auto* lead = R"( {"id": "x", "list": [1, {"a": "]}"}, "\"]"], "amount" : 25000.00 , "address": {"zip": "9\\"}, "last": null} )";
  EXPECT_EQ(glanced(lead, {"amount"}), R"({"amount":25000.00})");
  EXPECT_EQ(glanced(lead, {"last", "address", "gone"}), R"({"address":{"zip":"9\\"},"last":null})");
  EXPECT_EQ(glanced(lead, {"list"}), R"({"list":[1,{"a":"]}"},"\"]"]})");
  EXPECT_EQ(glanced(lead, {"zip", "a"}), "{}");  // not theirs, but of what they hold
  EXPECT_EQ(glanced("{}", {"a"}), "{}");
  EXPECT_EQ(glanced(lead, {}), "{}");
}

TEST(Glance, ReadsAllOfWhatIsUnusual) {
  EXPECT_EQ(glanced("{\"\\u0061\": 1, \"b\": 2}", {"a"}), R"({"a":1})");  // a key may be written in another way
  EXPECT_EQ(glanced("[1, 2]", {"a"}), "[1,2]");
  EXPECT_EQ(glanced("\"text\"", {"a"}), "\"text\"");
  for (const char* broken : {"", "{", R"({"a")", R"({"a": )", R"({"a": "x)", R"({"b": tru})"})
    EXPECT_EQ(glanced(broken, {"b"}), "null") << broken;
}

}  // namespace TEST_FILE
}  // namespace milepost::engine
