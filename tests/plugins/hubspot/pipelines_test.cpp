#include "plugins/hubspot/pipelines.hpp"

#include <gtest/gtest.h>

namespace milepost::hubspot {
namespace TEST_FILE {

const Pipelines kAccount = {{"default", "Sales", {{"closedwon", "Closed Won"}, {"s-docs", "Docs"}}},
                            {"77", "Loans", {{"101", "Docs"}, {"102", "Approval"}, {"103", "101"}}}};

TEST(HubspotPipelines, AreReadFromTheAnswer) {
  const auto read = to_pipelines(*read_json(
      R"({"results":[{"id":"77","label":"Loans","stages":[{"id":101,"label":"Docs"},{"label":"no id"},{"id":"102"}]},{"label":"no id"}]})"));
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].label, "Loans");
  ASSERT_EQ(read[0].stages.size(), 2u);
  EXPECT_EQ(read[0].stages[0].id, "101");
  EXPECT_EQ(read[0].stages[1].label, "102");
}

TEST(HubspotPipelines, AreNoneWhereTheAnswerIsNone) {
  EXPECT_TRUE(to_pipelines(nullptr).empty());
  EXPECT_TRUE(to_pipelines({{"results", "?"}}).empty());
}

struct Row {
  std::string within, stage, pipeline, id;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.within << "/" << row.stage; }
class HubspotPlace : public ::testing::TestWithParam<Row> {};
TEST_P(HubspotPlace, IsFound) {
  const auto& row = GetParam();
  const auto found = place(kAccount, row.within, row.stage);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->pipeline, row.pipeline);
  EXPECT_EQ(found->stage, row.id);
}
INSTANTIATE_TEST_SUITE_P(Table, HubspotPlace,
                         ::testing::Values(Row{"", "approval", "77", "102"},  // by label, whichever pipeline has it
                                           Row{"", "Closed WON", "default", "closedwon"},  // without case
                                           Row{"", "102", "77", "102"},                    // by id
                                           Row{"loans", "docs", "77", "101"},  // in the pipeline that is named
                                           Row{"77", "DOCS", "77", "101"}, Row{"default", "docs", "default", "s-docs"},
                                           Row{"77", "101", "77", "101"}));  // an id before a label that looks like it

TEST(HubspotPlace, NamesWhatTheAccountHasWhereNothingFits) {
  const std::tuple<std::string, std::string, std::string> rows[] = {
      {"", "secret stage",
       "no pipeline has this stage; the account has Sales: Closed Won, Docs; Loans: Docs, Approval, 101"},
      {"Loans", "secret stage", "no such stage in pipeline Loans; it has: Docs, Approval, 101"},
      {"Mortgages", "docs", "no such deal pipeline; the account has: Sales, Loans"},
      {"", "docs", "several pipelines have this stage (Sales, Loans): set deal_pipeline"},
  };
  for (const auto& [within, stage, words] : rows) {
    const auto found = place(kAccount, within, stage);
    ASSERT_FALSE(found) << words;
    EXPECT_EQ(found.error().kind, ErrorKind::permanent);
    EXPECT_NE(found.error().message.find(words), std::string::npos) << found.error().message;
    EXPECT_EQ(found.error().message.find("secret"), std::string::npos);
  }
  EXPECT_NE(place({}, "", "docs").error().message.find("the account has none"), std::string::npos);
}

}  // namespace TEST_FILE
}  // namespace milepost::hubspot
