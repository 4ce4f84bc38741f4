// Every way that a delivery can go, with a crash at every commit: the real transition function against a vendor that is modelled as what
// it is, a place that either has the effect or has not, whatever it answers.
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "host/engine/ledger.hpp"

namespace milepost::engine {
namespace TEST_FILE {

using namespace std::chrono_literals;
using journal::Effect;
using journal::EffectState;
using journal::Time;
using Next = Decision::Next;

const Time kStart = Time(std::chrono::hours(24 * 20000));

/// What happens to one request out there.
enum class Fate { answered, lost_before, lost_after, refused_retryable, limited, refused_for_good, unauthorised };
constexpr Fate kFates[] = {Fate::answered, Fate::lost_before, Fate::lost_after, Fate::refused_retryable, Fate::limited, Fate::refused_for_good, Fate::unauthorised};

struct World {
  Effect effect;       ///< as committed
  Time now = kStart;
  bool keeps_keys = false;  ///< the vendor knows its keys again: a repeat has no second effect
  unsigned effects = 0;     ///< what the vendor holds
  bool ended = false;
  EffectState end{};
  std::string path;
};

class Explorer {
 public:
  Explorer(Policy policy, bool keeps_keys, int depth = 5) : policy_(policy), depth_(depth) {
    World world;
    world.keeps_keys = keeps_keys;
    explore(world, 0);
  }
  std::size_t ends = 0, done = 0, in_doubt = 0, failed = 0;

 private:
  void explore(World world, int depth) {
    if (world.ended) return end(world);
    if (depth == depth_) return;  // still under way: the journal has it
    if (world.effect.state == EffectState::planned) return send(world, depth);
    ASSERT_EQ(world.effect.state, EffectState::sent) << world.path;
    settle(world, depth);
  }

  /// Commit "sent", then the request leaves. A crash may come before the request, after it, or after the answer and before its commit.
  void send(World world, int depth) {
    world.effect.state = EffectState::sent;
    world.effect.attempt += 1;
    if (!world.effect.first_at) world.effect.first_at = world.now;
    world.effect.sent_at = world.now;
    {
      World crashed = world;
      crashed.path += " crash-before-request";
      restart(crashed, depth);
    }
    for (const Fate fate : kFates) {
      // Who knows the key again gives the first answer.
      if (fate == Fate::refused_for_good && world.keeps_keys && world.effects > 0) continue;
      World reached = world;
      Error error{ErrorKind::retryable, "why"};
      const bool arrives = fate == Fate::answered || fate == Fate::lost_after;
      if (arrives && !(reached.keeps_keys && reached.effects > 0)) reached.effects += 1;
      switch (fate) {
        case Fate::answered: break;
        case Fate::lost_before:
        case Fate::lost_after: error.kind = ErrorKind::indeterminate; break;  // nobody here can tell the two apart
        case Fate::refused_retryable: break;
        case Fate::limited: error.kind = ErrorKind::rate_limited; break;
        case Fate::refused_for_good: error.kind = ErrorKind::permanent; break;
        case Fate::unauthorised: error.kind = ErrorKind::auth; break;
      }
      reached.path += " fate" + std::to_string(static_cast<int>(fate));
      {
        World crashed = reached;
        crashed.path += " crash-before-outcome";
        restart(crashed, depth);
      }
      if (fate == Fate::answered) {
        finish(reached, EffectState::done, depth);
        continue;
      }
      follow(reached, after_error(reached.effect, error, policy_, reached.now, 1, 0.5), depth, error.kind == ErrorKind::indeterminate);
    }
  }

