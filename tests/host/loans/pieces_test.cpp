#include "host/loans/pieces.hpp"

#include "tests/host/loans/loans_rig.hpp"

namespace milepost::loans {
namespace TEST_FILE {

Json told(const std::string& id, const std::string& state, const std::string& by = "") { return {{"piece", {{"id", id}, {"state", state}, {"by", by}}}}; }

TEST(Pieces, KeepEachStateByWhenItHappenedFirst) {
  Json state = after(nullptr, told("o-1", "delivered"), event_of(1, kMonday + std::chrono::hours(48)));
  state = after(state, told("o-1", "mailed"), event_of(2, kMonday));
  state = after(state, told("o-1", "delivered"), event_of(3, kMonday + std::chrono::hours(47)));
  state = after(state, told("o-1", "delivered"), event_of(4, kMonday + std::chrono::hours(99)));
  state = after(state, told("o-1", "scanned", "qr"), event_of(5, kMonday + std::chrono::hours(50)));
  const auto pieces = told_of_pieces(state);
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(pieces[0].state, "mailed");
  EXPECT_EQ(pieces[1].state, "delivered");
  EXPECT_EQ(pieces[1].at, kMonday + std::chrono::hours(47));
  EXPECT_EQ(pieces[2].by, "qr");
  EXPECT_EQ(view(state, *Model::standard(), kMonday)["pieces"]["o-1"].size(), 3u);
}

TEST(Pieces, ComeOutTheSameInWhateverOrderTheyArrive) {
  const Json first = told("o-1", "mailed"), second = told("o-1", "delivered");
  const auto a = after(after(nullptr, first, event_of(1, kMonday)), second, event_of(2, kMonday + std::chrono::hours(1)));
  const auto b = after(after(nullptr, second, event_of(2, kMonday + std::chrono::hours(1))), first, event_of(1, kMonday));
  EXPECT_EQ(text(view(a, *Model::standard(), kMonday)["pieces"]["o-1"]["mailed"]), text(view(b, *Model::standard(), kMonday)["pieces"]["o-1"]["mailed"]));
  EXPECT_FALSE(merge(a, first, event_of(1, kMonday), *Model::standard())) << "nothing new";
}

TEST(Pieces, SayWhatIsWrongWithThem) {
  EXPECT_EQ(fault_in({{"piece", "o-1"}}, *Model::standard()), "track: a piece is no mapping");
  EXPECT_EQ(fault_in({{"piece", {{"state", "mailed"}}}}, *Model::standard()), "track: a piece's id has 1 to 256 bytes");
  EXPECT_EQ(fault_in({{"piece", {{"id", 7}}}}, *Model::standard()), "track: piece 7: its state has 1 to 64 bytes");
  EXPECT_EQ(fault_in({{"piece", {{"id", 7}, {"state", "mailed"}}}}, *Model::standard()), "");
}

TEST(Pieces, AreNamedByTheOrderOrTheCode) {
  const Json answer{{"body", {{"order_id", 3345121}, {"tracking_code", "K7Q2"}}}, {"record", {{"id", "rec-1"}}}};
  for (const char* id : {"3345121", "K7Q2", "rec-1"}) EXPECT_TRUE(names_piece(answer, id)) << id;
  EXPECT_FALSE(names_piece(answer, "other"));
  EXPECT_FALSE(names_piece(nullptr, "other"));
}

std::shared_ptr<const Model> holding(double share, const std::string& salt = "") {
  config::LoanModel definition;
  definition.mail = config::MailRules();
  definition.mail->hold_out = share;
  definition.mail->hold_out_salt = salt;
  return model_of(definition);
}

TEST(HoldOut, IsAboutItsShareAndKeepsItsSideForEver) {
  const auto tenth = holding(0.1), again = holding(0.1), fifth = holding(0.2);
  int held = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto loan = "L-" + std::to_string(i);
    held += tenth->held_out(loan);
    EXPECT_EQ(tenth->held_out(loan), again->held_out(loan));
    if (tenth->held_out(loan)) {
      EXPECT_TRUE(fifth->held_out(loan)) << "a greater share holds out the same loans, and more";
    }
  }
  EXPECT_NEAR(held, 1000, 120);
}

TEST(HoldOut, AnotherSaltDrawsOtherLoans) {
  const auto a = holding(0.5, "spring"), b = holding(0.5, "autumn");
  int differ = 0;
  for (int i = 0; i < 1000; ++i) differ += a->held_out("L-" + std::to_string(i)) != b->held_out("L-" + std::to_string(i));
  EXPECT_NEAR(differ, 500, 100);
}

TEST(HoldOut, OfNothingHoldsNobody) {
  EXPECT_FALSE(Model::standard()->held_out("L-1"));
  EXPECT_FALSE(holding(0)->held_out("L-1"));
  EXPECT_TRUE(holding(1)->held_out("L-1"));
  EXPECT_EQ(view(after(nullptr, {{"a", 1}}, event_of(1, kMonday)), *holding(1), kMonday, "L-1")["held_out"], true);
  EXPECT_FALSE(view(after(nullptr, {{"a", 1}}, event_of(1, kMonday)), *Model::standard(), kMonday, "L-1").contains("held_out"));
}

}  // namespace TEST_FILE
}  // namespace milepost::loans
