#include "host/engine/ledger.hpp"

#include <gmock/gmock.h>

namespace milepost::engine {
namespace TEST_FILE {

using namespace std::chrono_literals;
using Next = Decision::Next;
const journal::Time kNow = telemetry::Time(std::chrono::hours(24 * 20000));

journal::Effect sent(unsigned attempt = 1, std::chrono::microseconds ago = 0s) {
  journal::Effect effect;
  effect.state = journal::EffectState::sent;
  effect.attempt = attempt;
  effect.first_at = effect.sent_at = kNow - ago;
  return effect;
}
Policy policy(Replay replay = Replay::never, bool lookup = false) {
  return {.traits = {.replay = replay, .key_lifetime = 24h, .settles_after = 60s}, .lookup = lookup, .retry = {}};
}
Decision decide(ErrorKind kind, const Policy& rule, journal::Effect effect = sent()) {
  return after_error(effect, {kind, "why"}, rule, kNow, 1, 0.5);
}
using Found = Result<std::optional<Answer>>;

TEST(Ledger, RetryableIsSentAgainAfterABackoff) {
  const auto decision = decide(ErrorKind::retryable, policy());
  EXPECT_EQ(decision.next, Next::send);
  EXPECT_EQ(decision.at, kNow + 500ms);
  EXPECT_TRUE(decision.counts);
}

TEST(Ledger, GivesUpWhenAttemptsAreUsedUp) {
  const auto decision = decide(ErrorKind::retryable, policy(), sent(12));
  EXPECT_EQ(decision.next, Next::failed);
  EXPECT_EQ(decision.reason, "gave up after 12 attempts: why");
}

TEST(Ledger, GivesUpWhenTheTimeIsOver) {
  EXPECT_EQ(decide(ErrorKind::retryable, policy(), sent(2, 24h * 8)).next, Next::failed);
}

TEST(Ledger, WaitsAsLongAsTheVendorAsksAndNeverLess) {
  Error error{ErrorKind::rate_limited, "slow down"};
  error.retry_after = 30s;
  const auto decision = after_error(sent(), error, policy(), kNow, 1, 0.5);
  EXPECT_EQ(decision.next, Next::send);
  EXPECT_EQ(decision.at, kNow + 30s);
  error.retry_after = 1ms;
  EXPECT_EQ(after_error(sent(), error, policy(), kNow, 1, 0.5).at, kNow + 500ms);
}

TEST(Ledger, ALimitCountsForNothingAndSlowsTheConnection) {
  const auto decision = decide(ErrorKind::rate_limited, policy(), sent(12, 24h * 8));
  EXPECT_EQ(decision.next, Next::send);
  EXPECT_FALSE(decision.counts);
  EXPECT_TRUE(decision.slow_down);
}

TEST(Ledger, AuthPausesTheConnectionAndCountsForNothing) {
  const auto decision = decide(ErrorKind::auth, policy(), sent(12));
  EXPECT_EQ(decision.next, Next::pause);
  EXPECT_FALSE(decision.counts);
}

TEST(Ledger, PermanentAndInternalFail) {
  EXPECT_EQ(decide(ErrorKind::permanent, policy(Replay::always, true)).next, Next::failed);
  EXPECT_EQ(decide(ErrorKind::internal, policy(Replay::always, true)).next, Next::failed);
}

TEST(Ledger, AnUnknownOutcomeIsNeverRepeatedByAGuess) {
  EXPECT_EQ(decide(ErrorKind::indeterminate, policy(Replay::never)).next, Next::in_doubt);
}

TEST(Ledger, AnUnknownOutcomeIsLookedUpWhereItCanBe) {
  for (const auto replay : {Replay::never, Replay::with_key, Replay::always})
    EXPECT_EQ(decide(ErrorKind::indeterminate, policy(replay, true)).next, Next::look_up);
}

TEST(Ledger, AnUnknownOutcomeIsRepeatedWhereThatIsHarmless) {
  EXPECT_EQ(decide(ErrorKind::indeterminate, policy(Replay::always)).next, Next::send);
}

TEST(Ledger, AKeyIsTrustedOnlyWithinItsLifetime) {
  EXPECT_EQ(decide(ErrorKind::indeterminate, policy(Replay::with_key), sent(1, 23h)).next, Next::send);
  EXPECT_EQ(decide(ErrorKind::indeterminate, policy(Replay::with_key), sent(1, 24h)).next, Next::in_doubt);
}

TEST(Ledger, AnUnknownOutcomeWithoutAttemptsLeftIsInDoubtNotFailed) {
  EXPECT_EQ(decide(ErrorKind::indeterminate, policy(Replay::always), sent(12)).next, Next::in_doubt);
}

TEST(Ledger, ALookUpThatFindsIsDone) {
  EXPECT_EQ(after_look_up(sent(), Found(std::optional(Answer{})), policy(Replay::never, true), kNow, 1, 0.5).next, Next::done);
}

TEST(Ledger, NotFoundIsBelievedOnlyAfterItSettles) {
  const auto early = after_look_up(sent(1, 59s), Found(std::nullopt), policy(Replay::never, true), kNow, 1, 0.5);
  EXPECT_EQ(early.next, Next::look_up);
  EXPECT_EQ(early.at, kNow + 1s);
  EXPECT_EQ(after_look_up(sent(1, 60s), Found(std::nullopt), policy(Replay::never, true), kNow, 1, 0.5).next, Next::send);
}

TEST(Ledger, ALookUpThatFailsIsAskedAgainAndThenAPersonDecides) {
  const auto error = Found(fail(ErrorKind::retryable, "down"));
  EXPECT_EQ(after_look_up(sent(), error, policy(Replay::never, true), kNow, 1, 0.5).next, Next::look_up);
  EXPECT_EQ(after_look_up(sent(1, 24h * 8), error, policy(Replay::never, true), kNow, 1, 0.5).next, Next::in_doubt);
  EXPECT_EQ(after_look_up(sent(), Found(fail(ErrorKind::permanent, "gone")), policy(Replay::never, true), kNow, 1, 0.5).next, Next::in_doubt);
  EXPECT_EQ(after_look_up(sent(), Found(fail(ErrorKind::auth, "401")), policy(Replay::never, true), kNow, 1, 0.5).next, Next::pause);
}

TEST(Ledger, ACrashLeavesAnUnknownOutcome) {
  EXPECT_EQ(after_crash(sent(), policy(Replay::never), kNow).next, Next::in_doubt);
  EXPECT_EQ(after_crash(sent(), policy(Replay::always), kNow).next, Next::send);
  EXPECT_EQ(after_crash(sent(), policy(Replay::never, true), kNow).next, Next::look_up);
}

TEST(Ledger, BackoffGrowsToTenMinutesAndIsNeverNothing) {
  EXPECT_EQ(backoff(1, 0.0), 50ms);
  EXPECT_EQ(backoff(1, 0.999), 999ms);
  EXPECT_EQ(backoff(4, 0.5), 4s);
  EXPECT_EQ(backoff(40, 1.0), 10min);
}

}  // namespace TEST_FILE
}  // namespace milepost::engine
