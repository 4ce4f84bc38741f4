#include "plugins/postcard/card.hpp"

#include <gtest/gtest.h>

#include "milepost/testing/rig.hpp"
#include "plugins/postcard/lob.hpp"
#include "plugins/postcard/pcm.hpp"

namespace milepost::postcard {
namespace TEST_FILE {

const std::string kKey = testing::key_of("card");

Account account(const Json& changes = Json::object()) {
  Json settings{{"designs", {{"approval", 41207}, {"letter", "41208"}}},
                {"return_address",
                 {{"company", "Harbor Home Loans"},
                  {"line1", "4 Pier St"},
                  {"city", "Duluth"},
                  {"state", "MN"},
                  {"zip", "55802"}}}};
  settings.update(changes);
  return *account_settings().parse(settings);
}
Json with(const Json& changes = Json::object()) {
  Json out{{"design", "approval"},
           {"to",
            {{"name", "Ines Okafor"},
             {"line1", "77 Birch Ct"},
             {"city", "Duluth"},
             {"state", "Minnesota"},
             {"zip", "55802"}}},
           {"tracking_code", "K7Q2M9XA"}};
  out.update(changes);
  return out;
}
Result<Card> card(const Json& changes = Json::object(), const Account& on = account()) {
  return read_card(on, {nullptr, with(changes), kKey});
}
Account lob(const Json& changes = Json::object()) {
  Json settings{{"vendor", "lob"},
                {"base_url", "https://api.lob.com/v1"},
                {"use_type", "operational"},
                {"designs", {{"approval", {{"front", "tmpl_a"}, {"back", "tmpl_b"}}}}}};
  settings.update(changes);
  return account(settings);
}

TEST(PcmOrder, IsAsTheVendorWantsIt) {
  const auto read = card({{"variables", {{"amount", Number{"25000.00"}.json()}, {"vip", true}, {"none", nullptr}}},
                          {"mail_date", "2026-11-05"},
                          {"reference", "L-1001-approval"}});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(
      text(pcm_order(*read)),
      R"({"extRefNbr":"L-1001-approval-)" + kKey.substr(0, 8) +
          R"(","mailClass":"FirstClass","designID":41207,"mailDate":"2026-11-05",)"
          R"("returnAddress":{"firstName":"","lastName":"","company":"Harbor Home Loans","address":"4 Pier St","city":"Duluth","state":"MN","zipCode":"55802"},)"
          R"("recipients":[{"firstName":"Ines","lastName":"Okafor","address":"77 Birch Ct","city":"Duluth","state":"MN","zipCode":"55802",)"
          R"("extRefNbr":"K7Q2M9XA","variables":[{"key":"amount","value":"25000.00"},{"key":"vip","value":"true"},{"key":"trackingCode","value":"K7Q2M9XA"}]}]})");
}

TEST(PcmOrder, FallsBackToTheKeysReference) {
  const auto read = card({{"tracking_code", nullptr}, {"mail_class", "standard"}, {"design", 41208}});
  ASSERT_TRUE(read) << read.error().message;
  const auto order = pcm_order(*read);
  EXPECT_EQ(get<std::string>(order, "/extRefNbr").value_or(""), "mp-" + kKey);
  EXPECT_EQ(get<std::string>(order, "/recipients/0/extRefNbr").value_or(""), "mp-" + kKey);
  EXPECT_EQ(get<std::string>(order, "/mailClass").value_or(""), "Standard");
  EXPECT_EQ(get<int>(order, "/designID").value_or(0), 41208);
  EXPECT_TRUE(find(order, "/recipients/0/variables")->empty());
  EXPECT_LE(read->marks.reference.size(), 50u);
}

TEST(LobPostcard, IsAsTheVendorWantsIt) {
  const auto read = card({{"size", "6x9"}, {"reference", "L-1001"}}, lob());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(
      text(lob_postcard(*read, "operational")),
      R"({"to":{"name":"Ines Okafor","address_line1":"77 Birch Ct","address_city":"Duluth","address_state":"MN","address_zip":"55802","address_country":"US"},)"
      R"("from":{"company":"Harbor Home Loans","address_line1":"4 Pier St","address_city":"Duluth","address_state":"MN","address_zip":"55802","address_country":"US"},)"
      R"("front":"tmpl_a","back":"tmpl_b","size":"6x9","mail_type":"usps_first_class","use_type":"operational",)"
      R"("merge_variables":{"trackingCode":"K7Q2M9XA"},"metadata":{"ref":"mp-)" +
          kKey + R"(","reference":"L-1001-)" + kKey.substr(0, 8) + R"(","tracking_code":"K7Q2M9XA"}})");
}

