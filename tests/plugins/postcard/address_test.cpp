#include "plugins/postcard/address.hpp"

#include <gtest/gtest.h>

namespace milepost::postcard {
namespace TEST_FILE {

Json address(const std::string& changes = "{}") {
  Json out{{"name", "Ines Okafor"}, {"line1", "77 Birch Ct"}, {"city", "Duluth"}, {"state", "MN"}, {"zip", "55802"}};
  const Json changed = *read_json(changes);
  for (const auto& [key, value] : changed.items()) out[key] = value;
  return out;
}

TEST(Address, IsReadInSeveralSpellings) {
  const std::string rows[] = {
      R"({"first": "Ines", "last": "Okafor", "line1": "77 Birch Ct", "city": "Duluth", "state": "Minnesota", "zip": "55802"})",
      R"({"firstName": "Ines", "lastName": "Okafor", "address": "77 Birch Ct", "city": "Duluth", "state": "mn", "zipCode": "55802"})",
      R"({"name": " Ines  Okafor ", "address1": "77 Birch Ct", "city": "Duluth ", "state": "MINNESOTA", "postal_code": "55802", "country": "USA", "county": "St. Louis"})"};
  for (const auto& row : rows) {
    const auto read = read_address(*read_json(row), "to");
    ASSERT_TRUE(read) << row << ": " << read.error().message;
    EXPECT_EQ(read->first, "Ines");
    EXPECT_EQ(read->last, "Okafor");
    EXPECT_EQ(read->name(), "Ines Okafor");
    EXPECT_EQ(read->line1, "77 Birch Ct");
    EXPECT_EQ(read->city, "Duluth");
    EXPECT_EQ(read->state, "MN");
    EXPECT_EQ(read->zip, "55802");
  }
}

TEST(Address, SplitsANameAtItsLastWord) {
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"Ines Okafor", "Ines", "Okafor"}, {"Ana Maria de Souza", "Ana Maria de", "Souza"}, {"Cher", "Cher", ""}};
  for (const auto& [name, first, last] : rows) {
    const auto read = read_address(address(text(Json{{"name", name}})), "to");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->first, first);
    EXPECT_EQ(read->last, last);
    EXPECT_EQ(read->name(), name);
  }
}

TEST(Address, TakesACompanyForAName) {
  const auto read = read_address(address(R"({"name": null, "company": "Harbor Home Loans"})"), "return_address");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->company, "Harbor Home Loans");
  EXPECT_EQ(read->name(), "");
}

TEST(Address, WritesTheZipAsVendorsWantIt) {
  const std::pair<const char*, const char*> rows[] = {
      {"55802", "55802"}, {"558021234", "55802-1234"}, {"55802-1234", "55802-1234"}, {" 01201 ", "01201"}};
  for (const auto& [zip, written] : rows)
    EXPECT_EQ(read_address(address(text(Json{{"zip", zip}})), "to")->zip, written) << zip;
}

TEST(Address, SaysWhatIsNotMailableAndNeverTheValue) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"name": ""})", "no name and no company"},
      {R"({"name": 7})", "name, state or country is not text"},
      {R"({"line1": ""})", "no line1"},
      {R"({"line1": ["canary"]})", "line1 is not text"},
      {R"({"city": null})", "no city"},
      {R"({"state": ""})", "no state"},
      {R"({"state": "canary"})", "the state is no US state"},
      {R"({"state": "Submitted"})", "the state is no US state"},
      {R"({"zip": ""})", "no zip"},
      {R"({"zip": 1201})", "lost its leading zeros"},
      {R"({"zip": "canary"})", "the zip is no US zip code"},
      {R"({"zip": "55802-12"})", "the zip is no US zip code"},
      {R"({"country": "canary"})", "the country is not the United States"}};
  for (const auto& [changes, words] : rows) {
    const auto read = read_address(address(changes), "to");
    ASSERT_FALSE(read) << changes;
    EXPECT_EQ(read.error().kind, ErrorKind::permanent);
    EXPECT_TRUE(read.error().message.starts_with("to: not mailable: ")) << read.error().message;
    EXPECT_NE(read.error().message.find(words), std::string::npos) << read.error().message;
    EXPECT_EQ(read.error().message.find("canary"), std::string::npos);
  }
  EXPECT_FALSE(read_address(Json("77 Birch Ct, Duluth"), "to"));
  EXPECT_FALSE(read_address(Json(nullptr), "to"));
}

TEST(StateCode, KnowsNamesAndCodes) {
  const std::pair<const char*, const char*> rows[] = {{"Minnesota", "MN"},   {"new york", "NY"}, {"DC", "DC"},
                                                      {"Puerto Rico", "PR"}, {" wa ", "WA"},     {"AE", "AE"},
                                                      {"Ontario", ""},       {"", ""},           {"M N", ""}};
  for (const auto& [name, code] : rows) EXPECT_EQ(state_code(name), code) << name;
}

}  // namespace TEST_FILE
}  // namespace milepost::postcard