  /// Sent, and nobody knows: what a look-up may say, or what stands without one.
  void settle(World world, int depth) {
    if (!policy_.lookup) return follow(world, after_crash(world.effect, policy_, world.now), depth, true);
    {
      World failing = world;
      failing.path += " look-up-fails";
      follow(failing, after_look_up(failing.effect, fail(ErrorKind::retryable, "down"), policy_, failing.now, 1, 0.5), depth);
    }
    // Until it settles the vendor may not show what it has; after that it tells the truth.
    const bool settled = world.now >= *world.effect.sent_at + policy_.traits.settles_after;
    if (world.effects > 0) {
      World found = world;
      found.path += " found";
      follow(found, after_look_up(found.effect, std::optional(Answer{}), policy_, found.now, 1, 0.5), depth);
    }
    if (world.effects == 0 || !settled) {
      World missing = world;
      missing.path += " not-found";
      follow(missing, after_look_up(missing.effect, std::optional<Answer>(), policy_, missing.now, 1, 0.5), depth);
    }
  }

  void follow(World world, const Decision& decision, int depth, bool unknown = false) {
    ASSERT_GE(decision.at.time_since_epoch().count(), 0) << world.path;
    switch (decision.next) {
      case Next::done: return finish(world, EffectState::done, depth);
      case Next::failed: return finish(world, EffectState::failed, depth);
      case Next::in_doubt: return finish(world, EffectState::in_doubt, depth);
      case Next::look_up: break;  // stays sent
      case Next::send:
      case Next::pause:
        if (decision.next == Next::send || world.effect.state != EffectState::sent || !policy_.lookup) world.effect.state = EffectState::planned;
        if (!decision.counts && world.effect.attempt > 0) world.effect.attempt -= 1;
        if (unknown && world.effect.state == EffectState::planned) world.effect.unknown = true;
        break;
    }
    world.now = std::max(world.now, decision.at) + 1ms;
    world.path += " next" + std::to_string(static_cast<int>(decision.next));
    explore(world, depth + 1);
  }

  /// The commit of an outcome may be what a crash prevents: then the row is still sent.
  void finish(World world, EffectState state, int depth) {
    {
      World crashed = world;
      crashed.path += " crash-before-end";
      restart(crashed, depth);
    }
    world.ended = true;
    world.end = state;
    explore(world, depth + 1);
  }

  void restart(World world, int depth) {
    world.now += 1s;
    explore(world, depth + 1);
  }

  void end(const World& world) {
    ++ends;
    switch (world.end) {
      case EffectState::done:
        ++done;
        ASSERT_GE(world.effects, 1u) << "done without an effect:" << world.path;
        break;
      case EffectState::failed:
        ++failed;
        // Who failed may be sent again by a person: it must not have happened.
        if (policy_.traits.replay != Replay::always) {
          ASSERT_EQ(world.effects, 0u) << "failed, but it happened:" << world.path;
        }
        break;
      default: ++in_doubt; break;
    }
    if (policy_.traits.replay != Replay::always) {
      ASSERT_LE(world.effects, 1u) << "twice:" << world.path;
    }
  }

  const Policy policy_;
  const int depth_;
};

Policy policy(Replay replay, bool lookup) {
  return {.traits = {.replay = replay, .key_lifetime = 24h, .settles_after = 60s}, .lookup = lookup, .retry = {.attempts = 3}};
}

TEST(EveryPath, OfAnActionThatCannotBeRepeatedHasItsEffectAtMostOnce) {
  const Explorer explorer(policy(Replay::never, false), false);
  EXPECT_GT(explorer.done, 0u);
  EXPECT_GT(explorer.in_doubt, 0u);
  EXPECT_GT(explorer.failed, 0u);
}

TEST(EveryPath, OfAnActionWithALookUpHasItsEffectAtMostOnce) {
  const Explorer explorer(policy(Replay::never, true), false, 7);
  EXPECT_GT(explorer.ends, 1000u);
  EXPECT_GT(explorer.done, 0u);
}

TEST(EveryPath, OfAnActionWithKeysHasItsEffectAtMostOnce) {
  const Explorer explorer(policy(Replay::with_key, false), true);
  EXPECT_GT(explorer.ends, 1000u);
}

TEST(EveryPath, OfAnActionThatMayBeRepeatedEndsDone) {
  const Explorer explorer(policy(Replay::always, false), false);
  EXPECT_GT(explorer.done, 0u);
}

}  // namespace TEST_FILE
}  // namespace milepost::engine
