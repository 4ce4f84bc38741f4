#include "plugins/hubspot/names.hpp"

#include <gtest/gtest.h>

namespace milepost::hubspot {
namespace TEST_FILE {

TEST(HubspotNames, LetsOnlyPlainNamesIntoPaths) {
  for (const char* good : {"deals", "0-3", "2-3456", "p_loan", "loan_id", "A9"}) EXPECT_TRUE(is_name(good)) << good;
  for (const char* bad : {"", "a/b", "../x", "a?b", "a b", "é", "a%2Fb", "a#b"}) EXPECT_FALSE(is_name(bad)) << bad;
  EXPECT_FALSE(is_name(std::string(101, 'a')));
}

TEST(HubspotNames, TakesDigitsAsIds) {
  EXPECT_TRUE(is_id("8817"));
  for (const char* bad : {"", "8817x", "-1", "1.0", "123456789012345678901"}) EXPECT_FALSE(is_id(bad)) << bad;
}

TEST(HubspotNames, CallsATypeByItsName) {
  EXPECT_EQ(object_name("0-3"), "deals");
  EXPECT_EQ(object_name("deals"), "deals");
  EXPECT_EQ(object_name("2-3456"), "2-3456");
}

TEST(HubspotNames, WritesScalarsAsTheyCame) {
  const auto value = *read_json(
      R"({"money": 25000.00, "big": 12345678901234567890123, "huge": 1e400, "yes": true, "text": "=cmd() 🙂"})");
  EXPECT_EQ(scalar_text(value["money"]), "25000.00");
  EXPECT_EQ(scalar_text(value["big"]), "12345678901234567890123");
  EXPECT_EQ(scalar_text(value["huge"]), "1e400");
  EXPECT_EQ(scalar_text(value["yes"]), "true");
  EXPECT_EQ(scalar_text(value["text"]), "=cmd() 🙂");
  EXPECT_EQ(scalar_text(Json(nullptr)), std::nullopt);
  EXPECT_EQ(scalar_text(Json::array({1})), std::nullopt);
}

TEST(HubspotNames, ReadsIdsAsTextOrNumber) {
  EXPECT_EQ(id_at({{"id", "12"}}, "/id"), "12");
  EXPECT_EQ(id_at({{"id", 12}}, "/id"), "12");
  EXPECT_EQ(id_at({{"id", "x"}}, "/id"), "");
  EXPECT_EQ(id_at({{"id", nullptr}}, "/id"), "");
  EXPECT_EQ(id_at(Json::array(), "/id"), "");
}

TEST(HubspotTargets, TakeOneIdOrMany) {
  const auto targets = to_targets({{"0-3", 8817}, {"contacts", {"12", 13}}}, "about");
  ASSERT_TRUE(targets);
  EXPECT_EQ(*targets, (std::vector<Target>{{"deals", "8817"}, {"contacts", "12"}, {"contacts", "13"}}));
  EXPECT_TRUE(to_targets(nullptr, "about")->empty());
}

TEST(HubspotTargets, RefuseWhatIsNoId) {
  const std::pair<Json, std::string> rows[] = {
      {"8817", "about: expected object types"},
      {{{"deals", nullptr}}, "about.deals: expected a record's id"},
      {{{"deals", "L-1001"}}, "about.deals: expected a record's id"},
      {{{"deals", {{"id", 1}}}}, "about.deals: expected a record's id"},
      {{{"a/b", 1}}, "about: a key is no object type"},
  };
  for (const auto& [value, words] : rows) {
    const auto targets = to_targets(value, "about");
    ASSERT_FALSE(targets) << words;
    EXPECT_EQ(targets.error().kind, ErrorKind::permanent);
    EXPECT_NE(targets.error().message.find(words), std::string::npos) << targets.error().message;
  }
}

}  // namespace TEST_FILE
}  // namespace milepost::hubspot
