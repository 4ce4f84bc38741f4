#include "host/loans/model.hpp"

#include "tests/host/loans/loans_rig.hpp"

namespace milepost::loans {
namespace TEST_FILE {

TEST(LoanModel, KnowsTheSixStagesAndTheThreeEnds) {
  const auto& model = *Model::standard();
  for (const char* stage : {"inquiry", "pre-qual", "docs", "underwriting", "approval", "funding"}) {
    EXPECT_EQ(model.stage(stage, "p", "s"), stage);
    EXPECT_FALSE(model.terminal(stage));
  }
  for (const char* stage : {"denied", "withdrawn", "adverse"}) EXPECT_TRUE(model.terminal(stage));
}

TEST(LoanModel, TakesAStagesNameInAnyCaseAndSpacing) {
  EXPECT_EQ(Model::standard()->stage("  Pre Qual ", "p", "s"), "pre-qual");
  EXPECT_EQ(Model::standard()->stage("PRE_QUAL", "p", "s"), "pre-qual");
}

TEST(LoanModel, GuessesNothing) {
  for (const char* text : {"prequal", "Approved", "docs2", "", "-"}) EXPECT_FALSE(Model::standard()->stage(text, "p", "s")) << text;
}

TEST(LoanModel, ASynonymCountsForItsPipelineThenItsSourceThenForAny) {
  config::LoanModel definition;
  definition.synonyms["any"]["Submitted"] = "docs";
  definition.synonyms["acme.loans"]["Submitted"] = "underwriting";
  definition.synonyms["brokers"]["Submitted"] = "inquiry";
  const auto model = model_of(definition);
  EXPECT_EQ(model->stage("submitted", "brokers", "acme.loans"), "inquiry");
  EXPECT_EQ(model->stage("submitted", "other", "acme.loans"), "underwriting");
  EXPECT_EQ(model->stage("submitted", "other", "webhook"), "docs");
}

TEST(LoanModel, ASynonymMayGiveAStagesNameAnotherMeaning) {
  config::LoanModel definition;
  definition.synonyms["brokers"]["approval"] = "underwriting";
  EXPECT_EQ(model_of(definition)->stage("Approval", "brokers", "s"), "underwriting");
  EXPECT_EQ(model_of(definition)->stage("Approval", "los", "s"), "approval");
}

TEST(LoanModel, GoesForwardFreelyAndBackWithAReason) {
  const auto& model = *Model::standard();
  EXPECT_EQ(model.refusal("inquiry", "underwriting", false), "") << "stages may be passed over";
  EXPECT_EQ(model.refusal("approval", "docs", false), "docs comes before approval: back only with a reason");
  EXPECT_EQ(model.refusal("approval", "docs", true), "");
}

TEST(LoanModel, AnEndIsLeftOnlyWithAReason) {
  const auto& model = *Model::standard();
  EXPECT_EQ(model.refusal("docs", "withdrawn", false), "");
  EXPECT_EQ(model.refusal("denied", "adverse", false), "") << "from one end to another";
  EXPECT_THAT(model.refusal("withdrawn", "docs", false), ::testing::HasSubstr("only with a reason"));
  EXPECT_EQ(model.refusal("withdrawn", "docs", true), "");
}

TEST(LoanModel, AllowsOnlyTheMovesThatAreListed) {
  config::LoanModel definition;
  definition.moves["docs"] = {"underwriting", "withdrawn"};
  const auto model = model_of(definition);
  EXPECT_EQ(model->refusal("docs", "underwriting", false), "");
  EXPECT_EQ(model->refusal("docs", "funding", true), "loans.yaml allows no move from docs to funding") << "no reason helps";
  EXPECT_EQ(model->refusal("inquiry", "funding", false), "") << "not listed: as ever";
}

TEST(LoanModel, EachModelHasADigestOfItsOwn) {
  config::LoanModel definition;
  const auto before = model_of(definition)->digest();
  EXPECT_EQ(model_of(definition)->digest(), before);
  definition.service_levels["docs"].business_days = 3;
  EXPECT_NE(model_of(definition)->digest(), before);
}

TEST(LoanModel, RefusesAZoneThatTheMachineLacks) {
  config::LoanModel definition;
  definition.calendar.zone = "Mars/Olympus";
  config::Faults faults;
  EXPECT_FALSE(Model::compile(definition, faults));
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].code, "MP1059");
}

}  // namespace TEST_FILE
}  // namespace milepost::loans
