// What the store keeps in memory of its newest events against the file itself, which a second store reads.
#include <random>

#include "host/journal/fresh.hpp"
#include "tests/host/journal/fixture.hpp"

namespace milepost::journal {
namespace TEST_FILE {

class FreshTest : public StoreTest {
 protected:
  void SetUp() override {
    auto opened = Store::open({.path = path, .clock = nullptr, .read_only = true});
    ASSERT_TRUE(opened) << opened.error().message;
    disk = std::move(*opened);
  }
  void compare(const Lane& lane) {
    const auto our_head = store->head(lane), their_head = disk->head(lane);
    ASSERT_EQ(our_head.has_value(), their_head.has_value()) << lane.lane;
    const bool at_hand = our_head && our_head->loan;
    const auto our_loan = at_hand ? *our_head->loan : store->loan(lane.lane), their_loan = disk->loan(lane.lane);
    loans_at_hand += at_hand && our_loan;
    ASSERT_EQ(our_loan.has_value(), their_loan.has_value()) << lane.lane;
    if (our_loan) {
      EXPECT_EQ(our_loan->revision, their_loan->revision);
      EXPECT_EQ(our_loan->state, their_loan->state);
      EXPECT_TRUE(store->loan(lane.lane, our_loan->revision));
      EXPECT_EQ(store->loan(lane.lane, our_loan->revision - 1).has_value(), our_loan->revision > 1);
    }
    if (!our_head) return;
    const Event &ours = our_head->event, &theirs = their_head->event;
    EXPECT_EQ(ours.sequence, theirs.sequence);
    EXPECT_EQ(ours.receipt + ours.pipeline + ours.id + ours.lane + ours.subject + ours.payload_digest,
              theirs.receipt + theirs.pipeline + theirs.id + theirs.lane + theirs.subject + theirs.payload_digest);
    EXPECT_EQ(ours.step, theirs.step);
    EXPECT_EQ(ours.state, theirs.state);
    EXPECT_EQ(ours.time, theirs.time);
    EXPECT_EQ(ours.late, theirs.late);
    EXPECT_EQ(our_head->more, their_head->more);
    EXPECT_EQ(our_head->payload, their_head->payload);
    EXPECT_EQ(store->payload(ours.sequence), disk->payload(ours.sequence));
    EXPECT_EQ(store->effects(ours.sequence).size(), disk->effects(ours.sequence).size());
  }
  std::unique_ptr<Store> disk;
  int loans_at_hand = 0;
};

TEST_F(FreshTest, ShowsAlwaysWhatTheFileHolds) {
  std::mt19937 random(7);
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  const EventState states[] = {EventState::open, EventState::waiting, EventState::dead, EventState::done,
                               EventState::in_doubt};
  constexpr std::size_t kSubjects = 12;  // so that some lane is empty when an event comes, and memory has all of it
  unsigned made = 0;
  for (int round = 0; round < 400; ++round) {
    const bool fails = below(8) == 0;
    const Status done = store->run([&](Writer& writer) {
      for (std::size_t changes = below(4) + 1; changes > 0; --changes) {
        const std::string subject = "L-" + std::to_string(below(kSubjects));
        switch (below(5)) {
          case 0:
          case 1:
            writer.accept(milestone("e" + std::to_string(made + 1), subject, "{\"n\":" + std::to_string(made) + "}"),
                          telemetry::new_id(clock.now()), clock.now());
            ++made;
            break;
          case 2:
          case 3:
            if (auto event = made == 0 ? std::nullopt : writer.event(below(made) + 1)) {
              event->state = states[below(5)];
              event->step = std::to_string(round);
              event->late = below(2) == 0;
              writer.update(*event);
            }
            break;
          default:
            if (auto event = made == 0 ? std::nullopt : writer.event(below(made) + 1)) {
              Effect effect;
              effect.event = event->sequence;
              effect.step = "crm";
              writer.put(effect);
            }
            if (below(2) == 0) {
              const auto latest = writer.loan(subject);
              writer.append(LoanRevision{subject, latest ? latest->revision + 1 : 1, 1, clock.now(), std::to_string(round)});
            }
        }
      }
      if (fails) throw std::runtime_error("rolled back");
    });
    ASSERT_EQ(bool(done), !fails);
    for (std::size_t i = 0; i < kSubjects; ++i) compare({"loan-milestones", "L-" + std::to_string(i)});
    if (HasFailure()) FAIL() << "round " << round;
    if (round % 100 == 99) reopen();  // then memory knows nothing
  }
  EXPECT_GT(loans_at_hand, 50) << "memory is hardly asked: this has compared the disk with itself";
}

Fresh::Change accepted(Sequence sequence, const std::string& lane, std::size_t payload = 10) {
  auto change = std::make_unique<Fresh::Accepted>(Event{}, std::string(payload, 'x'), true);
  change->event.sequence = sequence;
  change->event.pipeline = "p";
  change->event.lane = change->event.subject = lane;
  return change;
}
Fresh::Change ended(Sequence sequence, const std::string& lane) {
  auto change = std::make_unique<Fresh::Updated>(sequence, Lane{"p", lane});
  change->progress.state = EventState::done;
  return change;
}
template <class... Changes>
void tell(Fresh& fresh, Changes... changes) {
  std::vector<Fresh::Change> all;
  (all.push_back(std::move(changes)), ...);
  fresh.apply(std::move(all));
}

TEST(Fresh, KnowsThatALaneHasBecomeEmpty) {
  Fresh fresh;
  EXPECT_FALSE(fresh.head({"p", "a"}));
  tell(fresh, accepted(1, "a"));
  ASSERT_TRUE(fresh.head({"p", "a"}));
  EXPECT_EQ(fresh.head({"p", "a"})->event->sequence, 1u);
  tell(fresh, ended(1, "a"));
  ASSERT_TRUE(fresh.head({"p", "a"}));
  EXPECT_FALSE(fresh.head({"p", "a"})->event);
}

TEST(Fresh, IsBounded) {
  Fresh fresh;
  for (Sequence i = 1; i <= 100; ++i) tell(fresh, accepted(i, std::to_string(i), 1u << 20));
  EXPECT_FALSE(fresh.head({"p", "1"}));
  EXPECT_EQ(fresh.head({"p", "100"})->payload.size(), 1u << 20);
  std::size_t kept = 0;
  for (Sequence i = 1; i <= 100; ++i) kept += fresh.head({"p", std::to_string(i)}) ? 1 : 0;
  EXPECT_EQ(kept, 16u);

  for (Sequence i = 1000; i < 7000; ++i) tell(fresh, accepted(i, std::to_string(i)), ended(i, std::to_string(i)));
  EXPECT_FALSE(fresh.head({"p", "1000"}));
  EXPECT_TRUE(fresh.head({"p", "6999"}));

  const auto with_loan = [&fresh](Sequence sequence, std::size_t size) {
    const auto subject = "L-" + std::to_string(sequence);
    auto loan = std::make_unique<Fresh::Tracked>(subject, LoanRevision{});
    loan->latest->state.resize(size);
    tell(fresh, Fresh::Change(std::move(loan)), accepted(sequence, subject));
  };
  const auto loan_of = [&fresh](Sequence sequence) { return fresh.head({"p", "L-" + std::to_string(sequence)})->loan.has_value(); };
  for (Sequence i = 10'000; i < 10'100; ++i) with_loan(i, 1u << 20);
  EXPECT_FALSE(loan_of(10'095));
  EXPECT_TRUE(loan_of(10'096));
  for (Sequence i = 20'000; i < 26'000; ++i) with_loan(i, 0);
  EXPECT_FALSE(loan_of(10'099));
  EXPECT_TRUE(loan_of(25'999));
}

}  // namespace TEST_FILE
}  // namespace milepost::journal
