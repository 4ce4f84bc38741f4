// The vendor's schema, its inconsistencies, and what is done about each.
#include "plugins/crfconnect/lead.hpp"
#include "plugins/crfconnect/revision.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "plugins/crfconnect/sandbox/sample_lead.hpp"

namespace milepost::crfconnect {
namespace TEST_FILE {

// Tests change a lead as a tree; the plugin reads it as a list.
Result<Lead> read_lead(const Json& lead, const LeadRules& rules = {}) {
  return crfconnect::read_lead(Values(lead).root(), rules);
}
std::string revision_of(const Json& lead) { return crfconnect::revision_of(Values(lead).root()); }

Json sample() { return read_json(kSampleLead).value_or(Json()); }

/// The sample with one member set: a JSON pointer and a JSON text; "-" leaves it out.
Json with(const std::string& pointer, const std::string& value) {
  Json lead = sample();
  const auto slash = pointer.rfind('/');
  auto* parent = const_cast<Json*>(find(lead, pointer.substr(0, slash)));
  if (value == "-")
    parent->erase(pointer.substr(slash + 1));
  else
    (*parent)[pointer.substr(slash + 1)] = *read_json(value);
  return lead;
}

std::vector<std::string> warnings(const Json& lead) {
  std::vector<std::string> out;
  for (const auto& warning : read_lead(lead).value_or(Lead{}).warnings)
    out.push_back(warning.path + " " + std::string(name(warning.kind)));
  return out;
}
std::string reason(const Json& lead) {
  const auto read = read_lead(lead);
  if (read) return "";
  EXPECT_EQ(read.error().kind, ErrorKind::permanent);
  return read.error().message;
}

TEST(Lead, OfTheVendorsSampleIsAccepted) {
  const auto lead = read_lead(sample());
  ASSERT_TRUE(lead) << lead.error().message;
  EXPECT_EQ(lead->id, "4626a582-afb9-48bf-8d86-87e6fe91a842");
  EXPECT_EQ(lead->status, "Matched");
  EXPECT_FALSE(lead->removed);
  EXPECT_EQ(lead->created.time_since_epoch().count(), 1588979355479670);
  EXPECT_TRUE(lead->warnings.empty());
}

TEST(Lead, IsAcceptedWithWarningsOrWithout) {
  using Row = std::tuple<const char*, const char*, const char*>;  // pointer, value, warning
  const Row rows[] = {
      {"/howDidYouHear", "\"Google\"", ""},
      {"/howDidYouHear", "\"Radio\"", "/howDidYouHear unknown_value"},
      {"/revenueLastYear", "\"_100000To250000\"", ""},
      {"/revenueLastYear", "\"100000To250000\"", "/revenueLastYear near_value"},
      {"/businessAddress/state", "\"MN\"", ""},
      {"/businessAddress/state", "\"Elsewhere\"", ""},
      {"/useOfProceeds", "\" Working Capital \"", ""},
      {"/useOfProceeds", "\"working capital\"", "/useOfProceeds near_value"},
      {"/industry", "\"Accomodation & Food Service\"", ""},
      {"/industry", "\"Accommodation & Food Service\"", "/industry near_value"},
      {"/withdrawnReason", "\"Duplicate\"", ""},  // beside status Matched and a filled `funded`: status decides
      {"/funded/fundedAPR", "0.1", ""},           // below the interest rate
      {"/otherReasonText", "null", ""},
      {"/leadSource", "null", "/leadSource missing"},
      {"/servicePartner", "-", "/servicePartner missing"},
      {"/businessAddress/line2", "-", ""},
      {"/dateCreated", "\"2020-05-08T23:09:15-05:00\"", ""},
      {"/requestedAmount", "25000.000001", ""},
      {"/funded/fundedTermMonths", "12.5", ""},
      {"/matchedProduct/termRange/min", "12.0", ""},
      {"/phone", "\"(123) 456-7890\"", ""},
      {"/phone", "\"+1 123 456 7890\"", ""},
      {"/phone", "\"call me\"", "/phone odd_format"},
      {"/ficoScore", "null", ""},
      {"/collateralTypes", "[null, \"Vehicles\"]", "/collateralTypes/0 null_element"},
      {"/collateralTypes", "[\"Yacht\"]", "/collateralTypes/0 unknown_value"},
      {"/collateralTypes", "null", ""},
      {"/matchedProduct/tags", "[null]", "/matchedProduct/tags/0 null_element"},
      {"/matchedProduct/loanType", "\"Anything\"", ""},
      {"/matchedProduct", "null", ""},
      {"/businessAddress", "-", ""},
      {"/fraudScore", "null", ""},
      {"/fraudScore", "-", ""},
      {"/fraudScore", "0", ""},
      {"/fraudScore", "0.8499999999999999999999999", ""},
      {"/id", "\"4626A582-AFB9-48BF-8D86-87E6FE91A842\"", ""},
      {"/netProfit", "-1200.50", ""},
      {"/newField", "{\"a\": 1}", "/newField unknown_field"},
      {"/statistics/newField", "1", "/statistics/newField unknown_field"},
      {"/bob@somecompany.com", "1", "/(unprintable) unknown_field"},
      {"/email", "\"bob\"", "/email odd_format"},
      {"/email", "\"\"", ""},
      {"/businessAddress/zip", "\"55234-1234\"", ""},
      {"/businessAddress/zip", "\"K1A 0B1\"", "/businessAddress/zip odd_format"},
      {"/status", "\"funded\"", "/status near_value"},
      {"/state", "\"Removed\"", ""},
  };
  for (const auto& [pointer, value, warning] : rows) {
    const Json lead = with(pointer, value);
    EXPECT_EQ(reason(lead), "") << pointer << " " << value;
    const std::vector<std::string> expected = *warning ? std::vector<std::string>{warning} : std::vector<std::string>{};
    EXPECT_EQ(warnings(lead), expected) << pointer << " " << value;
  }
}

TEST(Lead, IsQuarantinedWithAReasonThatNamesThePlace) {
  using Row = std::tuple<const char*, const char*, const char*>;  // pointer, value, words of the reason
  const Row rows[] = {
      {"/id", "-", "/id: missing"},
      {"/id", "\"{4626a582-afb9-48bf-8d86-87e6fe91a842}\"", "/id: not a guid"},
      {"/id", "17", "/id: expected a guid, found a number"},
      {"/submissionId", "null", "/submissionId: null, and it must not be"},
      {"/duplicateId", "-", "/duplicateId: missing"},
      {"/dateCreated", "\"yesterday\"", "/dateCreated: not a time"},
      {"/dateCreated", "\"2020-05-08T23:09:15\"", "/dateCreated: not a time with an offset"},
      {"/status", "\"Approved\"", "/status: not one of the vendor's values for Lead Status"},
      {"/state", "\"Minnesota\"", "/state: not one of the vendor's values for State"},
      {"/requestedAmount", "\"25000\"", "/requestedAmount: expected a number, found string"},
      {"/requestedAmount", "0.00", "/requestedAmount: must be above zero"},
      {"/requestedAmount", "-1", "/requestedAmount: must be above zero"},
      {"/numEmployees", "\"3\"", "/numEmployees: expected a whole number, found string"},
      {"/numEmployees", "3.5", "/numEmployees: not a whole number"},
      {"/numEmployees", "1e400", "/numEmployees: out of range"},
      {"/matchedProduct/termRange/min", "12.5", "/matchedProduct/termRange/min: not a whole number"},
      {"/matchedProduct/termRange/type", "null", "/matchedProduct/termRange/type: null"},
      {"/statistics/craEligibleTract", "-", "/statistics/craEligibleTract: missing"},
      {"/productSet/name", "-", "/productSet/name: missing"},
      {"/productSet/id", "\"x\"", "/productSet/id: not a guid"},
      {"/leadSource/id", "5", "/leadSource/id: expected a guid"},
      {"/hasBusinessPlan", "\"yes\"", "/hasBusinessPlan: expected true or false"},
      {"/collateralTypes", "\"Inventory\"", "/collateralTypes: expected a list of texts"},
      {"/collateralTypes", "[1]", "/collateralTypes/0: expected text"},
      {"/businessAddress", "\"1 Pier St\"", "/businessAddress: expected an object"},
      {"/industry", "7", "/industry: expected text"},
      {"/fraudScore", "\"high\"", "/fraudScore: expected a number"},
      {"/fraudScore", "1.00000000000000000000001", "/fraudScore: outside 0 to 1"},
      {"/fraudScore", "-0.1", "/fraudScore: outside 0 to 1"},
      {"/fraudScore", "0.85", "/fraudScore: quarantined: at or above 0.85"},
      {"/fraudScore", "1", "/fraudScore: quarantined"},
  };
  for (const auto& [pointer, value, words] : rows)
    EXPECT_NE(reason(with(pointer, value)).find(words), std::string::npos)
        << pointer << " " << value << ": " << reason(with(pointer, value));
}

TEST(Lead, ComesAloneAndAsAnObject) {
  EXPECT_NE(reason(Json::array({sample(), sample()})).find("one lead comes per request"), std::string::npos);
  EXPECT_NE(reason(Json("text")).find("not an object"), std::string::npos);
  EXPECT_NE(reason(Json::object()).find("/requestedAmount: missing"), std::string::npos);
}

TEST(Lead, OfManyFaultsNamesTheFirstAndCountsTheRest) {
  Json lead = sample();
  for (auto& [key, value] : lead.items())
    if (key != "id") value = true;
  const auto words = reason(lead);
  EXPECT_NE(words.find("/submissionId: expected a guid"), std::string::npos);
  EXPECT_NE(words.find(" more"), std::string::npos);
  EXPECT_LT(words.size(), 1000u);
}

TEST(Lead, NeverShowsItsValuesInAReason) {
  Json lead = sample();
  for (auto& [key, value] : lead.items())
    if (value.is_string()) value = "canary-4711";
  lead["canary 4711"] = Json::array({"canary-4711"});
  lead["numEmployees"] = "canary-4711";
  EXPECT_EQ(reason(lead).find("canary"), std::string::npos) << reason(lead);
}

TEST(Lead, MayHaveItsOwnFraudLimit) {
  EXPECT_TRUE(read_lead(with("/fraudScore", "0.5"), {.fraud_quarantine_at = 0.51}));
  EXPECT_FALSE(read_lead(with("/fraudScore", "0.5"), {.fraud_quarantine_at = 0.5}));
}

TEST(Revision, IsTheSameForTheSameContent) {
  const auto revision = revision_of(sample());
  EXPECT_EQ(revision, "e4be38e0b61c7fb36ec9b89e61a83b79a3b0308e02c27facd201e9cd19d7275c") << "stores hold what an earlier version made";
  Json reordered = Json::object();
  const Json lead = sample();
  for (auto member = lead.rbegin(); member != lead.rend(); ++member) reordered[member.key()] = member.value();
  EXPECT_EQ(revision_of(reordered), revision);
  EXPECT_EQ(revision_of(with("/requestedAmount", "2.5e4")), revision);
  EXPECT_EQ(revision_of(with("/requestedAmount", "25000")), revision);
  EXPECT_EQ(revision_of(with("/otherReasonText", "null")), revision);
  EXPECT_EQ(revision_of(with("/id", "\"4626A582-AFB9-48BF-8D86-87E6FE91A842\"")), revision);
}

TEST(Revision, ChangesWithTheContent) {
  const auto revision = revision_of(sample());
  EXPECT_NE(revision_of(with("/status", "\"Contacted\"")), revision);
  EXPECT_NE(revision_of(with("/requestedAmount", "25000.01")), revision);
  EXPECT_NE(revision_of(with("/hasBusinessPlan", "null")), revision_of(with("/hasBusinessPlan", "-")));
  EXPECT_NE(revision_of(with("/numEmployees", "\"3\"")), revision);
  EXPECT_NE(revision_of(with("/newField", "null")), revision);
  EXPECT_NE(revision_of(with("/otherReasonText", "\"moved\"")), revision);
  EXPECT_NE(revision_of(with("/collateralTypes", "[\"Inventory\", null]")), revision);
}

}  // namespace TEST_FILE
}  // namespace milepost::crfconnect
