#include <gmock/gmock.h>

#include "tests/host/journal/fixture.hpp"
#include "tests/host/journal/older_store.hpp"

namespace milepost::journal {
namespace TEST_FILE {

class Ledger : public StoreTest {
 protected:
  void put(Sequence event, const std::string& step, EffectState state) {
    run([&](Writer& writer) {
      Effect effect;
      effect.event = event;
      effect.step = step;
      effect.state = state;
      writer.put(effect);
    });
  }
};

TEST_F(Ledger, KeepsAnEffectWhole) {
  Effect effect;
  effect.event = 7;
  effect.step = "card";
  effect.state = EffectState::sent;
  effect.attempt = 3;
  effect.key = std::string(32, 'b');
  effect.connection = "postcards";
  effect.definition = "d";
  effect.plugin = "p";
  effect.first_at = kStart;
  effect.sent_at = kStart + std::chrono::seconds(2);
  effect.error = R"({"kind":"retryable"})";
  run([&](Writer& writer) { writer.put(effect); });
  ASSERT_EQ(store->sent_without_outcome().size(), 1u);
  effect.state = EffectState::done;
  effect.ended_at = kStart + std::chrono::seconds(3);
  effect.answer = R"({"effect":"created"})";
  run([&](Writer& writer) { writer.put(effect); });
  reopen();

  EXPECT_TRUE(store->sent_without_outcome().empty());
  const auto effects = store->effects(7);
  ASSERT_EQ(effects.size(), 1u);
  const Effect& stored = effects[0];
  EXPECT_EQ(stored.step, "card");
  EXPECT_EQ(stored.state, EffectState::done);
  EXPECT_EQ(stored.attempt, 3u);
  EXPECT_EQ(stored.key, effect.key);
  EXPECT_EQ(stored.connection, "postcards");
  EXPECT_EQ(stored.first_at, effect.first_at);
  EXPECT_EQ(stored.sent_at, effect.sent_at);
  EXPECT_EQ(stored.ended_at, effect.ended_at);
  EXPECT_FALSE(stored.next_at);
  EXPECT_EQ(stored.answer, effect.answer);
  EXPECT_EQ(stored.error, effect.error);
}

TEST_F(Ledger, SeesWithinAWorkWhatThatWorkWrote) {
  std::size_t found = 0;
  std::optional<Effect> one, none;
  run([&](Writer& writer) {
    Effect effect;
    effect.event = 1;
    effect.step = "crm";
    writer.put(effect);
    found = writer.effects(1).size();
    one = writer.effect(1, "crm");
    none = writer.effect(1, "card");
  });
  EXPECT_EQ(found, 1u);
  EXPECT_TRUE(one);
  EXPECT_FALSE(none);
}

TEST_F(Ledger, ClaimsAKeyOnceAndForEver) {
  std::optional<Once> first, again, other;
  run([&](Writer& writer) { first = writer.claim({"key", 1, "card"}); });
  reopen();
  run([&](Writer& writer) {
    again = writer.claim({"key", 1, "card"});
    other = writer.claim({"key", 2, "card"});
  });
  EXPECT_FALSE(first);
  EXPECT_FALSE(again);  // its own, from an earlier attempt
  ASSERT_TRUE(other);
  EXPECT_EQ(other->event, 1u);
  EXPECT_EQ(other->step, "card");
}

TEST_F(Ledger, KnowsWhatALaterEventOfTheLaneHasFinished) {
  for (int i = 1; i <= 4; ++i) accept(milestone(std::to_string(i), i == 4 ? "L-2" : "L-1"));
  put(2, "crm", EffectState::done);
  put(3, "card", EffectState::sent);
  put(4, "card", EffectState::done);
  const auto later = [&](Sequence after, const std::string& step) {
    bool finished = false;
    run([&](Writer& writer) { finished = writer.finished_later("loan-milestones", "L-1", after, step); });
    return finished;
  };
  EXPECT_TRUE(later(1, "crm"));
  EXPECT_FALSE(later(2, "crm"));   // itself is not later
  EXPECT_FALSE(later(1, "card"));  // sent is not done, and L-2 is another lane
}

TEST_F(Ledger, KeepsLoanRevisionsAndLinks) {
  std::optional<LoanRevision> latest;
  std::optional<std::string> linked, unlinked;
  run([&](Writer& writer) {
    writer.append(LoanRevision{"L-1", 1, 10, kStart, R"({"stage":"docs"})"});
    writer.append(LoanRevision{"L-1", 2, 11, kStart, R"({"stage":"approval"})"});
    latest = writer.loan("L-1");
    writer.put(Link{"hubspot", "deals", "8817", "hubspot:deals:8817"});
    writer.put(Link{"hubspot", "deals", "8817", "L-1"});
    linked = writer.linked("hubspot", "deals", "8817");
    unlinked = writer.linked("hubspot", "contacts", "8817");
  });
  EXPECT_EQ(latest->revision, 2);
  EXPECT_EQ(linked, "L-1");
  EXPECT_FALSE(unlinked);
  EXPECT_EQ(store->loan("L-1")->state, R"({"stage":"approval"})");
  EXPECT_EQ(store->loan("L-1", 1)->state, R"({"stage":"docs"})");
  EXPECT_EQ(store->loan("L-1", 1)->event, 10u);
  EXPECT_FALSE(store->loan("L-1", 3));
  EXPECT_FALSE(store->loan("L-2"));
  EXPECT_EQ(store->linked("hubspot", "deals", "8817"), "L-1");

  const Status again = store->run([](Writer& writer) { writer.append(LoanRevision{"L-1", 2, 12, kStart, "{}"}); });
  EXPECT_FALSE(again);  // a revision is written once
}

TEST_F(Ledger, ForgetsALoanWhoseWorkFailed) {
  std::optional<LoanRevision> unknown, within, after;
  run([&](Writer& writer) { writer.append(LoanRevision{"L-1", 1, 10, kStart, R"({"stage":"docs"})"}); });
  const Status failed = store->run([&](Writer& writer) {
    unknown = writer.loan("L-2");
    writer.append(LoanRevision{"L-1", 2, 11, kStart, R"({"stage":"approval"})"});
    writer.append(LoanRevision{"L-2", 1, 11, kStart, R"({"stage":"docs"})"});
    within = writer.loan("L-2");
    throw std::runtime_error("on purpose");
  });
  EXPECT_FALSE(failed);
  run([&](Writer& writer) {
    after = writer.loan("L-2");
    EXPECT_EQ(writer.loan("L-1")->revision, 1);
    writer.append(LoanRevision{"L-2", 1, 12, kStart, "{}"});
    EXPECT_EQ(writer.loan("L-2")->event, 12u);
  });
  EXPECT_FALSE(unknown);
  EXPECT_TRUE(within);
  EXPECT_FALSE(after);
  EXPECT_EQ(store->loan("L-1")->revision, 1);
  EXPECT_EQ(store->loan("L-2")->event, 12u);
}

/// More than it keeps in memory, in number and in size.
TEST_F(Ledger, KnowsTheLatestRevisionOfEachOfManyLoans) {
  constexpr int kLoans = 3000;
  const auto state = [](int i, int revision) { return std::string(static_cast<std::size_t>(i % 1000), 'x') + std::to_string(i + revision); };
  for (int revision = 1; revision <= 2; ++revision)
    run([&](Writer& writer) {
      for (int i = 0; i < kLoans; ++i) {
        const auto subject = "L-" + std::to_string(i);
        const auto before = writer.loan(subject);
        ASSERT_EQ(before ? before->revision : 0, revision - 1) << subject;
        if (before) {
          ASSERT_EQ(before->state, state(i, 1)) << subject;
        }
        writer.append(LoanRevision{subject, revision, static_cast<Sequence>(i), kStart, state(i, revision)});
        ASSERT_EQ(writer.loan(subject)->state, state(i, revision)) << subject;
      }
    });
}

TEST_F(Ledger, OfVersionTwelveKeepsItsLoans) {
  store.reset();
  make_older_store(path, 12);
  ASSERT_EQ(Raw(path).execute("INSERT INTO loans VALUES ('L-2', 1, 5, 50, '{\"a\":5}'), ('L-1', 2, 9, 90, '{\"a\":9}'), ('L-1', 1, 3, 30, '{\"a\":3}')"), "");
  open();
  const auto latest = store->loan("L-1");
  ASSERT_TRUE(latest);
  EXPECT_EQ(std::tuple(latest->revision, latest->event, latest->state), std::tuple(2, 9u, R"({"a":9})"));
  EXPECT_EQ(store->loan("L-1", 1)->state, R"({"a":3})");
  EXPECT_EQ(store->loans("", 10).size(), 2u);
  run([](Writer& writer) { writer.append({"L-1", 3, 11, kStart, "{}"}); });
  EXPECT_EQ(store->loan_history("L-1", 0, 10).size(), 3u);
  // As before, a revision is there once.
  EXPECT_FALSE(store->run([](Writer& writer) { writer.append({"L-2", 1, 12, kStart, "{}"}); }));
}

TEST_F(Ledger, KeepsCursorsAndDefinitions) {
  run([](Writer& writer) {
    EXPECT_FALSE(writer.cursor("blend"));
    writer.put_cursor("blend", "page-1");
    writer.put_cursor("blend", "page-2");
    EXPECT_EQ(writer.cursor("blend"), "page-2");
    writer.put_definition("abc", "pipeline", "loan-milestones", "{}");
    writer.put_definition("abc", "pipeline", "loan-milestones", "another body");
  });
  EXPECT_EQ(store->cursor("blend"), "page-2");
  EXPECT_FALSE(store->cursor("other"));
  EXPECT_EQ(store->definition("abc"), "{}");
  EXPECT_FALSE(store->definition("def"));
}

TEST_F(Ledger, SetsStateOnlyFromTheExpectedVersion) {
  const auto put = [&](std::optional<std::string> value, std::uint64_t expected) {
    bool done = false;
    run([&](Writer& writer) { done = writer.put_state("conn", "token", value, expected); });
    return done;
  };
  EXPECT_FALSE(store->state("conn", "token"));
  EXPECT_TRUE(put(std::nullopt, 0));  // nothing there, nothing to delete
  EXPECT_FALSE(put("a", 1));
  EXPECT_TRUE(put(std::string("a\0b", 3), 0));
  EXPECT_FALSE(put("b", 0));
  EXPECT_EQ(store->state("conn", "token")->value, std::string("a\0b", 3));
  EXPECT_EQ(store->state("conn", "token")->version, 1u);
  EXPECT_TRUE(put("b", 1));
  EXPECT_FALSE(put("c", 1));
  EXPECT_FALSE(put(std::nullopt, 1));
  EXPECT_FALSE(put(std::nullopt, 0));
  EXPECT_TRUE(put(std::nullopt, 2));
  EXPECT_FALSE(store->state("conn", "token"));
  EXPECT_TRUE(put("", 0));
  EXPECT_EQ(store->state("conn", "token")->value, "");
  EXPECT_GT(store->state("conn", "token")->version, 2u);  // one who still holds version 2 must not match
  run([](Writer& writer) { writer.drop_state("conn", "token"); });
  EXPECT_FALSE(store->state("conn", "token"));
  EXPECT_TRUE(put("d", 0));
  EXPECT_EQ(store->state("conn", "token")->version, 1u) << "no row was left of it";
}

TEST_F(Ledger, ForgetsMailThatNeverLeft) {
  run([](Writer& writer) {
    writer.put(MailPiece{"L-1", 1, "card", "acme.send", "c", kStart});
    writer.put(MailPiece{"L-1", 1, "letter", "acme.send", "c", kStart});
    writer.remove_mail("L-1", 1, "card");
  });
  const auto left = store->mail_of("L-1");
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].step, "letter");
}

}  // namespace TEST_FILE
}  // namespace milepost::journal
