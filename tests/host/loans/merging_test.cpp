// Two loans that turn out to be one.
#include "host/loans/merging.hpp"

#include "tests/host/loans/loans_rig.hpp"

namespace milepost::loans {
namespace TEST_FILE {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

std::vector<std::string> stages(const Json& state) {
  std::vector<std::string> out;
  const auto path = Path::from(state);
  for (const auto& stay : path.stays()) out.push_back(stay.stage);
  return out;
}

TEST(Merging, OfEachFieldAndTaskTheLastWordCounts) {
  const auto& model = *Model::standard();
  Json one = after(nullptr, {{"branch", "duluth"}, {"broker", "b-1"}, {"task", {{"id", "c-1"}}}}, event_of(1, kMonday));
  Json other = after(nullptr, {{"branch", "ely"}, {"phone", "1"}, {"task", {{"id", "c-1"}, {"state", "cleared"}}}}, event_of(2, kMonday + 1h));
  other = after(other, {{"broker", nullptr}}, event_of(3, kMonday + 2h));
  for (const auto& state : {joined(one, other, model), joined(other, one, model)}) {
    EXPECT_EQ(state["fields"], (Json{{"branch", "ely"}, {"phone", "1"}})) << text(state);
    EXPECT_EQ(state["tasks"]["c-1"]["fields"]["state"], "cleared");
  }
}

TEST(Merging, TheWayThroughTheStagesIsThatOfBoth) {
  const auto& model = *Model::standard();
  Json one = after(after(nullptr, {{"stage", "inquiry"}}, event_of(1, kMonday)), {{"stage", "docs"}}, event_of(3, kMonday + 2h));
  Json other = after(after(nullptr, {{"stage", "pre-qual"}}, event_of(2, kMonday + 1h)), {{"stage", "approval"}}, event_of(4, kMonday + 3h));
  EXPECT_THAT(stages(joined(one, other, model)), ElementsAre("inquiry", "pre-qual", "docs", "approval"));
  EXPECT_THAT(stages(joined(other, one, model)), ElementsAre("inquiry", "pre-qual", "docs", "approval"));
  EXPECT_EQ(stage_of(joined(one, other, model)), "approval");
}

TEST(Merging, NothingAndALoanAreThatLoan) {
  const auto& model = *Model::standard();
  const Json one = after(nullptr, {{"stage", "docs"}}, event_of(1, kMonday));
  EXPECT_EQ(joined(nullptr, one, model), one);
  EXPECT_EQ(stage_of(joined(one, nullptr, model)), "docs");
  EXPECT_TRUE(joined(nullptr, nullptr, model).is_null());
}

}  // namespace TEST_FILE
}  // namespace milepost::loans
