#include "host/loans/loan_state.hpp"

#include <gmock/gmock.h>

namespace milepost::loans {
namespace {

using std::chrono::hours;
const journal::Time kMonday = telemetry::Time(std::chrono::hours(24 * 20000));

Json after(const Json& state, const Json& changes, journal::Time time, journal::Sequence sequence) {
  auto merged = merge(state, changes, time, sequence);
  return merged ? *merged : state;
}

TEST(LoanState, KeepsWhatTheFirstEventSays) {
  const auto state = after(nullptr, {{"stage", "docs"}, {"branch", "duluth"}}, kMonday, 1);
  EXPECT_EQ(text(view(state)), R"({"stage":"docs","branch":"duluth","stage_since":"2024-10-04T00:00:00.000000Z"})");
}

TEST(LoanState, OrdersByEventTimeNotByArrival) {
  auto state = after(nullptr, {{"stage", "approval"}}, kMonday + hours(5), 1);
  state = after(state, {{"stage", "docs"}}, kMonday + hours(1), 2);
  EXPECT_EQ(view(state)["stage"], "approval");
}

TEST(LoanState, LetsTheLaterAcceptedWinAtTheSameTime) {
  auto state = after(nullptr, {{"stage", "docs"}}, kMonday, 1);
  state = after(state, {{"stage", "approval"}}, kMonday, 2);
  EXPECT_EQ(view(state)["stage"], "approval");
}

TEST(LoanState, AnUnchangedValueStillHoldsOffOlderOnes) {
  auto state = after(nullptr, {{"stage", "approval"}}, kMonday, 1);
  state = after(state, {{"stage", "approval"}}, kMonday + hours(5), 2);
  state = after(state, {{"stage", "docs"}}, kMonday + hours(3), 3);
  EXPECT_EQ(view(state)["stage"], "approval");
  EXPECT_EQ(view(state)["stage_since"], "2024-10-04T00:00:00.000000Z");
}

TEST(LoanState, MergesEachFieldByItself) {
  auto state = after(nullptr, {{"stage", "approval"}}, kMonday + hours(5), 1);
  state = after(state, {{"stage", "docs"}, {"broker", "b7"}}, kMonday + hours(1), 2);
  EXPECT_EQ(view(state)["stage"], "approval");
  EXPECT_EQ(view(state)["broker"], "b7");
}

TEST(LoanState, NullRemovesAField) {
  auto state = after(nullptr, {{"stage", "docs"}, {"broker", "b7"}}, kMonday, 1);
  state = after(state, {{"broker", nullptr}}, kMonday + hours(1), 2);
  EXPECT_FALSE(view(state).contains("broker"));
}

TEST(LoanState, AReplayOfTheSameEventChangesNothing) {
  const auto state = after(nullptr, {{"stage", "docs"}}, kMonday, 1);
  EXPECT_FALSE(merge(state, {{"stage", "docs"}}, kMonday, 1));
}

TEST(LoanState, KeepsNumbersExactly) {
  const auto amount = read_json("25000.00").value();
  EXPECT_EQ(text(view(after(nullptr, {{"amount", amount}}, kMonday, 1))["amount"]), "25000.00");
}

TEST(LoanState, NothingKnownIsNull) { EXPECT_TRUE(view(nullptr).is_null()); }

}  // namespace
}  // namespace milepost::loans
