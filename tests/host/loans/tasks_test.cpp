#include "host/loans/tasks.hpp"

#include "tests/host/loans/loans_rig.hpp"

namespace milepost::loans {
namespace TEST_FILE {

using namespace std::chrono_literals;

TEST(LoanTasks, AreAssignedAndCleared) {
  auto state = after(nullptr, {{"task", {{"id", "c-1"}, {"title", "Pay stubs"}, {"due", "2026-11-18"}}}}, event_of(1, kMonday));
  auto loan = view(state, *Model::standard(), kMonday);
  EXPECT_EQ(loan["open_tasks"], 1);
  EXPECT_EQ(loan["tasks"]["c-1"]["state"], "assigned");
  EXPECT_EQ(loan["tasks"]["c-1"]["due"], "2026-11-19T00:00:00.000000Z");
  state = after(state, {{"task", {{"id", "c-1"}, {"state", "cleared"}}}}, event_of(2, kMonday + 1h));
  loan = view(state, *Model::standard(), kMonday + 1h);
  EXPECT_EQ(loan["open_tasks"], 0);
  EXPECT_EQ(loan["tasks"]["c-1"]["title"], "Pay stubs") << "what is not said again stays";
}

TEST(LoanTasks, AreOverdueOnceTheirDateHasPassed) {
  const auto state = after(nullptr, {{"tasks", {{{"id", 7}, {"due", "2026-11-16T16:00:00Z"}}, {{"id", "b"}}}}}, event_of(1, kMonday));
  EXPECT_EQ(view(state, *Model::standard(), at("2026-11-16T15:59:59Z"))["overdue_tasks"], 0);
  const auto loan = view(state, *Model::standard(), at("2026-11-16T16:00:00Z"));
  EXPECT_EQ(loan["overdue_tasks"], 1);
  EXPECT_EQ(loan["open_tasks"], 2);
  EXPECT_EQ(loan["tasks"]["7"]["overdue"], true);
}

TEST(LoanTasks, AnAssignmentThatComesLateDoesNotOpenAClearedOne) {
  auto state = after(nullptr, {{"task", {{"id", "c-1"}, {"state", "cleared"}}}}, event_of(1, kMonday + 2h));
  state = after(state, {{"task", {{"id", "c-1"}, {"state", "assigned"}, {"title", "Pay stubs"}}}}, event_of(2, kMonday));
  EXPECT_EQ(view(state, *Model::standard(), kMonday)["open_tasks"], 0);
  EXPECT_EQ(view(state, *Model::standard(), kMonday)["tasks"]["c-1"]["title"], "Pay stubs");
}

TEST(LoanTasks, SayWhatIsWrong) {
  const auto wrong = [](const Json& task) {
    const auto tasks = tasks_in({{"task", task}}, *Model::standard());
    return tasks ? "" : tasks.error().message;
  };
  EXPECT_EQ(wrong({{"id", "a"}, {"state", nullptr}, {"due", nullptr}}), "");
  EXPECT_EQ(wrong({{"title", "x"}}), "track: a task has no id");
  EXPECT_EQ(wrong({{"id", "a"}, {"state", "done"}}), "track: task a: its state is assigned or cleared, not \"done\"");
  EXPECT_EQ(wrong({{"id", "a"}, {"due", "soon"}}), "track: task a: `due` is neither a time (RFC 3339) nor a date such as 2026-11-26");
  EXPECT_EQ(wrong("a"), "track: a task is no mapping");
}

}  // namespace TEST_FILE
}  // namespace milepost::loans
