// Fields that systems share: whose word counts, what is an echo, who is told.
#include "host/loans/sync.hpp"

#include "tests/host/loans/loans_rig.hpp"

namespace milepost::loans {
namespace TEST_FILE {

using namespace std::chrono_literals;
using config::Compare;
using Otherwise = config::FieldOwner::Otherwise;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A hub between `crm` and `los`, played event by event.
class Shared : public ::testing::Test {
 protected:
  void SetUp() override {
    definition_.systems = {{"crm", {"acme"}}, {"los", {"los-in"}}};
    definition_.owners["email"] = {"crm", Otherwise::keep, Compare::text};
    definition_.owners["phone"] = {"any", Otherwise::keep, Compare::phone};
    definition_.owners["amount"] = {"los", Otherwise::task, Compare::number};
    definition_.owners["note"] = {"los", Otherwise::take, Compare::exact};
    definition_.owners["stage"] = {"los", Otherwise::keep, Compare::exact};
    model_ = model_of(definition_);
  }
  journal::Event from(const std::string& system, std::chrono::seconds after) {
    auto event = event_of(++sequence_, kMonday + after);
    event.pipeline = system == "los" ? "los-in" : "crm-in";
    event.source = system == "los" ? "webhook" : "acme.changes";
    event.revision = version_;
    return event;
  }
  /// What an event of a system comes to: "field verdict", and who is to be told: "system field value".
  std::vector<std::string> say(const std::string& system, std::chrono::seconds after, const Json& with) {
    const auto event = from(system, after);
    Sync sync(*model_, event, stored_);
    const Json rest = sync.judge(state_, with);
    const auto merged = merge(state_, rest, event, *model_);
    Json next = merged ? merged->state : state_;
    const Json before = state_;
    sync.settle(before, next, merged && merged->stage && merged->stage->kind == Verdict::Kind::refused);
    state_ = next;
    stored_[system] = sync.holdings_json();
    std::vector<std::string> out;
    for (const auto& heard : sync.heard()) out.push_back(heard.field + " " + std::string(name(heard.kind)));
    told_.clear();
    for (const auto& [to, fields] : sync.to())
      for (const auto& [field, value] : fields.items()) told_.push_back(to + " " + field + " " + (value.is_null() ? "nothing" : value.is_string() ? value.get<std::string>() : text(value)));
    quiet_ = sync.quiet();
    return out;
  }
  /// A delivery leaves for a system.
  journal::Sequence write(const std::string& system, const std::string& field, const Json& value, std::chrono::seconds after = 0s) {
    auto holdings = Holdings::from(stored_[system]);
    holdings.write(field, value, ++deliveries_, "write", telemetry::to_micros(kMonday + after));
    stored_[system] = holdings.json();
    return deliveries_;
  }
  void answer(const std::string& system, journal::Sequence delivery, std::chrono::seconds after, const std::string& version = "") {
    auto holdings = Holdings::from(stored_[system]);
    EXPECT_TRUE(holdings.answered(delivery, "write", version, telemetry::to_micros(kMonday + after)));
    stored_[system] = holdings.json();
  }
  bool awaits(const std::string& system, const std::string& field, std::chrono::seconds after) { return Holdings::from(stored_[system]).awaits(field, telemetry::to_micros(kMonday + after)); }
  /// The CRM was sent 1, and then 2, answered five seconds in; it has told of neither.
  void write_twice() {
    say("los", 0s, {{"phone", "1"}});
    answer("crm", write("crm", "phone", "1", 1s), 2s);
    say("los", 3s, {{"phone", "2"}});
    answer("crm", write("crm", "phone", "2", 4s), 5s);
  }
  Json field(const std::string& name) const {
    const Json* found = find(state_, "/fields/" + name);
    return found == nullptr ? Json(nullptr) : *found;
  }