TEST(Card, TakesADesignByNameOrAsTheVendorCallsIt) {
  EXPECT_EQ(*pcm_design(card()->design), Json(41207));
  EXPECT_EQ(*pcm_design(card({{"design", "letter"}})->design), Json(41208));
  EXPECT_EQ(*pcm_design(card({{"design", "41999"}})->design), Json(41999));
  EXPECT_TRUE(card({{"design", {{"front", "tmpl_x"}, {"back", "tmpl_y"}}}}, lob()));
}

TEST(Card, IsRefusedWithTheSettingsName) {
  const std::tuple<Json, Account, const char*> rows[] = {
      {{{"design", "aproval"}}, account(), "design: neither one of the connection's designs"},
      {{{"design", 3.5}}, account(), "design: neither"},
      {{{"design", "41207"}}, lob(), "design: neither"},
      {{{"size", "6x9"}}, account(), "size: vendor pcm takes it from the design"},
      {{{"mail_date", "5 Nov"}}, account(), "mail_date: expected YYYY-MM-DD"},
      {{{"mail_date", "2026-02-30"}}, account(), "mail_date: expected YYYY-MM-DD"},
      {{{"mail_class", "express"}}, account(), "mail_class: expected one of"},
      {{{"variables", {{"list", {1, 2}}}}}, account(), "variables.list: expected text"},
      {{{"variables", "x"}}, account(), "variables: expected names and values"},
      {{{"tracking_code", std::string(51, 'x')}}, account(), "tracking_code: more than 50"},
      {{{"reference", std::string(42, 'x')}}, account(), "reference: more than 41"},
      {{{"to", "77 Birch Ct"}}, account(), "to: not mailable"},
      {{{"return_address", {{"company", "x"}}}}, account(), "return_address: not mailable: no line1"},
      {{{"too", "x"}}, account(), "too: unknown key"}};
  for (const auto& [changes, on, words] : rows) {
    const auto read = card(changes, on);
    ASSERT_FALSE(read) << words;
    EXPECT_EQ(read.error().kind, ErrorKind::permanent);
    EXPECT_NE(read.error().message.find(words), std::string::npos) << read.error().message;
  }
  for (auto key : {"design", "to"}) {
    Json incomplete = with();
    incomplete.erase(key);
    const auto read = read_card(account(), {nullptr, incomplete, kKey});
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().message, std::string(key) + ": missing");
  }
}

TEST(Marks, NeedNeitherDesignNorGoodAddress) {
  const auto marks = read_marks({nullptr, with({{"design", "gone"}, {"to", "nowhere"}}), kKey});
  ASSERT_TRUE(marks);
  EXPECT_EQ(marks->reference, "mp-" + kKey);
}

TEST(Account, IsCheckedAsAWhole) {
  EXPECT_TRUE(validate(account()));
  EXPECT_TRUE(validate(lob()));
  const std::pair<Account, const char*> rows[] = {
      {lob({{"base_url", "https://v3.pcmintegrations.com"}}), "base_url: vendor lob"},
      {lob({{"use_type", nullptr}}), "use_type: vendor lob"},
      {lob({{"designs", {{"approval", 41207}}}}), "designs.approval: expected {front"},
      {account({{"designs", {{"approval", "tmpl_a"}}}}), "designs.approval: expected a design's number"},
      {account({{"designs", "approval"}}), "designs: expected names"},
      {account({{"return_address", {{"company", "x"}}}}), "return_address: not mailable"}};
  for (const auto& [on, words] : rows) {
    const auto valid = validate(on);
    ASSERT_FALSE(valid) << words;
    EXPECT_NE(valid.error().message.find(words), std::string::npos) << valid.error().message;
  }
}

TEST(VendorWord, PassesNamesAndNothingElse) {
  EXPECT_EQ(vendor_word("recipients[0].zipCode"), "recipients[0].zipCode");
  EXPECT_EQ(vendor_word("failed_deliverability_strictness"), "failed_deliverability_strictness");
  EXPECT_EQ(vendor_word("77 Birch Ct"), "");
  EXPECT_EQ(vendor_word(std::string(65, 'a')), "");
}

}  // namespace TEST_FILE
}  // namespace milepost::postcard
