#include "host/loans/loan_state.hpp"

#include "tests/host/loans/loans_rig.hpp"

namespace milepost::loans {
namespace TEST_FILE {

using namespace std::chrono_literals;

Json seen(const Json& state, Time now = kMonday) { return view(state, *Model::standard(), now); }

TEST(LoanState, KeepsWhatTheFirstEventSays) {
  const auto state = after(nullptr, {{"stage", "docs"}, {"branch", "duluth"}}, event_of(1, kMonday));
  EXPECT_EQ(text(seen(state)),
            R"({"branch":"duluth","stage":"docs","stage_since":"2026-11-16T15:00:00.000000Z","days_in_stage":0,"business_days_in_stage":0})");
}

TEST(LoanState, OrdersByEventTimeNotByArrival) {
  auto state = after(nullptr, {{"stage", "approval"}, {"broker", "b9"}}, event_of(1, kMonday + 5h));
  state = after(state, {{"stage", "docs"}, {"broker", "b1"}}, event_of(2, kMonday + 1h));
  EXPECT_EQ(stage_of(state), "approval");
  EXPECT_EQ(seen(state)["broker"], "b9");
}

TEST(LoanState, LetsTheLaterAcceptedWinAtTheSameTime) {
  auto state = after(nullptr, {{"broker", "a"}}, event_of(1, kMonday));
  state = after(state, {{"broker", "b"}}, event_of(2, kMonday));
  EXPECT_EQ(seen(state)["broker"], "b");
}

TEST(LoanState, LetsTheHigherVersionWinAtTheSameTime) {
  auto state = after(nullptr, {{"broker", "ten"}}, event_of(1, kMonday, "", "10"));
  state = after(state, {{"broker", "nine"}}, event_of(2, kMonday, "", "9"));
  EXPECT_EQ(seen(state)["broker"], "ten");
}

TEST(LoanState, AnUnchangedValueStillHoldsOffOlderOnes) {
  auto state = after(nullptr, {{"broker", "b"}}, event_of(1, kMonday));
  state = after(state, {{"broker", "b"}}, event_of(2, kMonday + 5h));
  state = after(state, {{"broker", "a"}}, event_of(3, kMonday + 3h));
  EXPECT_EQ(seen(state)["broker"], "b");
}

TEST(LoanState, NullRemovesAField) {
  auto state = after(nullptr, {{"stage", "docs"}, {"broker", "b7"}}, event_of(1, kMonday));
  state = after(state, {{"broker", nullptr}}, event_of(2, kMonday + 1h));
  EXPECT_FALSE(seen(state).contains("broker"));
}

TEST(LoanState, TheSameEventAgainChangesNothing) {
  const Json with{{"stage", "docs"}, {"broker", "b"}, {"task", {{"id", "c-1"}}}};
  const auto state = after(nullptr, with, event_of(1, kMonday));
  EXPECT_FALSE(merge(state, with, event_of(1, kMonday), *Model::standard()));
}

TEST(LoanState, KeepsNumbersExactly) {
  const auto amount = read_json("25000.00").value();
  EXPECT_EQ(text(seen(after(nullptr, {{"amount", amount}}, event_of(1, kMonday)))["amount"]), "25000.00");
}

TEST(LoanState, NothingKnownIsNull) { EXPECT_TRUE(seen(nullptr).is_null()); }

TEST(LoanState, AnEventFromTheFutureCountsFromItsArrival) {
  auto far = event_of(1, kMonday);
  far.time = kMonday + 48h;
  auto state = after(nullptr, {{"stage", "docs"}}, far);
  EXPECT_EQ(seen(state)["stage_since"], "2026-11-16T15:00:00.000000Z");
  state = after(state, {{"stage", "underwriting"}}, event_of(2, kMonday + 1h));
  EXPECT_EQ(stage_of(state), "underwriting") << "the stray time does not hold off what follows";
}

TEST(LoanState, ALittleAheadIsBelieved) {
  auto near = event_of(1, kMonday);
  near.time = kMonday + 4min;
  EXPECT_EQ(seen(after(nullptr, {{"stage", "docs"}}, near))["stage_since"], "2026-11-16T15:04:00.000000Z");
}

TEST(LoanState, CountsDaysInStage) {
  const auto state = after(nullptr, {{"stage", "docs"}}, event_of(1, kMonday));
  const auto loan = seen(state, kMonday + 24h * 7 + 1h);
  EXPECT_EQ(loan["days_in_stage"], 7);
  EXPECT_EQ(loan["business_days_in_stage"], 5);
  EXPECT_FALSE(loan.contains("stuck")) << "no service level, no such thing";
}

TEST(LoanState, IsStuckPastItsServiceLevel) {
  config::LoanModel definition;
  definition.service_levels["docs"].business_days = 2;
  const auto model = model_of(definition);
  const auto state = after(nullptr, {{"stage", "docs"}}, event_of(1, kMonday), *model);
  EXPECT_EQ(view(state, *model, kMonday)["stage_due"], "2026-11-19T00:00:00.000000Z");
  EXPECT_EQ(view(state, *model, at("2026-11-18T23:59:59Z"))["stuck"], false);
  EXPECT_EQ(view(state, *model, at("2026-11-19T00:00:00Z"))["stuck"], true);
}

TEST(LoanState, AStateOfBeforeTheModelGoesOnFromItsStage) {
  const auto old = read_json(R"({"fields":{"stage":"docs"},"at":{"stage":[1000,3]},"since":{"stage":900}})").value();
  auto state = after(old, {{"stage", "underwriting"}}, event_of(4, kMonday));
  EXPECT_EQ(stage_of(state), "underwriting");
  EXPECT_EQ(Path::from(state).stays().size(), 2u);
  state = after(state, {{"stage", "docs"}}, event_of(5, kMonday + 1h));
  EXPECT_EQ(stage_of(state), "underwriting");
}

TEST(LoanState, SaysWhatIsWrongWithSettings) {
  const auto fault = [](const Json& with) { return fault_in(with, *Model::standard()); };
  EXPECT_EQ(fault({{"stage", "anything"}}), "");
  EXPECT_EQ(fault({{"stage", 3}}), "") << "a source may number its stages";
  EXPECT_THAT(fault({{"stage", Json::array()}}), ::testing::HasSubstr("`stage` is no text"));
  EXPECT_THAT(fault({{"stage", ""}}), ::testing::HasSubstr("1 to 256 bytes"));
  EXPECT_THAT(fault({{"task", {{"state", "assigned"}}}}), ::testing::HasSubstr("no id"));
}

}  // namespace TEST_FILE
}  // namespace milepost::loans
