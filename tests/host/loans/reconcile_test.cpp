#include "host/loans/reconcile.hpp"

#include "tests/host/loans/loans_rig.hpp"

namespace milepost::loans {
namespace TEST_FILE {

using testing::ElementsAre;
using testing::IsEmpty;

Comparison compared(const Json& fields, const Model& model = *Model::standard()) {
  auto out = compare({{"system", "crm"}, {"fields", fields}}, model, "reconcile");
  EXPECT_TRUE(out) << out.error().message;
  return out ? *out : Comparison();
}
bool same(const Json& ours, const Json& theirs, const std::string& as = "auto", const Model& model = *Model::standard()) {
  return compared({{"field", {{"ours", ours}, {"theirs", theirs}, {"as", as}}}}, model).mismatches.empty();
}

TEST(Compare, HoldsTextsAndNumbersAgainstEachOther) {
  EXPECT_TRUE(same("docs", "docs"));
  EXPECT_FALSE(same("docs", "Docs"));
  EXPECT_TRUE(same(Json::parse("325000"), "325000.00"));
  EXPECT_TRUE(same("1e3", 1000));
  EXPECT_FALSE(same("325000.01", "325000"));
  EXPECT_TRUE(same(true, "true"));
}

TEST(Compare, HoldsThemAgainstEachOtherAsItIsTold) {
  EXPECT_FALSE(same("1.0", "1", "exact"));
  EXPECT_TRUE(same("+1 (218) 555-0142", "218.555.0142", "phone"));
  EXPECT_TRUE(same("Ines  Okafor", " ines OKAFOR", "text"));
  EXPECT_FALSE(same("Ines Okafor", "Inés Okafor", "text"));
  EXPECT_TRUE(same("2026-11-20T14:05:00Z", "2026-11-20", "date"));
  EXPECT_FALSE(same("2026-11-20T14:05:00Z", "2026-11-21", "date"));
  EXPECT_TRUE(same("7", "7.00", "number"));
  EXPECT_TRUE(same("$325,000.00", Json::parse("325000"), "number"));
}

TEST(Compare, StagesAreTheModelsWhateverASystemCallsThem) {
  config::LoanModel definition;
  definition.synonyms["crm"] = {{"Submitted to UW", "underwriting"}};
  const auto model = model_of(definition);
  EXPECT_TRUE(same("underwriting", "submitted to uw", "stage", *model));
  EXPECT_FALSE(same("docs", "Submitted to UW", "stage", *model));
  EXPECT_FALSE(same("docs", "Elsewhere", "stage", *model)) << "an unmapped word differs from every stage";
}

TEST(Compare, WhatWeDoNotKnowIsNotCompared) {
  const auto out = compared({{"stage", {{"ours", nullptr}, {"theirs", "docs"}}}, {"branch", {{"ours", ""}, {"theirs", "x"}}}, {"amount", {{"theirs", 1}}}});
  EXPECT_THAT(out.compared, IsEmpty());
  EXPECT_THAT(out.mismatches, IsEmpty());
}

TEST(Compare, WhatTheyDoNotHaveIsAMismatch) {
  const auto out = compared({{"stage", {{"ours", "docs"}}}, {"branch", {{"ours", "duluth"}, {"theirs", "duluth"}}}});
  EXPECT_THAT(out.compared, ElementsAre("stage", "branch"));
  EXPECT_EQ(text(out.answer()), R"({"system":"crm","compared":2,"mismatched":1,"fields":{"stage":{"ours":"docs","theirs":null}}})");
}

TEST(Compare, ARecordThatIsNotThereIsOneMismatch) {
  const auto out = compare({{"system", "crm"}, {"found", false}, {"fields", {{"stage", {{"ours", "docs"}}}}}}, *Model::standard(), "p");
  ASSERT_TRUE(out);
  EXPECT_EQ(text(out->answer()), R"({"system":"crm","compared":1,"mismatched":1,"fields":{"record":{"ours":true,"theirs":false}}})");
}

TEST(Compare, RefusesWhatItCannotRead) {
  EXPECT_FALSE(compare({{"system", "crm"}, {"found", "maybe"}, {"fields", Json::object()}}, *Model::standard(), "p"));
  EXPECT_FALSE(compare({{"system", "crm"}, {"fields", {{"a", {{"ours", 1}, {"theirs", 2}, {"as", "magic"}}}}}}, *Model::standard(), "p"));
}

}  // namespace TEST_FILE
}  // namespace milepost::loans
