#include "host/loans/path.hpp"

#include <algorithm>

#include "tests/host/loans/loans_rig.hpp"

namespace milepost::loans {
namespace TEST_FILE {

using namespace std::chrono_literals;
using Kind = Verdict::Kind;

struct Said {
  Time time;
  std::string stage, reason, version;
};

/// What came of the last of these, said in this order.
Merged said(const std::vector<Said>& events, const Model& model = *Model::standard()) {
  Merged last;
  journal::Sequence sequence = 0;
  for (const auto& said : events) {
    auto merged = merge(last.state, {{"stage", said.stage}}, event_of(++sequence, said.time, said.reason, said.version), model);
    EXPECT_TRUE(merged);
    last = *merged;
  }
  return last;
}

std::string stays(const Json& state) {
  std::string out;
  const auto path = Path::from(state);
  for (const auto& stay : path.stays()) out.append(out.empty() ? "" : " ").append(stay.stage);
  return out;
}

TEST(LoanPath, GoesForward) {
  const auto merged = said({{kMonday, "inquiry", "", ""}, {kMonday + 1h, "docs", "", ""}});
  EXPECT_EQ(merged.stage->kind, Kind::moved);
  EXPECT_EQ(merged.stage->from, "inquiry");
  EXPECT_EQ(stays(merged.state), "inquiry docs");
}

TEST(LoanPath, StaysWhereItIsSaidToBeAgain) {
  const auto merged = said({{kMonday, "docs", "", ""}, {kMonday + 1h, "Docs", "", ""}});
  EXPECT_EQ(merged.stage->kind, Kind::kept);
  EXPECT_EQ(get<std::int64_t>(merged.state, "/since/stage"), telemetry::to_micros(kMonday));
}

TEST(LoanPath, ALateEventFindsItsPlaceInThePast) {
  const auto merged = said({{kMonday, "inquiry", "", ""}, {kMonday + 5h, "approval", "", ""}, {kMonday + 1h, "docs", "", ""}});
  EXPECT_EQ(merged.stage->kind, Kind::late);
  EXPECT_EQ(stage_of(merged.state), "approval");
  EXPECT_EQ(stays(merged.state), "inquiry docs approval");
}

TEST(LoanPath, GoesBackOnlyWithAReason) {
  auto merged = said({{kMonday, "approval", "", ""}, {kMonday + 1h, "docs", "", ""}});
  EXPECT_EQ(merged.stage->kind, Kind::refused);
  EXPECT_THAT(merged.stage->why, ::testing::HasSubstr("only with a reason"));
  EXPECT_EQ(stage_of(merged.state), "approval");
  merged = said({{kMonday, "approval", "", ""}, {kMonday + 1h, "docs", "income to be shown again", ""}});
  EXPECT_EQ(merged.stage->kind, Kind::moved);
  EXPECT_EQ(stays(merged.state), "approval docs");
}

TEST(LoanPath, TheStepsOwnReasonStandsForTheEvents) {
  const auto model = Model::standard();
  const auto state = after(nullptr, {{"stage", "approval"}}, event_of(1, kMonday));
  const auto merged = merge(state, {{"stage", "docs"}, {"reason", "reopened"}}, event_of(2, kMonday + 1h), *model);
  EXPECT_EQ(merged->stage->kind, Kind::moved);
  EXPECT_FALSE(merged->state["fields"].contains("reason"));
}

TEST(LoanPath, ReordersByVersionWhatHappenedAtOnce) {
  const auto merged = said({{kMonday, "underwriting", "", "10"}, {kMonday, "docs", "", "9"}});
  EXPECT_EQ(merged.stage->kind, Kind::late);
  EXPECT_EQ(stays(merged.state), "docs underwriting");
}

TEST(LoanPath, KeepsItsStageWhereNobodyMappedTheName) {
  const auto merged = said({{kMonday, "docs", "", ""}, {kMonday + 1h, "CTC", "", ""}});
  EXPECT_EQ(merged.stage->kind, Kind::unmapped);
  EXPECT_EQ(merged.claimed, "CTC");
  EXPECT_EQ(stage_of(merged.state), "docs");
}

TEST(LoanPath, FindsThePlaceOfANameThatIsMappedLater) {
  auto state = said({{kMonday, "docs", "", ""}, {kMonday + 1h, "CTC", "", ""}, {kMonday + 2h, "funding", "", ""}}).state;
  auto path = Path::from(state);
  EXPECT_TRUE(path.waits_for_mapping());
  EXPECT_FALSE(path.map_again(*Model::standard()));
  config::LoanModel definition;
  definition.synonyms["los"]["CTC"] = "approval";
  EXPECT_TRUE(path.map_again(*model_of(definition)));
  path.write(state);
  EXPECT_EQ(stays(state), "docs approval funding");
  EXPECT_FALSE(path.waits_for_mapping());
}

TEST(LoanPath, IsTheSameInWhateverOrderItsEventsArrive) {
  std::vector<std::pair<journal::Sequence, Said>> events = {{1, {kMonday, "inquiry", "", ""}},
                                                            {2, {kMonday + 1h, "docs", "", ""}},
                                                            {3, {kMonday + 2h, "approval", "", ""}},
                                                            {4, {kMonday + 3h, "docs", "", ""}},
                                                            {5, {kMonday + 4h, "underwriting", "new income", ""}},
                                                            {6, {kMonday + 5h, "docs", "", ""}}};
  std::optional<std::string> expected;
  std::ranges::sort(events, {}, &std::pair<journal::Sequence, Said>::first);
  do {
    Json state = nullptr;
    for (const auto& [sequence, said] : events) state = after(state, {{"stage", said.stage}}, event_of(sequence, said.time, said.reason));
    const auto got = text(state["path"]);
    if (!expected) expected = got;
    ASSERT_EQ(got, *expected);
  } while (std::ranges::next_permutation(events, {}, &std::pair<journal::Sequence, Said>::first).found);
  EXPECT_THAT(*expected, ::testing::HasSubstr("underwriting"));
}

TEST(LoanPath, BackAndForthTenTimesIsTenRefusals) {
  Json state = after(nullptr, {{"stage", "docs"}}, event_of(1, kMonday));
  int refused = 0;
  for (journal::Sequence i = 0; i < 10; ++i) {
    state = after(state, {{"stage", "underwriting"}}, event_of(2 * i + 2, kMonday + 1h * (2 * i + 1)));
    const auto back = merge(state, {{"stage", "docs"}}, event_of(2 * i + 3, kMonday + 1h * (2 * i + 2)), *Model::standard());
    refused += back->stage->kind == Kind::refused;
    state = back->state;
  }
  EXPECT_EQ(refused, 10);
  EXPECT_EQ(stays(state), "docs underwriting");
}

TEST(LoanPath, BackAndForthWithReasonsIsTwentyStays) {
  Json state = after(nullptr, {{"stage", "docs"}}, event_of(1, kMonday));
  for (journal::Sequence i = 0; i < 20; ++i)
    state = after(state, {{"stage", i % 2 == 0 ? "underwriting" : "docs"}}, event_of(i + 2, kMonday + 1h * (i + 1), "again"));
  EXPECT_EQ(Path::from(state).stays().size(), 21u);
  EXPECT_EQ(stage_of(state), "docs");
}

TEST(LoanPath, AnEndlessRowOfClaimsStaysBounded) {
  Json state = nullptr;
  for (journal::Sequence i = 1; i <= 300; ++i)
    state = after(state, {{"stage", i % 2 == 0 ? "docs" : "underwriting"}}, event_of(i, kMonday + 1h * i, "again"));
  EXPECT_EQ(state["claims"].size(), 64u);
  EXPECT_LE(Path::from(state).stays().size(), 165u);
  EXPECT_EQ(stage_of(state), "docs");
  const auto old = merge(state, {{"stage", "funding"}}, event_of(301, kMonday), *Model::standard());
  EXPECT_FALSE(old) << "too old to be placed";
}

}  // namespace TEST_FILE
}  // namespace milepost::loans