  config::LoanModel definition_;
  std::shared_ptr<const Model> model_;
  Json state_;
  std::map<std::string, std::string> stored_;
  std::vector<std::string> told_;
  std::string version_;
  journal::Sequence sequence_ = 0, deliveries_ = 1000;
  bool quiet_ = false;
};

TEST_F(Shared, ASystemIsKnownByWhatBelongsToIt) {
  EXPECT_THAT(model_->systems(), ElementsAre("crm", "los"));
  EXPECT_THAT(say("los", 0s, {{"phone", "1"}}), ElementsAre("phone taken"));
  EXPECT_THAT(told_, ElementsAre("crm phone 1"));
  EXPECT_THAT(say("crm", 1s, {{"email", "ines@x.test"}, {"branch", "duluth"}}), ElementsAre("email taken"));
  EXPECT_THAT(told_, ElementsAre("los email ines@x.test"));
  EXPECT_EQ(field("branch"), "duluth") << "what nobody shares is merged as ever";
}

TEST_F(Shared, AForeignChangeToAnOwnedFieldIsAConflict) {
  say("crm", 0s, {{"email", "ines@x.test"}});
  EXPECT_THAT(say("los", 1s, {{"email", "bo@x.test"}}), ElementsAre("email kept"));
  EXPECT_EQ(field("email"), "ines@x.test");
  EXPECT_THAT(told_, ElementsAre("los email ines@x.test")) << "the owner's value is written back";
  EXPECT_TRUE(quiet_);
  EXPECT_THAT(say("los", 2s, {{"email", "bo@x.test"}}), ElementsAre("email known")) << "it is told once";
  EXPECT_THAT(told_, IsEmpty());

  say("los", 3s, {{"note", "a"}});
  EXPECT_THAT(say("crm", 4s, {{"note", "b"}}), ElementsAre("note overruled"));
  EXPECT_EQ(field("note"), "b");
  EXPECT_THAT(told_, ElementsAre("los note b"));
}

TEST_F(Shared, APersonsConflictIsATaskUntilEveryoneAgrees) {
  say("los", 0s, {{"amount", 25000}});
  EXPECT_THAT(say("crm", 1s, {{"amount", "26000"}}), ElementsAre("amount task"));
  EXPECT_EQ(field("amount"), 25000);
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_EQ(state_["tasks"]["conflict:amount"]["fields"]["state"], "assigned");
  EXPECT_THAT(say("los", 2s, {{"amount", 26000}}), ElementsAre("amount taken"));
  EXPECT_THAT(told_, IsEmpty()) << "the other one has it";
  EXPECT_EQ(state_["tasks"]["conflict:amount"]["fields"]["state"], "cleared");
}

TEST_F(Shared, BeforeTheOwnerHasSpokenNothingIsOverwritten) {
  EXPECT_THAT(say("los", 0s, {{"email", "bo@x.test"}}), ElementsAre("email unowned"));
  EXPECT_TRUE(field("email").is_null());
  EXPECT_THAT(told_, IsEmpty());
  say("crm", 1s, {{"email", "ines@x.test"}});
  EXPECT_THAT(told_, ElementsAre("los email ines@x.test"));
}

TEST_F(Shared, OurOwnWriteComesBackBeforeTheAnswerLateTwiceAndRewritten) {
  say("los", 0s, {{"phone", "2185550143"}});
  const auto first = write("crm", "phone", "2185550143", 1s);
  EXPECT_THAT(say("crm", 2s, {{"phone", "(218) 555-0143"}}), ElementsAre("phone echo")) << "before the vendor's answer";
  EXPECT_TRUE(quiet_);
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_EQ(field("phone"), "2185550143") << "its way of writing it is no change";
  EXPECT_THAT(say("crm", 2s, {{"phone", "(218) 555-0143"}}), ElementsAre("phone known")) << "doubled";
  EXPECT_FALSE(Holdings::from(stored_["crm"]).answered(first, "write", "", 0)) << "it has come back: nothing waits for the answer";

  say("los", 10s, {{"phone", "2"}});
  write("crm", "phone", "2", 11s);
  say("los", 12s, {{"phone", "3"}});
  write("crm", "phone", "3", 13s);
  EXPECT_THAT(say("crm", 14s, {{"phone", "2"}}), ElementsAre("phone echo")) << "late: the loan has moved on";
  EXPECT_EQ(field("phone"), "3");
  EXPECT_THAT(say("crm", 15s, {{"phone", "3"}}), ElementsAre("phone echo"));
  EXPECT_THAT(say("crm", 14s, {{"phone", "2"}}), ElementsAre("phone stale")) << "out of order";
  EXPECT_THAT(say("crm", 16s, {{"phone", "2"}}), ElementsAre("phone taken")) << "a person went back to it";
  EXPECT_THAT(told_, ElementsAre("los phone 2"));
}

TEST_F(Shared, AnEchoIsKnownByItsVersionWhateverItSays) {
  say("los", 0s, {{"phone", "2185550143"}});
  const auto delivery = write("crm", "phone", "2185550143", 1s);
  answer("crm", delivery, 2s, "v7");
  version_ = "v7";
  EXPECT_THAT(say("crm", 3s, {{"phone", "ask Bo"}}), ElementsAre("phone echo"));
  version_ = "v8";
  EXPECT_THAT(say("crm", 4s, {{"phone", "ask Bo"}}), ElementsAre("phone known")) << "that is how it writes it";
  EXPECT_THAT(say("crm", 5s, {{"phone", "2185550199"}}), ElementsAre("phone taken"));
}

TEST_F(Shared, WhatTheSourceSaysOfItsOriginCounts) {
  say("los", 0s, {{"phone", "2185550143"}});
  write("crm", "phone", "2185550143", 1s);
  EXPECT_THAT(say("crm", 2s, {{"phone", "hidden"}, {"echo", true}}), ElementsAre("phone echo"));
  EXPECT_FALSE(state_["fields"].contains("echo"));
  say("los", 10s, {{"phone", "4"}});
  write("crm", "phone", "4", 11s);
  EXPECT_THAT(say("crm", 12s, {{"phone", "4"}, {"echo", false}}), ElementsAre("phone same")) << "a person gave the same value";
  EXPECT_THAT(say("crm", 13s, {{"phone", "5"}, {"echo", false}}), ElementsAre("phone taken"));
  EXPECT_THAT(told_, ElementsAre("crm phone 5", "los phone 5")) << "our write may come after it: it is written once more";
}

TEST_F(Shared, CrossingWritesEndAtTheSameValue) {
  say("los", 0s, {{"phone", "1"}});
  write("crm", "phone", "1", 1s);
  EXPECT_THAT(say("crm", 2s, {{"phone", "7"}}), ElementsAre("phone taken")) << "it was there before our write";
  EXPECT_THAT(told_, ElementsAre("crm phone 7", "los phone 7"));
  write("crm", "phone", "7", 3s);
  EXPECT_THAT(say("crm", 4s, {{"phone", "1"}}), ElementsAre("phone echo"));
  EXPECT_THAT(say("crm", 5s, {{"phone", "7"}}), ElementsAre("phone echo"));
  EXPECT_EQ(field("phone"), "7");
}

TEST_F(Shared, AWriteThatNeverComesBackHasArrivedAfterAWhile) {
  say("crm", 0s, {{"phone", "1"}});
  say("los", 1s, {{"phone", "2"}});
  answer("crm", write("crm", "phone", "2", 2s), 3s);
  EXPECT_THAT(say("crm", 60s, {{"phone", "1"}}), ElementsAre("phone known")) << "it may be what it had before";
  EXPECT_THAT(say("crm", 11min, {{"phone", "1"}}), ElementsAre("phone taken")) << "a person went back to it";
}

TEST_F(Shared, AnEarlierWriteIsAnEchoUntilALaterOneHasArrived) {
  write_twice();
  EXPECT_THAT(say("crm", 10min + 4s, {{"phone", "1"}}), ElementsAre("phone echo"));
  EXPECT_THAT(told_, IsEmpty()) << "the later one follows";
  EXPECT_EQ(field("phone"), "2");
}

TEST_F(Shared, AnEarlierWriteIsAChangeTenMinutesAfterTheLaterOnesAnswer) {
  write_twice();
  EXPECT_THAT(say("crm", 10min + 5s, {{"phone", "1"}}), ElementsAre("phone taken"));
  EXPECT_THAT(told_, ElementsAre("los phone 1")) << "a person went back to it: that is what is there";
}

TEST_F(Shared, AWriteWithoutAnAnswerIsAwaitedForAsLongAsItTakes) {
  say("crm", 0s, {{"phone", "1"}});
  say("los", 1s, {{"phone", "2"}});
  write("crm", "phone", "2", 2s);
  EXPECT_THAT(say("crm", 1h, {{"phone", "1"}}), ElementsAre("phone known")) << "it may be on its way still";
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_TRUE(awaits("crm", "phone", 2h));
  EXPECT_THAT(say("crm", 2h, {{"phone", "2"}}), ElementsAre("phone echo"));
  EXPECT_FALSE(awaits("crm", "phone", 2h));
}

TEST_F(Shared, AChangeAfterAWriteHasArrivedIsNotWrittenBackToWhereItWasMade) {
  say("crm", 0s, {{"phone", "1"}});
  say("los", 1s, {{"phone", "2"}});
  answer("crm", write("crm", "phone", "2", 2s), 3s);
  EXPECT_THAT(say("crm", 11min, {{"phone", "3"}}), ElementsAre("phone taken"));
  EXPECT_THAT(told_, ElementsAre("los phone 3"));
  EXPECT_FALSE(state_.contains("hops")) << "it answers no write";
}

TEST_F(Shared, SystemsThatNeverTellOfOurWritesAreNoLoop) {
  for (int i = 0; i < 40; ++i) {
    const std::chrono::seconds start = i * 40min, half = start + 20min;
    const auto theirs = std::to_string(1000 + i), ours = std::to_string(2000 + i);
    ASSERT_THAT(say("crm", start, {{"phone", theirs}}), ElementsAre("phone taken")) << i;
    ASSERT_THAT(told_, ElementsAre("los phone " + theirs));
    answer("los", write("los", "phone", theirs, start + 1s), start + 2s);
    ASSERT_THAT(say("los", half, {{"phone", ours}}), ElementsAre("phone taken")) << i;
    ASSERT_THAT(told_, ElementsAre("crm phone " + ours));
    answer("crm", write("crm", "phone", ours, half + 1s), half + 2s);
  }
}

TEST_F(Shared, AVersionIsKnownWhateverWasWrittenSince) {
  say("los", 0s, {{"phone", "1"}});
  answer("crm", write("crm", "phone", "1", 1s), 2s, "v7");
  say("los", 3s, {{"phone", "2"}});
  answer("crm", write("crm", "phone", "2", 4s), 5s, "v8");
  version_ = "v7";
  EXPECT_THAT(say("crm", 6s, {{"phone", "one"}}), ElementsAre("phone echo"));
  version_ = "v8";
  EXPECT_THAT(say("crm", 7s, {{"phone", "two"}}), ElementsAre("phone echo"));
  EXPECT_FALSE(awaits("crm", "phone", 7s));
  version_ = "v9";
  EXPECT_THAT(say("crm", 8s, {{"phone", "two"}}), ElementsAre("phone known"));
  EXPECT_THAT(say("crm", 9s, {{"phone", "one"}}), ElementsAre("phone taken")) << "a person wrote it";
}

TEST_F(Shared, ASystemsTrueIsBelievedOfWhatNobodyKnows) {
  say("los", 0s, {{"phone", "1"}});
  write("crm", "phone", "1", 1s);
  say("los", 2s, {{"phone", "2"}});
  write("crm", "phone", "2", 3s);
  EXPECT_THAT(say("crm", 4s, {{"phone", "one"}, {"echo", true}}), ElementsAre("phone echo")) << "of the oldest";
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_THAT(say("crm", 5s, {{"phone", "two"}, {"echo", true}}), ElementsAre("phone echo"));
  EXPECT_FALSE(awaits("crm", "phone", 5s));
  EXPECT_THAT(say("crm", 6s, {{"phone", "two"}}), ElementsAre("phone known")) << "that is how it writes it";
  EXPECT_THAT(say("crm", 7s, {{"phone", "three"}, {"echo", true}}), ElementsAre("phone echo")) << "though nothing was written";
  EXPECT_EQ(field("phone"), "2");
  EXPECT_THAT(told_, ElementsAre("crm phone 2")) << "it has another one now";
  EXPECT_THAT(say("crm", 8s, {{"phone", "three"}}), ElementsAre("phone known"));
  write("crm", "phone", "2", 9s);
  EXPECT_THAT(say("crm", 10s, {{"phone", "2"}, {"echo", nullptr}}), ElementsAre("phone echo")) << "null says neither";
}

TEST_F(Shared, ASystemsFalseOutweighsValueAndVersion) {
  say("los", 0s, {{"phone", "1"}});
  answer("crm", write("crm", "phone", "1", 1s), 2s, "v7");
  version_ = "v7";
  EXPECT_THAT(say("crm", 3s, {{"phone", "9"}, {"echo", false}}), ElementsAre("phone taken"));
  EXPECT_THAT(told_, ElementsAre("crm phone 9", "los phone 9")) << "our write may come after it";
  EXPECT_THAT(say("crm", 4s, {{"phone", "9"}, {"echo", false}}), ElementsAre("phone known")) << "it has said so before";
  EXPECT_THAT(say("crm", 5s, {{"phone", "1"}, {"echo", false}}), ElementsAre("phone taken")) << "a person went back to what was written";
}

TEST_F(Shared, OnlyItsLastWordCountsInWhateverOrderTheyArrive) {
  version_ = "10";
  EXPECT_THAT(say("crm", 10s, {{"phone", "1"}}), ElementsAre("phone taken"));
  version_ = "9";
  EXPECT_THAT(say("crm", 10s, {{"phone", "2"}}), ElementsAre("phone stale")) << "of the same moment, by its version";
  version_ = "11";
  EXPECT_THAT(say("crm", 10s, {{"phone", "3"}}), ElementsAre("phone taken"));
  EXPECT_THAT(say("crm", 10s, {{"phone", "3"}}), ElementsAre("phone known")) << "the same once more";
  write("crm", "phone", "4", 11s);
  version_.clear();
  EXPECT_THAT(say("crm", 9s, {{"phone", "4"}}), ElementsAre("phone stale"));
  EXPECT_TRUE(awaits("crm", "phone", 12s)) << "that was before the write: it shows nothing of it";
  EXPECT_TRUE(quiet_);
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_EQ(field("phone"), "3");
}

TEST_F(Shared, AClockThatIsSlowMistakesNothingForAnEcho) {
  say("los", 0s, {{"phone", "1"}});
  write("crm", "phone", "1", 1s);
  EXPECT_THAT(say("crm", -2h, {{"phone", "1"}}), ElementsAre("phone echo")) << "two hours before it was written";
  EXPECT_THAT(say("crm", -2h + 1s, {{"phone", "2"}}), ElementsAre("phone late")) << "a change, which loses by its time";
  EXPECT_THAT(told_, ElementsAre("crm phone 1"));
}

TEST_F(Shared, WhatWasWrittenAndTakenOutIsCleared) {
  say("los", 0s, {{"phone", "1"}});
  answer("crm", write("crm", "phone", "1", 1s), 2s);
  EXPECT_THAT(say("crm", 11min, {{"phone", ""}}), ElementsAre("phone taken")) << "its first word of it, but it had one";
  EXPECT_THAT(told_, ElementsAre("los phone "));
}

TEST_F(Shared, WhatTheOwnerHasClearedIsHisStill) {
  say("crm", 0s, {{"email", "ines@x.test"}});
  say("crm", 1s, {{"email", nullptr}});
  EXPECT_TRUE(field("email").is_null());
  EXPECT_THAT(say("los", 2s, {{"email", "bo@x.test"}}), ElementsAre("email kept")) << "a conflict: he has said that there is none";
  EXPECT_THAT(told_, ElementsAre("los email nothing"));
  say("los", 3s, {{"note", "a"}});
  say("los", 4s, {{"note", nullptr}});
  EXPECT_THAT(say("crm", 5s, {{"note", "b"}}), ElementsAre("note overruled"));
}

TEST_F(Shared, WhatNeverArrivedIsForgotten) {
  say("los", 0s, {{"phone", "1"}});
  const auto delivery = write("crm", "phone", "1");
  auto holdings = Holdings::from(stored_["crm"]);
  EXPECT_TRUE(holdings.withdraw(delivery, "write"));
  EXPECT_FALSE(holdings.awaits("phone", telemetry::to_micros(kMonday)));
  EXPECT_EQ(holdings.last("phone"), nullptr);
}

TEST_F(Shared, WhatWasWrittenUnderTheNameOfALoanThatIsThisOneComesBackToIt) {
  say("crm", 0s, {{"phone", "9"}});
  Holdings other;
  other.write("phone", "5", 7, "write", telemetry::to_micros(kMonday));
  other.write("amount", "5", 7, "write", telemetry::to_micros(kMonday));
  auto holdings = Holdings::from(stored_["crm"]);
  holdings.join(other);
  stored_["crm"] = holdings.json();
  EXPECT_EQ(*holdings.last("phone"), "9");
  EXPECT_EQ(*holdings.last("amount"), "5");
  EXPECT_THAT(say("crm", 1s, {{"phone", "5"}}), ElementsAre("phone echo"));
  EXPECT_EQ(field("phone"), "9");
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_THAT(say("crm", 2s, {{"phone", "9"}}), ElementsAre("phone known")) << "the other record still has its own";
}

TEST_F(Shared, AnOlderChangeLosesAndItsSystemIsTold) {
  say("los", 60s, {{"phone", "1"}});
  EXPECT_THAT(say("crm", 30s, {{"phone", "2"}}), ElementsAre("phone late"));
  EXPECT_EQ(field("phone"), "1");
  EXPECT_THAT(told_, ElementsAre("crm phone 1"));
}

TEST_F(Shared, AWholeRecordThatIsReadAgainUndoesNothing) {
  say("crm", 0s, {{"phone", "1"}, {"email", "a@x.test"}});
  say("los", 10s, {{"phone", "2"}});
  EXPECT_THAT(say("crm", 20s, {{"phone", "1"}, {"email", "b@x.test"}}), ElementsAre("email taken", "phone known"));
  EXPECT_EQ(field("phone"), "2") << "only the address was changed there";
}

TEST_F(Shared, WhatWasWrittenTogetherHasArrivedTogether) {
  say("los", 0s, {{"phone", "1"}, {"amount", "5"}});
  auto holdings = Holdings::from(stored_["crm"]);
  for (journal::Sequence delivery = 1; delivery <= 2; ++delivery) {
    holdings.write("phone", std::to_string(delivery), 2000 + delivery, "write", telemetry::to_micros(kMonday));
    holdings.write("amount", "5", 2000 + delivery, "write", telemetry::to_micros(kMonday));
  }
  stored_["crm"] = holdings.json();
  say("los", 1s, {{"phone", "2"}});
  EXPECT_THAT(say("crm", 2s, {{"phone", "2"}, {"amount", "5.00"}}), ElementsAre("amount echo", "phone echo"));
  EXPECT_FALSE(Holdings::from(stored_["crm"]).awaits("amount", telemetry::to_micros(kMonday))) << "the second write of it came with the phone's";
}

TEST_F(Shared, WhatASystemNeverHadIsNotCleared) {
  say("los", 0s, {{"phone", "1"}});
  EXPECT_THAT(say("crm", 10s, {{"phone", nullptr}}), ElementsAre("phone known")) << "a record that has none yet";
  EXPECT_EQ(field("phone"), "1");
  write("crm", "phone", "1", 11s);
  EXPECT_THAT(say("crm", 12s, {{"phone", "1"}}), ElementsAre("phone echo"));
  EXPECT_THAT(say("crm", 13s, {{"phone", ""}}), ElementsAre("phone taken")) << "a person took it out";
  EXPECT_THAT(told_, ElementsAre("los phone "));
}

TEST_F(Shared, AStageIsSharedInEveryonesWords) {
  definition_.synonyms["acme"] = {{"contract sent", "approval"}};
  model_ = model_of(definition_);
  say("los", 0s, {{"stage", "approval"}});
  EXPECT_THAT(told_, ElementsAre("crm stage approval"));
  EXPECT_THAT(written_in({{"properties", {{"dealstage", "Contract sent"}}}}, {{"stage", {"approval"}}}, *model_, "crm"), ElementsAre(::testing::Pair("stage", Json("approval"))));
  write("crm", "stage", "approval", 1s);
  EXPECT_THAT(say("crm", 2s, {{"stage", "approval"}}), ElementsAre("stage echo"));
  EXPECT_THAT(say("crm", 3s, {{"stage", "funding"}}), ElementsAre("stage kept"));
  EXPECT_EQ(stage_of(state_), "approval");
  EXPECT_THAT(told_, ElementsAre("crm stage approval"));
}

TEST_F(Shared, SystemsThatAnswerEachOtherWithoutEndAreStopped) {
  definition_.owners["a/~note"] = {"any", Otherwise::keep, Compare::exact};
  model_ = model_of(definition_);
  say("los", 0s, {{"a/~note", "x"}});
  std::string verdict, value = "x";
  int rounds = 0;
  for (; rounds < 100 && verdict != "a/~note endless"; ++rounds) {
    const std::string system = rounds % 2 ? "los" : "crm";
    write(system, "a/~note", value, std::chrono::seconds(2 * rounds + 1));
    value += "!";  // each of them adds to what it is given
    verdict = say(system, std::chrono::seconds(2 * rounds + 2), {{"a/~note", value}}).front();
  }
  EXPECT_EQ(verdict, "a/~note endless");
  EXPECT_EQ(rounds, 33);
  EXPECT_THAT(told_, IsEmpty());
}

TEST(Compare, LeavesOffTheWaysOfWritingIt) {
  EXPECT_TRUE(alike(25000, "25000", Compare::exact));
  EXPECT_TRUE(alike("", nullptr, Compare::exact));
  EXPECT_FALSE(alike("Ines", "ines", Compare::exact));
  EXPECT_TRUE(alike(" Ines  OKAFOR ", "ines okafor", Compare::text));
  EXPECT_TRUE(alike("+1 (218) 555-0143", "218.555.0143", Compare::phone));
  EXPECT_FALSE(alike("218-555-0143", "218-555-0144", Compare::phone));
  EXPECT_FALSE(alike("n/a", "", Compare::phone));
  EXPECT_TRUE(alike("$25,000.00", 25000, Compare::number));
  EXPECT_TRUE(alike("12.345", "12.35", Compare::number));
  EXPECT_TRUE(alike("99.999", "100", Compare::number));
  EXPECT_TRUE(alike("-0.001", "0", Compare::number));
  EXPECT_FALSE(alike("12.34", "12.35", Compare::number));
  EXPECT_FALSE(alike("1e3", "1000", Compare::number)) << "no number that a person writes: compared as it is";
  EXPECT_TRUE(alike("2026-11-26", "2026-11-26T00:00:00Z", Compare::date));
  EXPECT_TRUE(alike("11/26/2026", "2026-11-26", Compare::date));
  EXPECT_TRUE(alike("1795651200000", "2026-11-26", Compare::date));
  EXPECT_FALSE(alike("2026-11-26", "2026-11-27", Compare::date));
}

TEST(WrittenIn, FindsTheFieldsByTheirValues) {
  config::LoanModel definition;
  definition.owners["email"] = {"any", Otherwise::keep, Compare::text};
  definition.owners["state"] = {"any", Otherwise::keep, Compare::exact};
  const auto model = model_of(definition);
  const Json with{{"key", {{"loan_id", "L-1"}}}, {"properties", {{"mail", "INES@x.test"}, {"other", "MN"}}}};
  EXPECT_THAT(written_in(with, {{"email", {"old@x.test", "ines@x.test"}}, {"state", {"MN"}}}, *model, "crm"), ElementsAre(::testing::Pair("email", Json("ines@x.test"))))
      << "a short value counts only under its own name";
  EXPECT_THAT(written_in({{"state", "MN"}}, {{"state", {"MN"}}}, *model, "crm"), ::testing::SizeIs(1));
}

}  // namespace TEST_FILE
}  // namespace milepost::loans
