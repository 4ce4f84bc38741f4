#include "host/loans/due.hpp"

#include "host/config/host_events.hpp"
#include "tests/host/loans/loans_rig.hpp"

namespace milepost::loans {
namespace TEST_FILE {

using namespace std::chrono_literals;

std::shared_ptr<const Model> model() {
  config::LoanModel definition;
  definition.service_levels["docs"].span = 24h;
  return model_of(definition);
}

TEST(LoanDues, AreTheStayAndTheOpenTasks) {
  const auto state = after(nullptr, {{"stage", "docs"}, {"branch", "duluth"}, {"tasks", {{{"id", "a"}, {"due", "2026-11-18"}}, {{"id", "b"}}, {{"id", "c"}, {"due", "2026-11-18"}, {"state", "cleared"}}}}},
                           event_of(1, kMonday), *model());
  const auto dues = dues_of("L-1", state, *model());
  ASSERT_EQ(dues.size(), 2u);
  EXPECT_EQ(dues[0].type, config::host_event::kLoanStuck);
  EXPECT_EQ(dues[0].at, kMonday + 24h);
  EXPECT_EQ(text(dues[0].payload),
            R"({"loan":"L-1","stage":"docs","branch":"duluth","since":"2026-11-16T15:00:00.000000Z","due":"2026-11-17T15:00:00.000000Z","service_level":"1d"})");
  EXPECT_EQ(dues[1].type, config::host_event::kTaskOverdue);
  EXPECT_EQ(dues[1].payload["task"], "a");
}

TEST(LoanDues, ALoanThatHasEndedIsNeverOverdue) {
  const auto state = after(nullptr, {{"stage", "denied"}, {"task", {{"id", "a"}, {"due", "2026-11-18"}}}}, event_of(1, kMonday), *model());
  EXPECT_TRUE(dues_of("L-1", state, *model()).empty());
}

TEST(LoanDues, AreKnownAgainByTheirIds) {
  const auto state = after(nullptr, {{"stage", "docs"}}, event_of(1, kMonday), *model());
  const auto again = after(state, {{"stage", "docs"}}, event_of(2, kMonday + 1h), *model());
  EXPECT_EQ(dues_of("L-1", state, *model())[0].id, dues_of("L-1", again, *model())[0].id);
  EXPECT_NE(dues_of("L-1", state, *model())[0].id, dues_of("L-2", state, *model())[0].id);
}

TEST(LoanDues, ARowOfOldEventsIsReadToItsEndFirst) {
  const auto state = after(nullptr, {{"stage", "docs"}}, event_of(1, kMonday), *model());
  EXPECT_EQ(next_look("L-1", state, *model(), kMonday + 240h), kMonday + 240h + 1min);
  EXPECT_EQ(next_look("L-1", state, *model(), kMonday), kMonday + 24h);
}

}  // namespace TEST_FILE
}  // namespace milepost::loans
