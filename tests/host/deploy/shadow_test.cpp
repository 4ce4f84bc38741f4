// What a plan says that past events would have done, held against what they then do.
#include <cstdlib>
#include <set>

#include "tests/host/deploy/live_rig.hpp"

namespace milepost::deploy {
namespace TEST_FILE {

class Shadow : public LiveRig {
 protected:
  const int count_ = std::getenv("MILEPOST_LONG") != nullptr ? 10'000 : 400;

  static std::string pipeline(const std::string& when) {
    return "pipeline: a\nsource: {use: webhook, with: {path: /hooks/a, verify: none}}\nevent: {id: \"${payload.id}\", subject: \"${payload.id}\"}\n"
           "steps:\n  - use: track\n    with: {n: \"${payload.n}\"}\n  - id: say\n    when: " + when + "\n    use: audit\n    with: {action: card}\n";
  }
  /// Event `n` of a series, with the payload that it has in each.
  void accept_all(const std::string& series) {
    for (int from = 1; from <= count_; from += 500)
      ASSERT_TRUE(store_->run([&](journal::Writer& writer) {
        for (int n = from; n < from + 500 && n <= count_; ++n) {
          journal::NewEvent event;
          event.pipeline = "a";
          event.source = "webhook";
          event.id = event.subject = event.lane = series + "-" + std::to_string(n);
          event.payload = R"({"id": ")" + event.id + R"(", "n": )" + std::to_string(n) + "}";
          writer.accept(event, telemetry::new_id(clock_.now()), clock_.now());
        }
      }));
    ASSERT_TRUE(eventually([&] { return store_->count(journal::EventState::open) == 0; })) << store_->count(journal::EventState::open);
  }
  static int number(const std::string& id) { return std::stoi(id.substr(id.find('-') + 1)); }
  /// The numbers of a series that got the card.
  std::set<int> carded(const std::string& series) const {
    std::set<int> out;
    store_->each_audit_row([&](const journal::AuditRecord& record) {
      if (record.row.step == "say" && record.row.action == "card" && record.row.subject.starts_with(series + "-")) out.insert(number(record.row.subject));
      return true;
    });
    return out;
  }
};

TEST_F(Shadow, SaysWhatThenHappens) {
  write("pipelines/a.yaml", pipeline("payload.n % 3 == 0"));
  start();
  accept_all("then");
  const auto then = carded("then");
  ASSERT_EQ(then.size(), static_cast<std::size_t>(count_ / 3));

  write("pipelines/a.yaml", pipeline("payload.n % 7 == 0 or (payload.n % 3 == 0 and payload.n % 2 == 0)"));
  const auto planned = live_->planner().plan();
  ASSERT_TRUE(planned.sound()) << config::render(planned.deployment->faults, folder_, false);
  auto predicted = then;
  std::uint64_t examined = 0, differ = 0;
  journal::EventFilter selection;
  selection.pipeline = "a";
  while (true) {
    const auto page = live_->planner().shadow(planned.plan.hash, selection, 500);
    ASSERT_TRUE(page) << page.error().message;
    examined += page->examined;
    differ += page->differ.size();
    for (const auto& one : page->differ) {
      ASSERT_EQ(one.differences.size(), 1u);
      ASSERT_EQ(one.differences[0].step, "say");
      if (one.differences[0].kind == engine::Difference::Kind::would_run) EXPECT_TRUE(predicted.insert(number(one.event.id)).second);
      else EXPECT_EQ(predicted.erase(number(one.event.id)), 1u);
    }
    if (!page->next) break;
    selection.after = *page->next;
  }
  EXPECT_EQ(examined, static_cast<std::uint64_t>(count_));
  EXPECT_GT(differ, 0u);
  EXPECT_EQ(carded("then"), then) << "a plan sends nothing";

  ASSERT_TRUE(live_->apply(planned.plan.hash, "key:owner", "as planned"));
  accept_all("now");
  EXPECT_EQ(carded("now"), predicted);
}

}  // namespace TEST_FILE
}  // namespace milepost::deploy
